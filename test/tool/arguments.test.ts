import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";

const id = "7618134000000632028";
const long = {
  module: "Contacts",
  records: Array.from({ length: 501 }, (_, at) => ({ Last_Name: `N${at}` })),
};

test.each<[string, object, string]>([
  [
    "bigin_list_records",
    { module: "Contacts", pge: 1 },
    'bigin_list_records has no argument "pge". Did you mean "page"?',
  ],
  [
    "bigin_list_modules",
    { anything: 1 },
    'bigin_list_modules has no argument "anything". It takes: connection_id.',
  ],
  ["bigin_list_records", {}, '"module" is missing; it must be text in quotes.'],
  ["bigin_list_records", { module: "Contacts", page: "2" }, '"page" must be a number, not "2".'],
  [
    "bigin_list_records",
    { module: "Contacts", page: 1.5 },
    '"page" must be a whole number, not 1.5.',
  ],
  [
    "bigin_list_records",
    { module: "Contacts", per_page: 500 },
    '"per_page" must be at most 200, not 500.',
  ],
  [
    "bigin_list_records",
    { module: "Contacts", fields: "First_Name" },
    '"fields" must be a JSON array, not "First_Name".',
  ],
  [
    "bigin_list_records",
    { module: "Contacts", sort_by: "id", sort_order: "up" },
    '"sort_order" must be asc or desc.',
  ],
  [
    "bigin_list_records",
    { module: "Contacts", page: 1, page_token: "x" },
    "Give page or page_token, not both: a token already knows its place.",
  ],
  [
    "bigin_list_records",
    { module: "Contacts", page: 11, per_page: 200 },
    "Page 11 of 200 lies beyond record 2000, where page numbers end: continue with the page_token from `more`.",
  ],
  [
    "bigin_get_record",
    { module: "Contacts", id: "12345" },
    '"id" "12345" is not a record id: an id is a string of 15 to 19 digits, as lists and searches return it.',
  ],
  ["bigin_get_record", { module: "Contacts", id: 12345 }, '"id" 12345 is not a record id'],
  ["bigin_get_record", { module: "Contacts", id: `${id}/../x` }, "is not a record id"],
  [
    "bigin_get_record",
    { module: "../users", id },
    'There is no module "../users" in this Bigin. Modules: Contacts, ',
  ],
  [
    "bigin_list_records",
    { module: "Contatcs" },
    'There is no module "Contatcs" in this Bigin. Did you mean "Contacts"?',
  ],
  [
    "bigin_list_records",
    { module: "Social" },
    'Bigin does not offer the module "Social" through its API.',
  ],
  [
    "bigin_list_related_records",
    { module: "Contacts", id, related_list: "Prodcuts" },
    'Contacts has no related list "Prodcuts". Did you mean "Products"?',
  ],
  [
    "bigin_search_records",
    { module: "Contacts" },
    "Give filters, criteria, email, phone or word; to see everything use bigin_list_records.",
  ],
  [
    "bigin_search_records",
    { module: "Contacts", word: "a", email: "b" },
    "Give only one of email and word.",
  ],
  ...["email", "phone", "word", "criteria"].map((name): [string, object, string] => [
    "bigin_search_records",
    { module: "Contacts", [name]: " " },
    "Give filters, criteria, email, phone or word; to see everything use bigin_list_records.",
  ]),
  [
    "bigin_search_records",
    { module: "Contacts", word: " x " },
    "word needs two characters or more; for a letter give filters.",
  ],
  [
    "bigin_create_records",
    long,
    '"records" holds more than 500 items: send at most 500 in one call.',
  ],
  [
    "bigin_create_records",
    { module: "Contacts", records: [] },
    '"records" is empty: give at least 1.',
  ],
  [
    "bigin_create_records",
    { module: "Contacts", records: ["Smith"] },
    'it must be a JSON object, not "Smith".',
  ],
  [
    "bigin_update_records",
    { module: "Contacts", records: [{ Title: "x" }] },
    '"id" is missing; it must be text in quotes.',
  ],
  [
    "bigin_update_records",
    { module: "Contacts", records: [{ id }, { id }] },
    `The id ${id} is named twice: name each record once.`,
  ],
  [
    "bigin_delete_records",
    { module: "Contacts", ids: [id, id] },
    `The id ${id} is named twice: name each record once.`,
  ],
  [
    "bigin_upsert_records",
    { module: "Notes", records: [{ Note_Content: "x" }] },
    "Notes cannot be upserted",
  ],
  [
    "bigin_list_connections",
    { status: "active" },
    '"status" must be one of ACTIVE, PENDING, FAILED, not "active".',
  ],
  [
    "bigin_get_connection",
    { connection_id: "x", wait_seconds: 60 },
    '"wait_seconds" must be at most 45, not 60.',
  ],
  ["bigin_list_users", { type: "Everyone" }, '"type" must be one of AllUsers, '],
])("%s %j", async (tool, args, sentence) => {
  const { fail, sandbox } = await connect();
  const before = JSON.stringify([...sandbox.store.records("Contacts").values()]);
  const told = await fail(tool, args as Record<string, unknown>);
  expect(told).toMatch(/^Not done: /);
  expect(told).toContain(sentence);
  expect(JSON.stringify([...sandbox.store.records("Contacts").values()])).toBe(before);
});

test("an id that came as a number and lost its last digits is refused, not rounded", async () => {
  const { fail } = await connect();
  const args = { module: "Contacts", id: Number("7618134000000632028") };
  expect(await fail("bigin_get_record", args)).toContain('"id" must be text in quotes');
});

test("a search that gives one way and leaves the others empty is carried out", async () => {
  const { call, sandbox } = await connect();
  const filters = [{ field: "last name", op: "is_not_empty" }];
  const empty = { email: "", phone: "  ", word: "", criteria: "" };
  const found = await call("bigin_search_records", { module: "Contacts", filters, ...empty });
  expect(found["total"]).toBeGreaterThan(0);
  const contacts = [...sandbox.store.records("Contacts").values()];
  const email = ` ${contacts.map((row) => row["Email"]).find(Boolean)} `;
  const hit = await call("bigin_search_records", { module: "Contacts", ...empty, email });
  expect(hit["total"]).toBe(1);
});

test("a filter's number may stand without quotes", async () => {
  const { call } = await connect();
  const count = async (value: unknown) => {
    const filters = [{ field: "amount", op: "greater_than", value }];
    return (await call("bigin_search_records", { module: "deals", filters }))["total"];
  };
  expect(await count(50_000)).toBe(await count("50000"));
});

test.each(["../users", "..", "a b", "a/b", "x\r\nAuthorization: y", ""])(
  "the connection id %j is refused before anything is sent",
  async (connection_id) => {
    const { fail, sent } = await connect();
    for (const [tool, args] of [
      ["bigin_get_connection", { connection_id }],
      ["bigin_delete_connection", { connection_id }],
      ["bigin_list_records", { module: "Contacts", connection_id }],
    ] as const)
      expect(await fail(tool, args)).toContain("is not a connection id");
    expect(sent).toEqual([]);
  },
);

test.each<[string, object, string]>([
  [
    "bigin_list_records",
    { module: "Contacts", sort_order: "up" },
    '"sort_order" must be asc or desc.',
  ],
  [
    "bigin_create_records",
    { module: "Contacts", records: [{ Last_Name: "A" }], trigger: "workflow" },
    '"trigger" must be a JSON array, not "workflow".',
  ],
  [
    "bigin_delete_records",
    { module: "Contacts", ids: "7".repeat(600) },
    `"ids" must be a JSON array, not "${"7".repeat(56)}….`,
  ],
  [
    "bigin_list_records",
    { module: "Contacts", fields: "x".repeat(60) },
    `"fields" must be a JSON array, not "${"x".repeat(56)}….`,
  ],
  [
    "bigin_list_records",
    { module: "Contacts", page: 5000 },
    '"page" must be at most 2000, not 5000.',
  ],
])("one mistake is told in one sentence: %s %j", async (tool, args, sentence) => {
  const { fail } = await connect();
  const [told = ""] = (await fail(tool, args as Record<string, unknown>)).split(/ ?\n| Next: /);
  expect(told).toBe(`Not done: ${sentence}`);
});

test("several faults come back together", async () => {
  const { fail } = await connect();
  const told = await fail("bigin_get_record", { id: [1], fieldz: [] });
  expect(told).toContain('"module" is missing');
  expect(told).toContain('"id" must be text');
  expect(told).toContain('Did you mean "fields"?');
});

test("lists and objects that arrive as JSON strings are understood", async () => {
  const { call, sandbox } = await connect();
  const listed = await call("bigin_list_records", {
    module: "Contacts",
    fields: '["Last_Name"]',
    per_page: 1,
  });
  expect(listed["columns"]).toEqual(["id", "Last_Name"]);
  const before = sandbox.store.records("Contacts").size;
  await call("bigin_create_records", {
    module: "Contacts",
    records: '[{"Last_Name":"A"},{"Last_Name":"B"}]',
  });
  await call("bigin_create_records", { module: "Contacts", records: ['{"Last_Name":"C"}'] });
  expect(sandbox.store.records("Contacts").size).toBe(before + 3);
});

test("names that JavaScript gives a meaning to are just unknown", async () => {
  const { fail } = await connect();
  const args = JSON.parse('{"module":"__proto__","__proto__":1,"constructor":2}');
  const told = await fail("bigin_list_records", args);
  expect(told).toContain("has no argument");
  expect(await fail("bigin_list_records", { module: "constructor" })).toContain(
    'no module "constructor"',
  );
});

test("all faults of all rows come in one answer, whatever they are", async () => {
  const { fail, sandbox, sent } = await connect();
  const [one, other] = [...sandbox.store.records("Contacts").keys()];
  const records = [
    { id: one, Titel: "x" },
    { id: one, Title: "y" },
    { id: "7618134000009999999", Title: "z" },
    { id: other },
    { id: other, Email: "no address", Email_Opt_Out: "maybe" },
  ];
  const told = await fail("bigin_update_records", { module: "contacts", records });
  for (const part of [
    'Row 1: Contacts has no field "Titel". Did you mean "Title"?',
    `Row 2: The id ${one} is named twice`,
    "Row 3: Contacts has no record 7618134000009999999",
    "Row 4: it names no field to change",
    "Row 5: Email is one e-mail address",
    "Row 5: Email Opt Out is true or false",
  ])
    expect(told).toContain(part);
  expect(sent.every(({ method }) => method === "GET")).toBe(true);
});
