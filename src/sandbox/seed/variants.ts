import { type Field, type ModuleDef, parseFields } from "../schema.ts";
import { standardModules } from "./modules.ts";

const renamedModules: Readonly<Record<string, readonly [singular: string, plural: string]>> = {
  Contacts: ["Person", "People"],
  Accounts: ["Client", "Clients"],
  Pipelines: ["Opportunity", "Opportunities"],
  Tasks: ["To-do", "To-dos"],
};

const renamedFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Contacts: { Account_Name: "Client", Email: "Mail address" },
  Accounts: { Account_Name: "Client Name" },
  Pipelines: {
    Deal_Name: "Opportunity Name",
    Closing_Date: "Expected close",
    Amount: "Worth",
    Account_Name: "Client",
    Contact_Name: "Person",
  },
  Tasks: { Due_Date: "Deadline", Who_Id: "Person" },
};

const renamedOptions: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  Stage: new Map([
    ["Closed Won", "Won"],
    ["Closed Lost", "Lost"],
    ["Qualification", "Qualifying"],
  ]),
  Sub_Pipeline: new Map([["Renewals", "Renewal business"]]),
  Status: new Map([["Completed", "Done"]]),
  Priority: new Map([["Highest", "Urgent"]]),
};

const extraTypes = [
  "text 100",
  "textarea 32000",
  "integer 9",
  "double 16",
  "currency 16",
  "boolean 5",
  "date 20",
  "datetime",
  "picklist",
  "email 100",
  "phone 30",
  "website 450",
  "lookup",
];
const manyOptions = Array.from({ length: 40 }, (_, at) => `Choice number ${at + 1}`).join(", ");
/** Above the ids of all other fields. */
const firstExtraId = 6_001;

/** The modules of an organisation: the standard ones, optionally renamed or with extra custom fields. */
export function modulesOf(organisation: {
  renamed?: boolean;
  extraFields?: number;
}): readonly ModuleDef[] {
  const extended = standardModules.map((def) => withExtras(def, organisation.extraFields ?? 0));
  return organisation.renamed ? extended.map(rename) : extended;
}

function withExtras(def: ModuleDef, count: number): ModuleDef {
  if (count === 0 || !["Contacts", "Pipelines"].includes(def.api_name)) return def;
  const lines = Array.from({ length: count }, (_, at) => {
    const type = extraTypes[at % extraTypes.length] ?? "text 100";
    const extra = type === "picklist" ? manyOptions : type === "lookup" ? "Accounts" : "";
    return `Extra_Field_${at + 1} | | ${type} | custom | ${extra}`;
  });
  const offset = def.api_name === "Contacts" ? 0 : 1_000;
  return withFields(def, [...def.fields, ...parseFields(lines.join("\n"), firstExtraId + offset)]);
}

function rename(def: ModuleDef): ModuleDef {
  const [singular, plural] = renamedModules[def.api_name] ?? [def.singular, def.plural];
  const renamed = def.fields.map((field) => ({
    ...field,
    label: renamedFields[def.api_name]?.[field.api_name] ?? field.label,
    shown: renamedOptions[field.api_name] ?? field.shown,
  }));
  return { ...withFields(def, renamed), singular, plural };
}

function withFields(def: ModuleDef, fields: readonly Field[]): ModuleDef {
  return { ...def, fields, byName: new Map(fields.map((field) => [field.api_name, field])) };
}
