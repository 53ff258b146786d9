import { expect, test, vi } from "vitest";
import { connect } from "../support/connect.ts";
import { allIds, where } from "../support/reads.ts";
import { idsOf, listedIds, table } from "../support/replies.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { recordsIn, status } from "../support/writes.ts";

const profiles = ["full", "maton"] as const;
type Stored = Readonly<Record<string, unknown>>;
const idOf = (value: unknown) => (value as { id?: string } | null)?.id;
const nameOf = (value: unknown) => (value as { name?: string } | null)?.name;

test.each(profiles)("%s: labels and API names name the same fields", async (profile) => {
  const connected = await connect({ profile });
  const byLabel = await connected.call.list("deals", {
    fields: ["deal name", "Closing Date", "company name", "owner"],
    sort_by: "closing date",
    per_page: 5,
  });
  expect(byLabel["columns"]).toEqual(["id", "Deal_Name", "Closing_Date", "Account_Name", "Owner"]);
});

test.each(profiles)("%s: a misspelt field fails with the nearest name", async (profile) => {
  const { fail, sent } = await connect({ profile });
  const told = await fail.search("deals", where("Closing_Dat", "equals", "today"));
  expect(told).toContain('Pipelines has no field "Closing_Dat". Did you mean "Closing');
  expect(sent.some(({ url }) => url.pathname.includes("/search"))).toBe(false);
});

type Refused = [tool: "search" | "summarize", args: object, told: string];

test.each<Refused>([
  ["search", where("stage", "equals", "Qualificaton"), 'Did you mean "Qualification"?'],
  ["search", where("owner", "equals", "Amelia Ston"), 'Did you mean "Amelia Stone"?'],
  ["search", where("amount", "starts_with", "1"), "with starts_with. Use one of: equals"],
  ["search", where("amount", "equals", "12.000,50"), '"12.000,50" is not: write digits'],
  ["search", where("closing date", "equals", "2026-02-30"), "is not a date for Closing Date"],
  ["search", where("contract signed", "equals", "perhaps"), 'is true or false, not "perhaps"'],
  ["summarize", { group_by: ["stagee"] }, 'Did you mean "Stage"?'],
  ["summarize", { group_by: ["stage by month"] }, "Stage is not a date"],
  ["summarize", { group_by: ["owner by month"] }, "Owner is not a date"],
  [
    "summarize",
    { group_by: ["closing date by fortnight"] },
    'closing date cannot be grouped by "fortnight": use day, week, month, quarter or year.',
  ],
  ["summarize", { group_by: ["stage", "Stage"] }, "group_by names Stage twice"],
  ["summarize", { measure: "stage" }, "Numbers in Pipelines: Amount"],
  ["summarize", { metrics: ["sum"] }, "metrics needs measure"],
])("%s with %j fails with what is valid", async (tool, args, told) => {
  const { fail } = await connect();
  expect(await fail[tool]("deals", args)).toContain(told);
});

// Every operator on every type of field, with metadata: filters.property.test.ts.
test.each(profiles)("%s: names, labels and lists in a filter work", async (profile) => {
  const connected = await connect({ profile });
  const deals = recordsIn(connected.sandbox, "Pipelines");
  const owner = nameOf(deals[0]?.["Owner"]);
  const company = deals.find((deal) => deal["Account_Name"])?.["Account_Name"];
  const amount = (deal: Stored) => Number(deal["Amount"] ?? Number.NaN);
  const examples: [
    field: string,
    op: string,
    value: string | undefined,
    holds: (deal: Stored) => boolean,
  ][] = [
    [
      "amount",
      "between",
      "10000,20000",
      (deal) => amount(deal) >= 10_000 && amount(deal) <= 20_000,
    ],
    ["stage", "in", "Closed Won, closed lost", ({ Stage }) => /^Closed/.test(String(Stage))],
    ["owner", "equals", String(owner), ({ Owner }) => nameOf(Owner) === owner],
    [
      "company name",
      "equals",
      String(nameOf(company)),
      (deal) => idOf(deal["Account_Name"]) === idOf(company),
    ],
    ["Sub-Pipeline", "equals", "Renewals", (deal) => deal["Sub_Pipeline"] === "Renewals"],
    ["amount", "greater_than", "50000", (deal) => amount(deal) > 50_000],
    ["stage", "not_equal", "Closed Won", ({ Stage }) => Stage !== "Closed Won"],
    ["contact name", "is_empty", undefined, (deal) => deal["Contact_Name"] === null],
    ["deal name", "contains", "TRACKER", (deal) => /tracker/i.test(String(deal["Deal_Name"]))],
  ];
  for (const [field, op, value, holds] of examples) {
    const args = { module: "deals", ...where(field, op, value), fields: ["id"], per_page: 200 };
    const found = await allIds(connected, "bigin_search_records", args);
    const expected = deals.filter(holds).map(({ id }) => id);
    expect(found.toSorted(), field).toEqual(expected.toSorted());
  }
  const filters = [
    { field: "stage", op: "equals", value: "Churned" },
    { field: "amount", op: "less_than", value: "9000" },
  ];
  const either = deals.filter((deal) => deal["Stage"] === "Churned" || amount(deal) < 9000);
  const any = { module: "deals", filters, match: "any", fields: ["id"], per_page: 200 };
  const found = await allIds(connected, "bigin_search_records", any);
  expect(found.toSorted()).toEqual(either.map(({ id }) => id).toSorted());
});

test("equals compares whole values, not words", async () => {
  const { call } = await connect();
  const [id] = idsOf(
    await call.create("Products", [
      { Product_Name: "Nango Test Product" },
      { Product_Name: "Nango Unlink Test Product" },
    ]),
  );
  for (const args of [
    where("product name", "equals", "nango test product"),
    { criteria: "(Product_Name:equals:Nango Test Product)" },
  ])
    expect(listedIds(await call.search("Products", args))).toEqual([id]);
});

test("what Bigin cannot search is filtered locally, and the reply says so", async () => {
  const { call } = await connect();
  const reply = await call.search("Contacts", where("email", "is_empty"));
  expect(reply["note"]).toMatch(/^Bigin cannot search for this: \d+ records/);
});

test("a name that several records share fails with at most five of them", async () => {
  const { call, fail } = await connect();
  const records = Array.from({ length: 7 }, () => ({ First_Name: "Ann", Last_Name: "Twin" }));
  await call.create("Contacts", records);
  const told = await fail.search("deals", where("contact name", "equals", "Ann Twin"));
  expect(told).toContain('7 records in Contacts are called "Ann Twin"');
  expect(told.match(/\(\d{19}\)/g)).toHaveLength(5);
  expect(told).toContain("and 2 more");
});

test("dates in words are resolved in the organisation's zone and shown in the reply", async () => {
  const { call } = await connect();
  const reply = await call.search("deals", where("closing date", "equals", "this month"));
  const day = new Intl.DateTimeFormat("en-CA", {
    timeZone: "America/New_York",
    dateStyle: "short",
  });
  const month = day.format(new Date()).slice(0, 7);
  expect(reply["resolved"]).toEqual([
    expect.stringMatching(new RegExp(`^Closing_Date equals ${month}-01 to ${month}-\\d\\d$`)),
  ]);
});

test.each(profiles)("%s: summaries add up to what the store holds", async (profile) => {
  const connected = await connect({ profile });
  const deals = recordsIn(connected.sandbox, "Pipelines");
  const { call } = connected;
  const byStage = await call.summarize("deals", { group_by: ["stage"], measure: "amount" });
  expect(byStage).toMatchObject({
    columns: ["Stage", "count", "sum Amount"],
    read: deals.length,
    complete: true,
  });
  const amountsIn = (stage: unknown) =>
    deals.flatMap((deal) => (deal["Stage"] === stage ? Number(deal["Amount"] ?? 0) : []));
  const sumOf = (amounts: number[]) => amounts.reduce((sum, one) => sum + one, 0);
  for (const [stage, count, sum] of table(byStage).rows)
    expect([count, sum]).toEqual([amountsIn(stage).length, sumOf(amountsIn(stage))]);
  expect(table(await call.summarize("deals")).rows).toEqual([[deals.length]]);
  const all = await call.summarize("deals", {
    measure: "amount",
    metrics: ["average", "minimum", "maximum"],
    ...where("stage", "equals", "Closed Won"),
  });
  const won = amountsIn("Closed Won");
  const mean = sumOf(won) / won.length;
  const filled = deals.filter((deal) => deal["Stage"] === "Closed Won" && deal["Amount"] !== null);
  const [row = []] = table(all).rows;
  expect(row.slice(2)).toEqual([Math.min(...won), Math.max(...won), filled.length]);
  expect([row[0], row[1]]).toEqual([won.length, expect.closeTo(mean, 9)]);
  const byMonth = await call.summarize("deals", { group_by: ["closing date by month", "owner"] });
  const { rows } = table(byMonth);
  expect(sumOf(rows.map((row) => Number(row[2])))).toBe(deals.length);
  for (const [month] of rows) expect(month).toMatch(/^\d{4}-\d\d$|^\(none\)$/);
});

test("a summary reports progress while it reads", async () => {
  const { client } = await connect();
  const heard: number[] = [];
  await client.callTool(
    { name: "bigin_summarize_records", arguments: { module: "deals", group_by: ["owner"] } },
    { onprogress: ({ progress }) => heard.push(progress) },
  );
  expect(heard.length).toBeGreaterThan(0);
});

test("access is reported by module and group of endpoints, and remembered", async () => {
  const full = await connect();
  const granted = table(await full.call("bigin_check_access")).rows;
  for (const [what, access] of granted)
    if (what !== "tags") expect([what, access]).toEqual([what, "granted"]);
  const requests = full.sent.length;
  await full.call("bigin_check_access");
  expect(full.sent.length).toBe(requests);
  const stock = await connect({ profile: "maton" });
  const { rows } = table(await stock.call("bigin_check_access"));
  expect(Object.fromEntries(rows as [string, string][])).toMatchObject({
    Contacts: "granted",
    Pipelines: "granted",
    Tasks: "scope missing",
    Notes: "scope missing",
    search: "granted",
    fields: "scope missing",
    users: "granted",
  });
});

test("without metadata the reply says once what was not checked", async () => {
  const { call } = await connect({ profile: "maton" });
  const reply = await call.list("deals", { per_page: 2 });
  expect(reply["not_checked"]).toContain("cannot read the metadata");
  const described = await call.describe("deals");
  expect(described["not_checked"]).toBeDefined();
  expect(described["fields"]).toEqual(expect.arrayContaining(["Deal_Name*: text"]));
});

test("a name that is new in Bigin is looked up again before it is refused", async () => {
  const { call, fail, sandbox, sent } = await connect();
  const asked = () => sent.filter(({ url }) => url.pathname.endsWith("/settings/fields")).length;
  const body = { fields: [{ api_name: "Last_Name", field_label: "Last Name", data_type: "text" }] };
  sandbox.addFault({ path: /settings\/fields$/, does: status(200, body) });
  await call.list("Contacts", { fields: ["Last Name"], per_page: 1 });
  // Loaded a moment ago, so it is not loaded again.
  const phone = { fields: ["phone"], per_page: 1 };
  expect(await fail.list("Contacts", phone)).toContain('no field "phone"');
  expect(asked()).toBe(1);
  fakeTimers(["performance"]);
  // The simulated clock starts at zero.
  vi.advanceTimersByTime(1_000_000);
  expect(table(await call.list("Contacts", phone)).columns).toEqual(["id", "Phone"]);
  expect(asked()).toBe(2);
});

test("a summary whose time runs out says that it is partial", async () => {
  const { call, client, sandbox } = await connect();
  const records = Array.from({ length: 100 }, (_, at) => ({ Subject: `Task ${at}` }));
  for (let batch = 0; batch < 5; batch += 1) await call.create("Tasks", records);
  fakeTimers(["performance"]);
  const { structuredContent: reply } = await client.callTool(
    { name: "bigin_summarize_records", arguments: { module: "Tasks", group_by: ["status"] } },
    { onprogress: () => void vi.advanceTimersByTime(60_000) },
  );
  expect(reply).toMatchObject({ complete: false });
  const { read } = reply as { read: number };
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(sandbox.store.records("Tasks").size);
});

test("hundreds of records written a moment ago are found, each once", async () => {
  const connected = await connect({ searchLagMs: 20_000 });
  for (let batch = 0; batch < 5; batch += 1) {
    const records = Array.from({ length: 100 }, (_, at) => ({ Subject: `Burst ${batch} ${at}` }));
    await connected.call.create("Tasks", records);
  }
  const args = { module: "Tasks", ...where("subject", "starts_with", "Burst"), per_page: 200 };
  const ids = await allIds(connected, "bigin_search_records", args);
  expect(ids.length).toBe(500);
  expect(new Set(ids).size).toBe(500);
});

test("where the organisation fails for now, the zone is the user's own", async () => {
  const { call, sandbox, restart } = await connect();
  const args = where("Created_Time", "between", "2000-01-01,2100-01-01");
  const usual = await call.search("Contacts", args);
  const again = await restart();
  sandbox.addFault({ path: /\/org$/, times: 9, does: status(503, {}) });
  expect(await again.call.search("Contacts", args)).toEqual(usual);
});
