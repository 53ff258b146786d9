/** What is known of Bigin's own modules without asking: names, the columns a person would look at, mandatory fields. */
export interface StandardModule {
  apiName: string;
  /** Lower-case words by which people call it, besides its API name. */
  aliases: readonly string[];
  /** Shown when the caller names no fields. */
  columns: readonly string[];
  mandatory: readonly string[];
  /** What Bigin compares in an upsert that names no fields (bigin-api.md §1.6). */
  upsertField?: string;
}

/** bigin-api.md §2.3 and §2.4 (the official rules, not Maton's table, which is wrong for Pipelines). */
export const standardModules: readonly StandardModule[] = [
  {
    apiName: "Contacts",
    aliases: ["contact", "people", "person"],
    columns: ["Full_Name", "Email", "Phone", "Mobile", "Title", "Account_Name", "Owner"],
    mandatory: ["Last_Name"],
    upsertField: "Email",
  },
  {
    apiName: "Accounts",
    aliases: ["account", "company", "companies", "organisation", "organization"],
    columns: ["Account_Name", "Phone", "Website", "Billing_City", "Billing_Country", "Owner"],
    mandatory: ["Account_Name"],
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
    mandatory: ["Deal_Name", "Sub_Pipeline", "Stage"],
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
    mandatory: ["Product_Name"],
    upsertField: "Product_Name",
  },
  {
    apiName: "Tasks",
    aliases: ["task", "to-do", "to-dos", "todo", "todos"],
    columns: ["Subject", "Due_Date", "Status", "Priority", "Who_Id", "What_Id", "Owner"],
    mandatory: ["Subject"],
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
    mandatory: ["Event_Title", "Start_DateTime", "End_DateTime"],
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
    mandatory: ["Subject", "Call_Type", "Call_Start_Time", "Call_Duration"],
  },
  {
    apiName: "Notes",
    aliases: ["note"],
    columns: ["Note_Title", "Note_Content", "Parent_Id", "$se_module", "Created_Time", "Owner"],
    mandatory: ["Note_Content"],
  },
];

export function standardModule(apiName: string): StandardModule | undefined {
  return standardModules.find((module) => module.apiName === apiName);
}
