import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { where } from "../support/reads.ts";
import { recordsIn } from "../support/writes.ts";

type Args = Record<string, unknown>;

const id = "7618134000000632028";
const contacts = { module: "Contacts" };

type Faulty = [tool: string, args: Args, fault: RegExp];

/** Faults in the arguments of a call that lists contacts. */
const faultyLists: [args: Args, fault: RegExp][] = [
  [{ pge: 1 }, /bigin_list_records has no argument "pge"\. Did you mean "page"\?/],
  [{ page: "2" }, /"page" must be a number, not "2"\./],
  [{ page: 1.5 }, /"page".*whole number.*1\.5/],
  [{ per_page: 500 }, /"per_page" must be at most 200, not 500\./],
  [{ page: 5000 }, /"page".*at most 2000/],
  [{ page: 11, per_page: 200 }, /Page 11 with 200.*2000.*page_token/],
  [{ page: 1, page_token: "x" }, /page or page_token, not both/],
  [{ page_token: "" }, /"page_token" is empty/],
  [{ fields: "First_Name" }, /"fields" must be a JSON array, not "First_Name"\./],
  [{ sort_by: "id", sort_order: "up" }, /"sort_order" must be asc or desc\./],
  [{ sort_order: "asc" }, /sort_order needs sort_by/],
  [{ module: undefined }, /"module" is missing; it must be text in quotes\./],
  [{ module: "Contatcs" }, /no module "Contatcs".*Did you mean "Contacts"\?/],
  [{ module: "Social" }, /does not offer.*"Social"/],
];

/** Faults in the arguments of a search of contacts. */
const faultySearches: [args: Args, fault: RegExp][] = [
  [{}, /one of filters, criteria, email, phone and word.*bigin_list_records/],
  ...["email", "phone", "word", "criteria"].map((name): [Args, RegExp] => [
    { [name]: " " },
    /one of filters, criteria/,
  ]),
  [{ word: "a", email: "b" }, /only one of email and word/],
  [{ word: " x " }, /word must have two characters/],
];

const [create, update, get] = ["create_records", "update_records", "get_record"].map(
  (name) => `bigin_${name}`,
) as [string, string, string];
const key = { idempotency_key: "k".repeat(201) };

const faulty: Faulty[] = [
  ...faultyLists.map(([args, fault]): Faulty => ["bigin_list_records", args, fault]),
  ...faultySearches.map(([args, fault]): Faulty => ["bigin_search_records", args, fault]),
  [get, { id: "12345" }, /"id" "12345" is not a record id.*15 to 19 digits/],
  [get, { id: 12345 }, /is not a record id/],
  [get, { id: `${id}/../x` }, /not a record id/],
  [get, { id: Number(id) }, /"id" must be text in quotes/],
  [get, { module: "../users", id }, /no module "\.\.\/users" in this Bigin\. Modules: Contacts, /],
  [
    "bigin_list_related_records",
    { id, related_list: "Prodcuts" },
    /no related list "Prodcuts"\. Did you mean "Products"\?/,
  ],
  [create, { records: rowsOf(501, 1) }, /"records" has more than 500 items; send at most 500/],
  [create, { records: [] }, /"records" is empty/],
  [create, { records: ["Smith"] }, /it must be a JSON object, not "Smith"/],
  [create, { records: rowsOf(1, 1), ...key }, /"idempotency_key" has more than 200 characters/],
  [update, { records: [{ Title: "x" }] }, /"id" is missing/],
  [update, { records: [{ id }, { id }] }, new RegExp(`${id} is named twice`)],
  ["bigin_delete_records", { ids: [id, id] }, /is named twice/],
  [
    "bigin_upsert_records",
    { module: "Notes", records: [{ Note_Content: "x" }] },
    /Notes cannot be upserted/,
  ],
];

const faultyOthers: Faulty[] = [
  ["bigin_list_modules", { anything: 1 }, /no argument "anything"\. It takes: connection_id\./],
  [
    "bigin_list_connections",
    { status: "active" },
    /"status" must be one of ACTIVE, PENDING, FAILED, not "active"\./,
  ],
  ["bigin_get_connection", { connection_id: "x", wait_seconds: 60 }, /"wait_seconds".*at most 45/],
  ["bigin_list_users", { type: "Everyone" }, /"type".*AllUsers, /],
];

test.each([
  ...faulty.map(([tool, args, fault]): Faulty => [tool, { ...contacts, ...args }, fault]),
  ...faultyOthers,
])("%s is refused, and nothing is written (case %#)", async (tool, args, fault) => {
  const { fail, sandbox, sent } = await connect();
  const before = JSON.stringify(recordsIn(sandbox, "Contacts"));
  const message = await fail(tool, args);
  expect(message).toMatch(/^Not done: /);
  expect(message).toMatch(fault);
  expect(sent.every(({ method }) => method === "GET")).toBe(true);
  expect(JSON.stringify(recordsIn(sandbox, "Contacts"))).toBe(before);
});

/** Rows of so many fields, none of which Bigin has. */
function rowsOf(rows: number, fields: number): Args[] {
  const names = Array.from({ length: fields }, (_, at) => `Unknown_${at}`);
  return Array.from({ length: rows }, () => Object.fromEntries(names.map((name) => [name, 1])));
}

test.each(["../users", "..", "a b", "a/b", "x\r\nAuthorization: y", ""])(
  "the connection id %j is refused before a request is sent",
  async (connection_id) => {
    const { fail, sent } = await connect();
    for (const [tool, args] of [
      ["bigin_get_connection", { connection_id }],
      ["bigin_delete_connection", { connection_id }],
      ["bigin_list_records", { ...contacts, connection_id }],
    ] as const)
      expect(await fail(tool, args)).toContain("is not a connection id");
    expect(sent).toEqual([]);
  },
);

test.each<[string, Args]>([
  ["bigin_list_records", { ...contacts, sort_order: "up" }],
  ["bigin_create_records", { ...contacts, records: rowsOf(1, 1), trigger: "workflow" }],
  ["bigin_delete_records", { ...contacts, ids: "7".repeat(600) }],
  ["bigin_list_records", { ...contacts, page: 5000 }],
])("one fault gives one short sentence: %s %j", async (tool, args) => {
  const { fail } = await connect();
  const [message = ""] = (await fail(tool, args)).split(/ ?\n| Next: /);
  expect(message.match(/must be/g)).toHaveLength(1);
  expect(message).toMatch(/^Not done: "\w+" must be .{3,110}\.$/);
});

test("several faults come back together", async () => {
  const { fail } = await connect();
  const message = await fail("bigin_get_record", { id: [1], fieldz: [] });
  for (const fault of [/"module" is missing/, /"id" must be text/, /"fields"\?/])
    expect(message).toMatch(fault);
});

test("all faults of all rows come back together", async () => {
  const { fail, sandbox, sent } = await connect();
  const [one, other] = [...sandbox.store.records("Contacts").keys()];
  const records = [
    { id: one, Titel: "x" },
    { id: one, Title: "y" },
    { id: "7618134000009999999", Title: "z" },
    { id: other },
    { id: other, Email: "no address", Email_Opt_Out: "maybe" },
  ];
  const message = await fail("bigin_update_records", { ...contacts, records });
  for (const fault of [
    /Row 1: [^:]*"Titel"/,
    new RegExp(`Row 2: [^:]*${one}`),
    /Row 3: [^:]*7618134000009999999/,
    /Row 4: /,
    /Row 5: Email /,
    /Row 5: Email Opt Out /,
  ])
    expect(message).toMatch(fault);
  expect(sent.every(({ method }) => method === "GET")).toBe(true);
});

test("a search that leaves its other ways empty is carried out", async () => {
  const { call, sandbox } = await connect();
  const empty = { email: "", phone: "  ", word: "", criteria: "" };
  const found = await call("bigin_search_records", {
    ...contacts,
    ...where("last name", "is_not_empty"),
    ...empty,
  });
  expect(found["total"]).toBe(sandbox.store.records("Contacts").size);
  const people = recordsIn(sandbox, "Contacts");
  const email = ` ${people.map((row) => row["Email"]).find(Boolean)} `;
  const hit = await call("bigin_search_records", { ...contacts, ...empty, email });
  expect(hit["total"]).toBe(1);
});

test("the number of a filter needs no quotes", async () => {
  const { call } = await connect();
  const count = async (value: unknown) => {
    return (await call.search("deals", where("amount", "greater_than", value)))["total"];
  };
  expect(await count(50_000)).toBe(await count("50000"));
});

test("lists and objects may be JSON text", async () => {
  const { call, sandbox } = await connect();
  const listed = await call("bigin_list_records", {
    ...contacts,
    fields: '["Last_Name"]',
    per_page: 1,
  });
  expect(listed["columns"]).toEqual(["id", "Last_Name"]);
  const before = sandbox.store.records("Contacts").size;
  const records = '[{"Last_Name":"A"},{"Last_Name":"B"}]';
  await call("bigin_create_records", { ...contacts, records });
  await call("bigin_create_records", { ...contacts, records: ['{"Last_Name":"C"}'] });
  expect(sandbox.store.records("Contacts").size).toBe(before + 3);
});

test("names with a meaning in JavaScript are just unknown", async () => {
  const { fail } = await connect();
  const args = JSON.parse('{"module":"__proto__","__proto__":1,"constructor":2}');
  expect(await fail("bigin_list_records", args)).toContain("has no argument");
  expect(await fail.list("constructor")).toContain('no module "constructor"');
});

const rows = rowsOf(500, 400);
test.each<[string, unknown]>([
  ["a list", rows],
  ["a JSON text", JSON.stringify(rows)],
  ["a list of JSON texts", rows.map((row) => JSON.stringify(row))],
  ["a JSON text of JSON texts", JSON.stringify(rows.map((row) => JSON.stringify(row)))],
])("200,000 values in %s are too many", async (_, records) => {
  const { fail, sent } = await connect();
  const message = await fail("bigin_create_records", { ...contacts, records });
  expect(message).toMatch(/more than \d+ values/);
  expect(sent).toEqual([]);
});

test("500 rows of 100 fields are not too many, as a list and as JSON text", async () => {
  const { fail } = await connect();
  const wide = rowsOf(500, 100);
  for (const records of [wide, JSON.stringify(wide), wide.map((row) => JSON.stringify(row))])
    expect(await fail("bigin_create_records", { ...contacts, records })).toContain(
      'no field "Unknown_0"',
    );
});
