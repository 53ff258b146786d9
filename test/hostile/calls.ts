import fc from "fast-check";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { examples, filled, idsIn } from "../support/examples.ts";
import { loadedNames, wild, withKey } from "./wild.ts";

/** The keywords of JSON Schema that our tools use. */
export interface Schema {
  type?: string;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** Values that an agent might send, by the name of the argument. */
export type Sensible = Readonly<Record<string, readonly unknown[]>>;

const modules = ["Contacts", "companies", "deals", "Tasks", "Events", "Notes", "Products", "Calls"];
const fields = "Last_Name name Email Owner Amount Stage Created_Time Tag id".split(" ");
const operators = ["equals", "not_equal", "in", "not_in", "contains", "between", "greater_than"];

/**
 * Values that fit the sandbox, and those of the tools' own examples. Without them no random call would pass the first
 * check.
 */
export function sensibleIn(sandbox: Sandbox): Sensible {
  const { store } = sandbox;
  const someOf = (module: string) => [...store.records(module).keys()].slice(0, 8);
  const ids = ["Contacts", "Accounts", "Pipelines", "Tasks"].flatMap(someOf);
  return {
    ...valuesOfExamples(sandbox),
    module: modules,
    id: [...ids, "7618134000009999999"],
    ids,
    fields,
    field: fields,
    sort_by: [...fields, "amount desc"],
    sort_order: ["asc", "desc"],
    group_by: fields,
    op: [...operators, "is_empty", "starts_with"],
    value: ["a", "10", "this month", "a,b", "2026-01-01,2026-12-31", "[1,2]"],
    match: ["all", "any"],
    related_list: ["Contacts", "Deals", "notes", "Products", "Tasks"],
    criteria: ["((Last_Name:equals:a)or(Email:contains:b))", "(Amount:between:1,5)"],
    duplicate_check_fields: ["Email", "Account_Name"],
    write_id: ["w1", "w2", "w3"],
    if_unmodified_since: ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00+02:00"],
    idempotency_key: ["k"],
    connection_id: [...store.connections().values()]
      .filter(({ status }) => status === "ACTIVE")
      .map((one) => one.connection_id),
  };
}

/** Every text of every example, by the name of its argument. */
function valuesOfExamples(sandbox: Sandbox): Sensible {
  const values = new Map<string, unknown[]>();
  const collect = (value: unknown, name: string): void => {
    if (typeof value === "string") values.set(name, [...(values.get(name) ?? []), value]);
    else if (Array.isArray(value)) for (const item of value) collect(item, name);
    else if (typeof value === "object" && value !== null)
      for (const [key, item] of Object.entries(value)) collect(item, key);
  };
  for (const example of examples) collect(filled(example, { ...idsIn(sandbox), write: "w1" }), "");
  return Object.fromEntries(values);
}

/** Mostly valid arguments for an advertised schema: sensible values, and a few wild ones. */
function meantFor(schema: Schema, sensible: Sensible, name = ""): fc.Arbitrary<unknown> {
  const known = sensible[name];
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case "array":
      return fc.array(meantFor(schema.items ?? {}, sensible, name), { minLength: 1, maxLength: 4 });
    case "object":
      return objectFor(schema, sensible, name === "records");
    case "integer":
      return fc.oneof({ arbitrary: fc.integer({ min: 1, max: 5 }), weight: 3 }, fc.integer());
    case "boolean":
      return fc.boolean();
    default: {
      const sane = known ? fc.constantFrom(...known) : fc.string();
      return fc.oneof({ arbitrary: sane, weight: 30 }, { arbitrary: wild, weight: 1 });
    }
  }
}

function objectFor(schema: Schema, sensible: Sensible, isRow: boolean): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  const declared = fc
    .subarray(optional, { maxLength: Math.min(3, optional.length) })
    .chain((chosen) => {
      const entries = [...required, ...chosen].map(
        (name) => [name, meantFor(properties[name] ?? {}, sensible, name)] as const,
      );
      return fc.record<Record<string, unknown>>(Object.fromEntries(entries));
    });
  if (!isRow) return declared;
  const free = fc.dictionary(
    fc.oneof(fc.constantFrom(...rowKeys), fc.string({ maxLength: 12 })),
    fc.oneof(fc.constantFrom<unknown>(...rowValues), wild),
    { maxKeys: 6 },
  );
  return fc.tuple(declared, free).map(([own, others]) => ({ ...own, ...others }));
}

const rowKeys = `
  Last_Name Account_Name Email Owner Tag Amount Stage Sub_Pipeline Deal_Name Closing_Date Contact_Name
  Secondary_Contacts Layout Pipeline Note_Content Parent_Id $se_module Subject Due_Date Start_DateTime
  Product_Name Unit_Price Description Email_Opt_Out Remind_At What_Id`
  .trim()
  .split(/\s+/);
const rowValues = [
  "Novak",
  "a@example.com",
  "Contacts",
  "Sales Pipeline",
  "Qualification",
  "tomorrow",
  "12",
  true,
  12.5,
  null,
  ["a", "b"],
  { id: "7618134000009999999" },
  { name: "x" },
  [{ name: "y" }],
];

/** Arguments with one fault: another value, a property with a loaded name, an unknown property. */
function corrupted(args: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const dice = fc.array(fc.nat(97), { minLength: 12, maxLength: 12 });
  return fc
    .tuple(args, dice, wild, fc.string({ maxLength: 8 }))
    .map(([value, dots, poison, key]) => {
      const left = [...dots];
      return spoiled(value, () => left.pop() ?? 0, poison, key);
    });
}

function spoiled(value: unknown, roll: () => number, poison: unknown, key: string): unknown {
  const way = roll() % 6;
  if (typeof value !== "object" || value === null || way === 0) return poison;
  if (Array.isArray(value)) {
    const at = roll() % Math.max(1, value.length);
    return value.map((item, place) => (place === at ? spoiled(item, roll, poison, key) : item));
  }
  const entries = Object.entries(value);
  if (way === 1 || entries.length === 0)
    return Object.assign(withKey("__proto__", poison) as object, value);
  if (way === 2) return { ...value, [key]: poison };
  const at = roll() % entries.length;
  return Object.fromEntries(
    entries.map(([name, item], place) => [
      name,
      place === at ? spoiled(item, roll, poison, key) : item,
    ]),
  );
}

/** Rows that the modules accept. */
const whole: readonly Record<string, unknown>[] = [
  { module: "Contacts", records: [{ Last_Name: "Novak" }] },
  { module: "companies", records: [{ Account_Name: "Novak Ltd" }] },
  { module: "products", records: [{ Product_Name: "Lamp" }] },
  { module: "Tasks", records: [{ Subject: "Ring" }] },
  {
    module: "Events",
    records: [
      {
        Event_Title: "Talk",
        Start_DateTime: "tomorrow at 9 am",
        End_DateTime: "tomorrow at 10 am",
      },
    ],
  },
  {
    module: "deals",
    records: [
      { Deal_Name: "Lamps", Sub_Pipeline: "Sales Pipeline Standard", Stage: "Qualification" },
    ],
  },
];

/** Rows with at most one bad value. Without them no bad value would pass the checks of rows. */
function nearlyGoodRows(sensible: Sensible): fc.Arbitrary<unknown> {
  const key = fc.oneof(fc.constantFrom(...rowKeys), fc.constantFrom(...loadedNames));
  const value = fc.oneof(fc.constantFrom<unknown>(...rowValues), wild);
  const id = fc.option(fc.constantFrom(...(sensible["ids"] ?? [])), { nil: undefined });
  return fc.tuple(fc.constantFrom(...whole), key, value, id).map(([call, name, poison, known]) => ({
    ...call,
    records: [call["records"]]
      .flat()
      .map((row) =>
        Object.assign(
          withKey(name, poison) as object,
          row,
          known === undefined ? {} : { id: known },
        ),
      ),
  }));
}

/** Arguments for a tool's schema: valid ones, ones with a fault, and noise. */
export function argumentsFor(schema: Schema, sensible: Sensible): fc.Arbitrary<unknown> {
  const meant = meantFor(schema, sensible);
  return fc.oneof(
    { arbitrary: meant, weight: 4 },
    ...("records" in (schema.properties ?? {})
      ? [{ arbitrary: nearlyGoodRows(sensible), weight: 4 }]
      : []),
    { arbitrary: corrupted(meant), weight: 4 },
    { arbitrary: fc.dictionary(fc.string(), wild, { maxKeys: 4 }), weight: 1 },
  );
}
