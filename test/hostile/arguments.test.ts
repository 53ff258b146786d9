import fc from "fast-check";
import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { everyToolset } from "../support/examples.ts";
import { where } from "../support/reads.ts";
import { table } from "../support/replies.ts";
import { argumentsFor, type Schema, sensibleIn } from "./calls.ts";
import { internals, nested } from "./wild.ts";

const runs = 15;
const catalogue = createCatalogue(tools, { readOnly: false, toolsets: everyToolset })
  .list()
  .map(({ name, inputSchema }) => ({ name, schema: inputSchema as Schema }));

type Connected = Awaited<ReturnType<typeof connect>>;

/** Throws unless the server still works. */
async function expectAlive({ call }: Connected) {
  const reply = await call.list("Contacts", { per_page: 1 });
  expect(table(reply).rows).toHaveLength(1);
}

test.each(catalogue)("$name takes any arguments without a bug", async ({ name, schema }) => {
  const connected = await connect({ toolsets: everyToolset });
  const { client, sandbox } = connected;
  const sensible = sensibleIn(sandbox);
  // A tool may delete a connection, and then nothing works any more.
  const { connection_id: _, ...others } = sensible;
  const isOfAccount = tools.some((tool) => tool.name === name && tool.scope === "account");
  const pool = isOfAccount ? others : sensible;
  await fc.assert(
    fc.asyncProperty(argumentsFor(schema, pool), async (given) => {
      const args = isCall(given) ? { ...given } : {};
      if (typeof args["wait_seconds"] === "number") args["wait_seconds"] = 0;
      const { isError, content } = await client.callTool({ name, arguments: args });
      if (isError) expect(JSON.stringify(content)).not.toMatch(internals);
    }),
    { numRuns: runs },
  );
  await expectAlive(connected);
});

function isCall(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const texts: [string, unknown][] = [
  ["ten megabytes", "x".repeat(10_000_000)],
  ["ten megabytes of a name nearly right", "Contatcs ".repeat(1_000_000)],
  ["a list 10,000 deep", nested(10_000, (inner) => [inner])],
  ["an object 10,000 deep", nested(10_000, (inner) => ({ id: inner }))],
  ["JSON text 10,000 deep", "[".repeat(10_000) + "]".repeat(10_000)],
];
const places: [string, (value: unknown) => Record<string, unknown>][] = [
  ["bigin_list_records", (module) => ({ module })],
  ["bigin_list_records", (value) => ({ module: "Contacts", fields: [value] })],
  ["bigin_list_records", (value) => ({ module: "Contacts", other: value })],
  ["bigin_search_records", (word) => ({ module: "Contacts", criteria: word })],
  ["bigin_search_records", (value) => search("Owner", value)],
  ["bigin_create_records", (records) => ({ module: "Contacts", records })],
  ["bigin_create_records", (value) => row("Account_Name", value)],
  ["bigin_create_records", (value) => row("Owner", value)],
  ["bigin_create_records", (value) => row("no such field", value)],
  ["bigin_undo_write", (write_id) => ({ write_id })],
];

const search = (field: string, value: unknown) => ({
  module: "Contacts",
  ...where(field, "in", value),
});
const row = (name: string, value: unknown) => ({
  module: "Contacts",
  records: [{ Last_Name: "Novak", [name]: value }],
});

test.each(texts)("%s is refused in any place, and nothing is written", async (_, value) => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const before = sandbox.store.records("Contacts").size;
  for (const [tool, args] of places) {
    const problem = await fail(tool, args(value));
    expect(problem).toMatch(/^Not done: \S/);
    expect(problem).not.toMatch(internals);
    expect(problem.length).toBeLessThan(2500);
  }
  expect(sandbox.store.records("Contacts").size).toBe(before);
  await expectAlive(connected);
});

test.each(catalogue)(
  "$name refuses a text of ten megabytes and a nesting of 10,000 levels in any argument",
  async ({ name, schema }) => {
    const connected = await connect({ toolsets: everyToolset });
    const { fail, sent } = connected;
    for (const [, value] of texts)
      for (const argument of [...Object.keys(schema.properties ?? {}), "other"]) {
        const problem = await fail(name, { [argument]: value });
        expect(problem).toMatch(/^Not done: \S/);
        expect(problem).not.toMatch(internals);
        expect(problem.length).toBeLessThan(2500);
      }
    expect(sent.filter(({ method }) => method !== "GET")).toEqual([]);
    await expectAlive(connected);
  },
);

test("the error about a tool name of ten megabytes is one sentence", async () => {
  const { client } = await connect();
  const error: Error = await client
    .callTool({ name: "bigin_list_record".repeat(600_000), arguments: {} })
    .then(
      () => new Error("it was found"),
      (refused) => refused,
    );
  expect(error.message).toMatch(/There is no tool "bigin_list_record/);
  expect(error.message.length).toBeLessThan(300);
});

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 1]));

test.each<[string, string, Record<string, unknown>, RegExp]>([
  ["200,000 unknown arguments", "bigin_list_records", many(200_000), /200000 names/],
  [
    "900 unknown arguments",
    "bigin_list_records",
    { module: "Contacts", ...many(900) },
    /has no argument "k0".*And 897 more/,
  ],
  [
    "200,000 fields of a row",
    "bigin_create_records",
    { module: "Contacts", records: [many(200_000)] },
    /200000 names/,
  ],
  [
    "50,000 unknown fields in 500 rows",
    "bigin_create_records",
    { module: "Contacts", records: Array.from({ length: 500 }, () => many(100)) },
    /no field "k0".*The last 400 rows were not checked\./,
  ],
  [
    "50,000 texts that are not ids",
    "bigin_delete_records",
    { module: "Contacts", ids: Array.from({ length: 50_000 }, () => "x") },
    /more than 500 items/,
  ],
  [
    "50,000 values of a filter",
    "bigin_search_records",
    search("Created_Time", "a,".repeat(49_000)),
    /49000 values; at most 500/,
  ],
  [
    "a long name that no record has",
    "bigin_create_records",
    row("Account_Name", "(".repeat(90_000)),
    /No record in Accounts is called "\(+…/,
  ],
])("%s are refused in one sentence", async (_, tool, args, sentence) => {
  const { fail } = await connect();
  expect(await fail(tool, args)).toMatch(sentence);
});

test("half of a surrogate pair is searched for like any other text", async () => {
  const { call } = await connect();
  for (const selector of ["word", "email", "phone"])
    expect(await call.search("Contacts", { [selector]: "zq\ud800" })).toMatchObject({ rows: [] });
});
