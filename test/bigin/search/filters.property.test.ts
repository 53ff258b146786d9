import * as fc from "fast-check";
import { expect, test } from "vitest";
import { zone } from "../../../src/sandbox/time.ts";
import { connect } from "../../support/connect.ts";
import { column } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

type Stored = Readonly<Record<string, unknown>>;
type Value = string | number;

/** A value in a form in which equal values are equal; undefined for an empty one. */
type Form = (stored: unknown) => Value | undefined;

const localDay = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" });
const part = (stored: unknown, name: string) =>
  typeof stored === "object" && stored !== null ? Reflect.get(stored, name) : undefined;

const forms = {
  text: (stored) => (typeof stored === "string" ? stored.toLowerCase() : undefined),
  // The engine stores some numbers as text.
  number: (stored) => (stored === null || stored === undefined ? undefined : Number(stored)),
  day: (stored) => (typeof stored === "string" ? stored : undefined),
  time: (stored) => (typeof stored === "string" ? localDay.format(new Date(stored)) : undefined),
  record: (stored) => part(stored, "id"),
  name: (stored) => part(stored, "name")?.toLowerCase(),
} as const satisfies Record<string, Form>;

/** What the operators mean for a value, an empty one aside. */
const meanings: Readonly<Record<string, (own: Value, given: readonly Value[]) => boolean>> = {
  equals: (own, given) => given.includes(own),
  in: (own, given) => given.includes(own),
  not_equal: (own, given) => !given.includes(own),
  not_in: (own, given) => !given.includes(own),
  is_empty: () => false,
  is_not_empty: () => true,
  starts_with: (own, [start = ""]) => String(own).startsWith(String(start)),
  contains: (own, [some = ""]) => String(own).includes(String(some)),
  greater_than: (own, [limit = own]) => own > limit,
  greater_equal: (own, [limit = own]) => own >= limit,
  less_than: (own, [limit = own]) => own < limit,
  less_equal: (own, [limit = own]) => own <= limit,
  between: (own, [low = own, high = low]) => own >= low && own <= high,
};
const metByEmpty = ["is_empty", "not_equal", "not_in"];
const withoutValue = ["is_empty", "is_not_empty"];
const withSeveral = ["in", "not_in", "between"];
const sets = ["equals", "not_equal", "in", "not_in", ...withoutValue];
const orders = ["greater_than", "greater_equal", "less_than", "less_equal", "between"];

interface Subject {
  module: string;
  field: string;
  form: keyof typeof forms;
  operators: readonly string[];
}

const subjects = [
  ["Contacts", "Last_Name", "text", [...sets, "starts_with", "contains"]],
  ["Contacts", "Title", "text", [...sets, "starts_with", "contains"]],
  ["Contacts", "Lead_Score", "number", [...sets, ...orders]],
  ["Contacts", "Created_Time", "time", [...sets, ...orders]],
  ["Contacts", "Account_Name", "record", sets],
  ["Contacts", "Account_Name", "name", ["starts_with", "contains"]],
  ["Accounts", "Account_Name", "text", [...sets, "starts_with", "contains"]],
  ["Accounts", "Billing_City", "text", [...sets, "starts_with", "contains"]],
  ["Accounts", "Industry_Segment", "text", sets],
  ["Accounts", "Owner", "record", sets],
  ["Pipelines", "Deal_Name", "text", [...sets, "starts_with", "contains"]],
  ["Pipelines", "Stage", "text", sets],
  ["Pipelines", "Amount", "number", [...sets, ...orders]],
  ["Pipelines", "Closing_Date", "day", [...sets, ...orders]],
  ["Pipelines", "Contact_Name", "name", ["starts_with", "contains"]],
  ["Events", "Event_Title", "text", [...sets, "starts_with", "contains"]],
  ["Events", "Start_DateTime", "time", [...sets, ...orders]],
].map(([module, field, form, operators]) => ({ module, field, form, operators }) as Subject);

/** A condition as a caller gives it. */
interface Condition extends Subject {
  op: string;
  given: string[];
}

type Tree = Condition | { word: "and" | "or"; parts: Tree[] };

function holds(tree: Tree, record: Stored): boolean {
  if ("parts" in tree) {
    const hold = (one: Tree) => holds(one, record);
    return tree.word === "and" ? tree.parts.every(hold) : tree.parts.some(hold);
  }
  const own = forms[tree.form](record[tree.field]);
  if (own === undefined) return metByEmpty.includes(tree.op);
  return meanings[tree.op]?.(own, tree.given.map(valueFor(tree))) ?? false;
}

function valueFor({ form }: Subject): (given: string) => Value {
  return (given) => (form === "number" ? Number(given) : given.toLowerCase());
}

/** The ways in which a caller can give a stored value, and values that are close to it. */
function waysToGive({ form }: Subject, stored: unknown): string[] {
  const own = forms[form](stored);
  if (own === undefined) return [];
  if (form !== "text" || typeof stored !== "string") return [String(own)];
  return [stored, stored.toUpperCase()];
}

function partsToGive({ form }: Subject, stored: unknown): string[] {
  const own = String(forms[form](stored) ?? "");
  return [own.slice(0, 4), own.split(" ").at(-1) ?? "", own].map((one) => one.trim());
}

function conditionOn(subject: Subject, records: readonly Stored[]): fc.Arbitrary<Condition> {
  const stored = records.map((record) => record[subject.field]);
  const whole = distinct(stored.flatMap((one) => waysToGive(subject, one)));
  const pieces = distinct(stored.flatMap((one) => partsToGive(subject, one)));
  return fc.constantFrom(...subject.operators).chain((op) => {
    const isPart = ["starts_with", "contains"].includes(op);
    const values = fc.constantFrom(...(isPart ? pieces : whole));
    const [least, most] = withoutValue.includes(op)
      ? [0, 0]
      : op === "between"
        ? [2, 2]
        : [1, withSeveral.includes(op) ? 5 : 1];
    return fc.array(values, { minLength: least, maxLength: most }).map((given) => ({
      ...subject,
      op,
      given: op === "between" ? inOrder(subject, given) : given,
    }));
  });
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].filter((one) => one !== "");
}

function inOrder(subject: Subject, given: readonly string[]): string[] {
  const value = valueFor(subject);
  return given.toSorted((a, b) => (value(a) < value(b) ? -1 : 1));
}

function treeOf(conditions: fc.Arbitrary<Condition>): fc.Arbitrary<Tree> {
  const { tree } = fc.letrec<{ tree: Tree; group: Tree }>((tie) => ({
    group: fc.record({
      word: fc.constantFrom("and" as const, "or" as const),
      parts: fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
    }),
    tree: fc.oneof({ maxDepth: 3, depthSize: "small" }, conditions, tie("group")),
  }));
  return tree;
}

function criteriaOf(tree: Tree): string {
  if ("parts" in tree) return `(${tree.parts.map(criteriaOf).join(tree.word)})`;
  const escaped = tree.given.map((value) => value.replace(/[\\(),]/g, "\\$&"));
  return `(${tree.field}:${tree.op}:${escaped.join(",")})`;
}

function filterOf({ field, op, given }: Condition) {
  if (withoutValue.includes(op)) return { field, op };
  return { field, op, value: withSeveral.includes(op) ? JSON.stringify(given) : given[0] };
}

const odd = [
  "VP, Sales (EMEA)",
  "vp, sales (emea)",
  "C:\\ops\\lead",
  "Geschäftsführerin",
  "R&D; 2nd",
];
const options = { replyTokens: 200_000 };

async function twoClients() {
  const narrowed = await connect(options);
  const rows = odd.map((Title, at) => ({ Last_Name: `O'Dd (${at}), jr`, Title }));
  await seed(narrowed.sandbox, "Contacts", rows);
  const scanning = await connect(options);
  await seed(scanning.sandbox, "Contacts", rows);
  const does = status(400, { code: "INVALID_QUERY" });
  scanning.sandbox.addFault({ path: /\/search$/, times: Number.POSITIVE_INFINITY, does });
  return { narrowed, scanning };
}

const { narrowed, scanning } = await twoClients();
const modules = [...new Set(subjects.map(({ module }) => module))];

function stored({ sandbox }: typeof narrowed, module: string): Stored[] {
  return recordsIn(sandbox, module);
}

function conditions(module: string): fc.Arbitrary<Condition> {
  const ours = subjects.filter((subject) => subject.module === module);
  return fc.oneof(...ours.map((subject) => conditionOn(subject, stored(narrowed, module))));
}

/** Both clients return exactly the records that meet the tree. */
async function expectSame(module: string, tree: Tree, args: object): Promise<void> {
  for (const connected of [narrowed, scanning]) {
    const search = { module, ...args, fields: ["id"], per_page: 200 };
    const reply = await connected.call("bigin_search_records", search);
    const expected = stored(connected, module).filter((record) => holds(tree, record));
    const ids = expected.map(({ id }) => id).toSorted();
    expect(column(reply, "id").toSorted()).toEqual(ids);
    expect(reply["total"]).toBe(ids.length);
  }
}

test.each(modules)("filters on %s find what brute force finds", async (module) => {
  const lists = fc.array(conditions(module), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(lists, fc.constantFrom("all", "any"), async (parts, match) => {
      const tree: Tree = { word: match === "all" ? "and" : "or", parts };
      await expectSame(module, tree, { filters: parts.map(filterOf), match });
    }),
    { numRuns: 15 },
  );
});

test.each(modules)("criteria on %s find what brute force finds, however nested", async (module) => {
  await fc.assert(
    fc.asyncProperty(treeOf(conditions(module)), async (tree) => {
      await expectSame(module, tree, { criteria: criteriaOf(tree) });
    }),
    { numRuns: 15 },
  );
});

test("one client was narrowed by Bigin's search, and the other read the modules", () => {
  const searched = narrowed.sent.filter(({ url }) => url.pathname.endsWith("/search"));
  const listed = scanning.sent.filter(({ url }) => /\/(Contacts|Events)$/.test(url.pathname));
  expect(searched.length).toBeGreaterThan(20);
  expect(listed.length).toBeGreaterThan(20);
});
