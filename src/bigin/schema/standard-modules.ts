import { typeOf } from "../field-types.ts";
import { type Field, fieldsNamed, type Schema } from "./fields.ts";

/** What is known of one of Bigin's own modules without a request. */
export interface StandardModule {
  apiName: string;
  /** Other words for it, in lower case. */
  aliases: readonly string[];
  /** The fields shown if the caller names none. */
  columns: readonly string[];
  /** The field that an upsert compares by default (docs/reference/bigin-api.md §1.6). */
  upsertField?: string;
}

export const standardModules: readonly StandardModule[] = [
  {
    apiName: "Contacts",
    aliases: ["contact", "people", "person"],
    columns: ["Full_Name", "Email", "Phone", "Mobile", "Title", "Account_Name", "Owner"],
    upsertField: "Email",
  },
  {
    apiName: "Accounts",
    aliases: ["account", "company", "companies", "organisation", "organization"],
    columns: ["Account_Name", "Phone", "Website", "Billing_City", "Billing_Country", "Owner"],
    upsertField: "Account_Name",
  },
  {
    apiName: "Pipelines",
    aliases: ["pipeline", "deal", "deals", "opportunity", "opportunities"],
    columns: [
      "Deal_Name",
      "Amount",
      "Sub_Pipeline",
      "Stage",
      "Closing_Date",
      "Account_Name",
      "Contact_Name",
      "Owner",
    ],
    upsertField: "Deal_Name",
  },
  {
    apiName: "Products",
    aliases: ["product"],
    columns: [
      "Product_Name",
      "Product_Code",
      "Product_Category",
      "Unit_Price",
      "Product_Active",
      "Owner",
    ],
    upsertField: "Product_Name",
  },
  {
    apiName: "Tasks",
    aliases: ["task", "to-do", "to-dos", "todo", "todos"],
    columns: ["Subject", "Due_Date", "Status", "Priority", "Who_Id", "What_Id", "Owner"],
  },
  {
    apiName: "Events",
    aliases: ["event", "meeting", "meetings", "appointment", "appointments"],
    columns: [
      "Event_Title",
      "Start_DateTime",
      "End_DateTime",
      "Venue",
      "Who_Id",
      "What_Id",
      "Owner",
    ],
  },
  {
    apiName: "Calls",
    aliases: ["call", "phone call", "phone calls"],
    columns: [
      "Subject",
      "Call_Type",
      "Call_Start_Time",
      "Call_Duration",
      "Who_Id",
      "What_Id",
      "Owner",
    ],
  },
  {
    apiName: "Notes",
    aliases: ["note"],
    columns: ["Note_Title", "Note_Content", "Parent_Id", "$se_module", "Created_Time", "Owner"],
  },
];

export function standardModule(apiName: string): StandardModule | undefined {
  return standardModules.find((module) => module.apiName === apiName);
}

/** Attachments are not a module: they belong to records. */
const attachmentColumns = ["File_Name", "Size", "Created_Time", "Owner"];
const columnsOfOwnModules = 7;

/** The fields shown if the caller names none: those a person would look at. */
export function defaultColumns(schema: Schema): readonly string[] {
  const standard =
    schema.module === "Attachments" ? attachmentColumns : standardModule(schema.module)?.columns;
  if (standard)
    return standard.flatMap((name) => {
      const [field] = fieldsNamed(schema, name);
      return field ? [field.apiName] : schema.checked && !name.startsWith("$") ? [] : [name];
    });
  const useful = schema.fields.filter((field) => typeOf(field).isColumn);
  return useful
    .toSorted((a, b) => weight(a) - weight(b))
    .slice(0, columnsOfOwnModules)
    .map((field) => field.apiName);
}

/**
 * Sorts the name first, then the organisation's own fields, then the fields that say who changed the record and when.
 */
function weight(field: Field): number {
  if (field.display) return 0;
  return /^(Created|Modified|Last_Activity|Tag$)/.test(field.apiName) ? 2 : 1;
}
