import { type Field, type ModuleDef, parseFields, type RelatedList } from "../schema.ts";
import type { Contract } from "../switches.ts";
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
  Tasks: { Due_Date: "Deadline", Who_Id: "Person", Contact_Name: "Person" },
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
  contract?: Contract;
  currencies?: boolean;
}): readonly ModuleDef[] {
  const { contract, extraFields = 0, renamed, currencies } = organisation;
  const paid = currencies ? standardModules.map(withCurrency) : standardModules;
  const standard = contract === "engine" ? paid.map(toEngine) : paid;
  const extended = standard.map((def) => withExtras(def, extraFields));
  return renamed ? extended.map(rename) : extended;
}

const activities = ["Tasks", "Events", "Calls"];
const engineNames: Readonly<Record<string, string>> = { Pipelines: "Deals" };
const engineLists: Readonly<Record<string, string>> = { Pipelines: "Deals", Calls: "All_Calls" };

/** Fields of activities by the names that the engine has for them. */
const engineActivityFields: Readonly<Record<string, string>> = {
  What_Id: "Related_To",
  Who_Id: "Contact_Name",
};

/** Types of the engine by module and field; without a module, of the field in every module. */
const engineTypes: Readonly<Record<string, Field["type"]>> = {
  "Tasks.Remind_At": "ALARM",
  "Events.Remind_At": "multireminder",
  Recurring_Activity: "RRULE",
  What_Id: "multi_module_lookup",
  Lead_Score: "bigint",
  "Associated_Products.Quantity": "decimal",
};

/** Fields of calls that live organisations do not have (docs/reference/bigin-api.md §2.3). */
const notInEngine: ReadonlySet<string> = new Set(["Call_Purpose", "Call_Result"]);

const engineExtras: Readonly<Record<string, string>> = {
  Accounts: "Backup_Owner | | userlookup | custom",
  Pipelines: `
Sales_Engineer | | userlookup | custom
Margin_Percent | | decimal 16 | custom
Expected_Revenue | | formula | custom system`,
};
/** Above the ids of all other fields. */
const firstEngineId = 9_001;

/** A module as the engine has it: its names, field types and the links of activities (docs/compatibility.md). */
function toEngine(def: ModuleDef): ModuleDef {
  const isActivity = activities.includes(def.api_name);
  const fields = def.fields
    .filter(({ api_name }) => !notInEngine.has(api_name))
    .map((field) => ({
      ...field,
      type:
        engineTypes[`${def.api_name}.${field.api_name}`] ??
        engineTypes[field.api_name] ??
        field.type,
      api_name: (isActivity && engineActivityFields[field.api_name]) || field.api_name,
    }));
  const extras = parseFields(engineExtras[def.api_name] ?? "", firstEngineId + def.sequence * 10);
  const field = def.openLookup?.field ?? "";
  const openLookup = isActivity
    ? { field: "Related_To", moduleKey: "$related_module" }
    : { field, moduleKey: undefined };
  return {
    ...withFields(def, [...fields, ...extras]),
    engineName: engineNames[def.api_name] ?? def.api_name,
    openLookup: def.openLookup && openLookup,
    related: def.related.map(toEngineList),
  };
}

function toEngineList(list: RelatedList): RelatedList {
  const { relation } = list;
  return {
    ...list,
    name: engineLists[list.module] ?? list.module,
    relation:
      relation.kind === "lookup" && activities.includes(list.module)
        ? { ...relation, field: engineActivityFields[relation.field] ?? relation.field }
        : relation,
  };
}

/** Organisations with several currencies have them on every record that has amounts. */
function withCurrency(def: ModuleDef): ModuleDef {
  if (def.generated === "subform" || !def.fields.some(({ type }) => type === "currency"))
    return def;
  const table = `
Currency | | picklist | initial | USD, EUR, GBP
Exchange_Rate | | double 16 | system`;
  return withFields(def, [
    ...def.fields,
    ...parseFields(table, firstEngineId + def.sequence * 10 + 5),
  ]);
}

function withExtras(def: ModuleDef, count: number): ModuleDef {
  if (count === 0 || !["Contacts", "Pipelines"].includes(def.api_name)) return def;
  const lines = Array.from({ length: count }, (_, at) => {
    const usual = extraTypes[at % extraTypes.length] ?? "text 100";
    // One field more than there are usual types: the last can have several options.
    const isLast = count === extraTypes.length + 1 && at === extraTypes.length;
    const type = isLast ? "multiselectpicklist" : usual;
    const extra = type.endsWith("picklist") ? manyOptions : type === "lookup" ? "Accounts" : "";
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
