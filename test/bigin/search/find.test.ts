import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCriteria } from "../../../src/sandbox/criteria.ts";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { idsOf, listedIds, table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;
const profiles = ["full", "maton"] as const;
const searching = (connected: Connected, module: string, common: object = {}) => {
  return async (args: object) =>
    listedIds(await connected.call.search(module, { ...common, ...args }));
};

const signs = ["(", ")", ",", "\\", ":", " ", "and", "or", "&", "+", "%", "'", '"', "=", "#", "?"];
const hostile = fc
  .array(fc.constantFrom(...signs, "[", "a", "B", "é"), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join("").replace(/\s+/g, " ").trim())
  .filter((value) => value !== "");
const escaped = (value: string) => value.replace(/[\\(),]/g, "\\$&");
const forms: ((value: string) => { op: string; args: object })[] = [
  (value) => ({ op: "equals", args: where("Title", "equals", value) }),
  (value) => ({
    op: "in",
    args: where("Title", "in", JSON.stringify([value])),
  }),
  (value) => ({
    op: "starts_with",
    args: where("Title", "starts_with", value),
  }),
  (value) => ({ op: "equals", args: { criteria: `(Title:equals:${escaped(value)})` } }),
];

test.each(profiles)(
  "%s: a hostile value stays one value of one search, whatever its characters",
  async (profile) => {
    const { call, sandbox, sent } = await connect({ profile });
    await call.list("Contacts", { per_page: 1 });
    await fc.assert(
      fc.asyncProperty(hostile, fc.constantFrom(...forms), async (value, form) => {
        await seed(sandbox, "Contacts", [{ Last_Name: "Seeded", Title: value }]);
        const { op, args } = form(value);
        const before = sent.length;
        const reply = await call.search("Contacts", { fields: ["Title"], per_page: 200, ...args });
        const requests = sent.slice(before);
        expect(requests.map(({ url }) => url.pathname.split("/").at(-1))).toEqual(["search"]);
        expect(parseCriteria(requests[0]?.url.searchParams.get("criteria") ?? "")).toEqual({
          kind: "condition",
          field: "Title",
          op,
          values: [value],
        });
        expect(reply["note"]).toBeUndefined();
        const wanted = value.toLowerCase();
        const fitting = recordsIn(sandbox, "Contacts").filter((one) => {
          const title = String(one["Title"] ?? "").toLowerCase();
          return op === "starts_with" ? title.startsWith(wanted) : title === wanted;
        });
        expect(listedIds(reply).toSorted()).toEqual(fitting.map(({ id }) => id).toSorted());
      }),
      { numRuns: 60 },
    );
  },
  30_000,
);

test.each([0, 20_000])(
  "with an index that lags %i ms, new records are found by any field, whichever are shown",
  async (searchLagMs) => {
    const connected = await connect({ searchLagMs });
    const { call } = connected;
    const company = await call.list("companies", { per_page: 1 });
    const [companyId, companyName] = table(company).rows[0] ?? [];
    const record = {
      First_Name: "Nikhil",
      Last_Name: "Zetterlund",
      Email: "nikhil@zebra.example",
      Mobile: "+1 (555) 010-7777",
      Description: "met at the quagga fair",
      Account_Name: { id: companyId },
    };
    const [id] = idsOf(await call.create("Contacts", [record]));
    const selectors = [
      { email: "Nikhil@zebra.example" },
      { phone: "15550107777" },
      { word: "Zetterlund Nikhil" },
      { word: "quag fair" },
      { word: `Zetter ${String(companyName)}` },
      where("last name", "equals", "zetterlund"),
      { criteria: "(Last_Name:equals:Zetterlund)" },
    ];
    const updates = [{ Title: "Head of Zoology" }, { Title: "Head of Zoology" }];
    for (const update of updates) {
      for (const selector of selectors)
        for (const shown of [{}, { fields: ["full name"] }, { fields: ["title"] }]) {
          const args = { ...selector, ...shown };
          const found = await searching(connected, "Contacts")(args);
          expect(found, JSON.stringify(args)).toEqual([id]);
        }
      await call.update("Contacts", [{ id, ...update }]);
    }
    const changed = { id, Email: "other@zebra.example", Description: "met nowhere" };
    await call.update("Contacts", [changed]);
    const search = searching(connected, "Contacts", { fields: ["title"] });
    expect(await search({ email: "nikhil@zebra.example" })).toEqual([]);
    await call.update("Contacts", [{ id, Last_Name: "Renamed" }]);
    expect(await search(where("last name", "equals", "Zetterlund"))).toEqual([]);
    expect(await search(where("last name", "equals", "Renamed"))).toEqual([id]);
    expect(await search({ word: "quagga" })).toEqual([]);
    expect(await search({ email: "other@zebra.example" })).toEqual([id]);
    await call.delete("Contacts", [id]);
    expect(await search({ email: "other@zebra.example" })).toEqual([]);
    expect(await search({ word: "Renamed" })).toEqual([]);
  },
);

test("a stale hit of a deleted or changed record is not returned", async () => {
  const time = { now: Date.now() - 60_000 };
  const connected = await connect({ searchLagMs: 20_000, clock: () => time.now });
  const { call, sandbox } = connected;
  const people = ["Kept", "Changed", "Deleted"].map((Last_Name) => ({
    Last_Name,
    Email: `${Last_Name}@stale.example`,
    Description: "stale zebra",
  }));
  const [kept, changed, deleted] = await seed(sandbox, "Contacts", people);
  time.now += 60_000;
  const search = searching(connected, "Contacts", { fields: ["title"] });
  expect((await search({ word: "stale" })).toSorted()).toEqual([kept, changed, deleted].toSorted());
  await call.delete("Contacts", [deleted]);
  await call.update("Contacts", [{ id: changed, Email: "new@fresh.example", Description: null }]);
  expect(await search({ word: "stale" })).toEqual([kept]);
  expect(await search({ email: "changed@stale.example" })).toEqual([]);
  expect(await search(where("email", "starts_with", "deleted"))).toEqual([]);
});

test.each([
  ["with 150 custom fields", { extraFields: 150 }, "Extra_Field_140"],
  [
    "without metadata",
    { profile: "maton", extraFields: 13, searchLagMs: 20_000 },
    "Extra_Field_10",
  ],
] as const)("%s a new contact is found by any field", async (_, options, field) => {
  const connected = await connect(options);
  const row = { Last_Name: "Wide", [field]: "wide@probe.example" };
  const [id] = idsOf(await connected.call.create("Contacts", [row]));
  const search = searching(connected, "Contacts", { fields: ["last name"] });
  expect(await search({ email: "wide@probe.example" })).toEqual([id]);
  expect(await search({ word: "wide@probe" })).toEqual([id]);
});

test("too many fields are refused, not shown as empty columns", async () => {
  const { call, fail, sandbox } = await connect({ extraFields: 150 });
  const names = Array.from({ length: 50 }, (_, at) => `Extra_Field_${at + 1}`);
  const values = { Extra_Field_42: 7, Extra_Field_48: "Choice number 3" };
  await seed(sandbox, "Contacts", [{ Last_Name: "Columns", ...values }]);
  const filters = [
    { field: "last name", op: "equals", value: "Columns" },
    { field: "email", op: "is_empty" },
  ];
  const search = { module: "Contacts", filters };
  expect(await fail("bigin_search_records", { ...search, fields: names })).toContain(
    "the filters and the sorting need 2: name at most 48 others in fields",
  );
  const reply = await call("bigin_search_records", { ...search, fields: names.slice(0, 48) });
  const columns = reply["columns"] as string[];
  for (const [name, value] of Object.entries(values))
    expect(table(reply).rows[0]?.[columns.indexOf(name)]).toBe(value);
});

test("a filtered summary reads on past Bigin's 2,000 hits and counts every record once", async () => {
  const { call, sandbox } = await connect();
  const rows = Array.from({ length: 2400 }, (_, at) => ({
    Subject: `Mass ${at}`,
    Priority: "Low",
  }));
  await seed(sandbox, "Tasks", rows);
  const tasks = recordsIn(sandbox, "Tasks");
  const low = tasks.filter((task) => task["Priority"] === "Low").length;
  const reply = await call.summarize("Tasks", where("priority", "equals", "Low"));
  expect(reply).toMatchObject({ rows: [[low]], complete: true, read: tasks.length });
}, 30_000);

test("a record that moves from one page to the next during a read counts once", async () => {
  const { call, sandbox } = await connect();
  const data = [{ id: "5810397000000900001", Status: "Deferred" }];
  for (const more_records of [true, false]) {
    const body = { data, info: { page: more_records ? 1 : 2, more_records } };
    sandbox.addFault({ path: /\/Tasks$/, does: status(200, body) });
  }
  const reply = await call.summarize("Tasks", { group_by: ["status"] });
  expect(table(reply).rows).toEqual([["Deferred", 1]]);
});

test("a summary of more records than can be read says that it is partial", async () => {
  const { call, sandbox } = await connect();
  const rows = Array.from({ length: 10_100 }, (_, at) => ({ Subject: `Mass ${at}` }));
  await seed(sandbox, "Tasks", rows);
  const reply = await call.summarize("Tasks", { group_by: ["status"] });
  expect(reply).toMatchObject({
    complete: false,
    read: 10_000,
    note: expect.stringMatching(/^Partial: .*10000/),
  });
}, 60_000);

test("any number of dates and conditions is cut to what Bigin's search takes and filtered locally", async () => {
  const { call, sandbox, sent } = await connect();
  const odd = Array.from({ length: 14 }, (_, at) => String(at * 2 + 1).padStart(2, "0"));
  const days = odd.map((day) => `2031-03-${day}`);
  const other = "2031-03-02";
  const due = await seed(
    sandbox,
    "Tasks",
    [...days, other].map((Due_Date) => ({ Subject: "Dated", Due_Date })),
  );
  const search = async (filters: object[], more: object = {}) =>
    listedIds(await call.search("Tasks", { filters, ...more })).toSorted();
  const onDays = { field: "due date", op: "in", value: days.join(",") };
  expect(await search([onDays])).toEqual(due.slice(0, -1).toSorted());
  const criteria = () => sent.at(-1)?.url.searchParams.get("criteria") ?? "";
  expect(criteria()).toBe("(Due_Date:between:2031-03-01,2031-03-27)");
  const few = { ...onDays, value: days.slice(0, 4).join(",") };
  expect(await search([few, few, few, few])).toEqual(due.slice(0, 4).toSorted());
  expect(criteria().match(/Due_Date/g)).toHaveLength(8);
  expect(await search([few, few, few], { match: "any" })).toEqual(due.slice(0, 4).toSorted());
});

test("criteria that Bigin rejects as too many are filtered locally", async () => {
  const { call, sandbox } = await connect();
  const details = { limit: 10 };
  const body = { code: "LIMIT_EXCEEDED", details, message: "criteria limit", status: "error" };
  sandbox.addFault({ path: /\/search$/, does: status(400, body) });
  const reply = await call.search("deals", where("stage", "equals", "Closed Won"));
  expect(reply["note"]).toContain("records were read and filtered");
  expect(table(reply).rows.length).toBeGreaterThan(0);
});
