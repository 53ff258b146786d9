import {
  type Field,
  type ModuleDef,
  type OpenLookup,
  orgId,
  parseFields,
  type RelatedList,
  type ViewRule,
} from "../schema.ts";
import * as fields from "./fields.ts";
import { lostStages, wonStages } from "./pipelines.ts";

/** The differences of a module from a plain one. */
type Given = Partial<Omit<ModuleDef, "fields" | "views">> &
  Pick<ModuleDef, "api_name" | "singular" | "plural"> & {
    table: string;
    rules?: Record<string, ViewRule[]>;
  };

const notes: RelatedList = { name: "Notes", module: "Notes", relation: { kind: "notes" } };

function byLookup(module: string, field: string): RelatedList {
  return { name: module, module, relation: { kind: "lookup", field } };
}

function activities(field: string): RelatedList[] {
  return ["Tasks", "Events", "Calls"].map((module) => byLookup(module, field));
}

function linked(module: string): RelatedList {
  return { name: module, module, relation: { kind: "link" } };
}

function rows(module: string, field: string, key: string): RelatedList {
  return { name: module, module, relation: { kind: "rows", owner: "Pipelines", field, key } };
}

const mine: ViewRule = { field: "Owner", op: "is", value: "$ME" };
const open: ViewRule[] = [...wonStages, ...lostStages].map((value) => ({
  field: "Stage",
  op: "not",
  value,
}));
const unfinished: ViewRule = { field: "Status", op: "not", value: "Completed" };

const given: readonly Given[] = [
  {
    api_name: "Contacts",
    singular: "Contact",
    plural: "Contacts",
    table: fields.contactFields,
    entry: "Last_Name",
    upsertKeys: ["Email"],
    related: [
      byLookup("Pipelines", "Contact_Name"),
      linked("Products"),
      notes,
      ...activities("Who_Id"),
    ],
  },
  {
    api_name: "Accounts",
    singular: "Company",
    plural: "Companies",
    table: fields.accountFields,
    upsertKeys: ["Account_Name"],
    related: [
      byLookup("Contacts", "Account_Name"),
      byLookup("Pipelines", "Account_Name"),
      notes,
      ...activities("What_Id"),
      byLookup("Service_Contracts", "Account_Name"),
    ],
  },
  {
    api_name: "Pipelines",
    singular: "Pipeline",
    plural: "Pipelines",
    table: fields.pipelineFields,
    upsertKeys: ["Deal_Name"],
    related: [
      rows("Products", "Associated_Products", "Product"),
      rows("Contacts", "Secondary_Contacts", "Secondary_Contacts"),
      notes,
      ...activities("What_Id"),
    ],
    rules: {
      "My open deals": [mine, ...open],
      "Open deals": open,
      "Closing this month": [{ field: "Closing_Date", op: "between", value: "$MONTH" }],
    },
  },
  {
    api_name: "Tasks",
    singular: "Task",
    plural: "Tasks",
    table: fields.taskFields,
    rules: {
      "My open tasks": [mine, unfinished],
      "Overdue tasks": [unfinished, { field: "Due_Date", op: "before", value: "$TODAY" }],
    },
  },
  { api_name: "Events", singular: "Event", plural: "Events", table: fields.eventFields },
  { api_name: "Calls", singular: "Call", plural: "Calls", table: fields.callFields },
  {
    api_name: "Products",
    singular: "Product",
    plural: "Products",
    table: fields.productFields,
    upsertKeys: ["Product_Name"],
    related: [rows("Pipelines", "Associated_Products", "Product"), linked("Contacts"), notes],
  },
  {
    api_name: "Social",
    singular: "Social",
    plural: "Social",
    table: "",
    supported: false,
    editable: false,
  },
  {
    api_name: "Associated_Products",
    module_name: "LinkingModule1",
    singular: "Associated Products",
    plural: "Associated Products",
    generated: "subform",
    parent: "Pipelines",
    hasRecords: false,
    table: fields.associatedProductFields,
  },
  {
    api_name: "Notes",
    singular: "Note",
    plural: "Notes",
    table: fields.noteFields,
    visible: false,
  },
  {
    api_name: "Attachments",
    singular: "Attachment",
    plural: "Attachments",
    table: fields.attachmentFields,
    visible: false,
    editable: false,
    hasRecords: false,
  },
  {
    api_name: "Service_Contracts",
    module_name: "CustomModule1",
    singular: "Service Contract",
    plural: "Service Contracts",
    generated: "custom",
    table: fields.serviceContractFields,
    related: [notes],
    rules: { "Active contracts": [{ field: "Status", op: "is", value: "Active" }] },
  },
];

function complete({ table, rules = {}, ...rest }: Given, index: number): ModuleDef {
  const list = parseFields(table, 3_001 + index * 100);
  const display = list.find((field) => field.flags.has("display"))?.api_name ?? "id";
  const hasOwner = list.some((field) => field.api_name === "Owner");
  const named: [string, ViewRule[]][] = [[`All ${rest.plural}`, []]];
  if (hasOwner) named.push([`My ${rest.plural}`, [mine]]);
  named.push(...Object.entries(rules));
  return {
    id: orgId(2_175 + index * 2),
    module_name: rest.api_name,
    engineName: rest.api_name,
    sequence: index + 3,
    generated: "default",
    parent: undefined,
    visible: true,
    supported: true,
    editable: true,
    hasRecords: true,
    display,
    entry: display,
    upsertKeys: [],
    related: [],
    openLookup: openLookupOf(list),
    layoutId: orgId(91_001 + index),
    ...rest,
    fields: list,
    byName: new Map(list.map((field) => [field.api_name, field])),
    views: named.map(([name, viewRules], n) => ({
      id: orgId(88_001 + index * 20 + n),
      name,
      rules: viewRules,
    })),
  };
}

function openLookupOf(fields: readonly Field[]): OpenLookup | undefined {
  const field = fields.find((one) => one.target === "*")?.api_name;
  return field === undefined ? undefined : { field, moduleKey: "$se_module" };
}

export const standardModules: readonly ModuleDef[] = given.map(complete);
