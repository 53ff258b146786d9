import { expect, test, vi } from "vitest";
import { connect } from "../support/connect.ts";
import { where } from "../support/reads.ts";
import { idsOf, listedIds, table } from "../support/replies.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { recordsIn, status } from "../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;
const profiles = ["full", "maton"] as const;
const idOf = (value: unknown) => (value as { id?: string } | null)?.id;
const nameOf = (value: unknown) => (value as { name?: string } | null)?.name;

async function found(connected: Connected, module: string, filters: object[], more: object = {}) {
  const ids: string[] = [];
  let next: object | undefined = {};
  while (next) {
    const reply: Record<string, unknown> = await connected.call.search(module, {
      filters,
      fields: ["id"],
      per_page: 200,
      ...more,
      ...next,
    });
    ids.push(...listedIds(reply));
    next = reply["more"] as object | undefined;
  }
  return ids.toSorted();
}

test.each(profiles)("%s: labels and API names name the same fields", async (profile) => {
  const connected = await connect({ profile });
  const byLabel = await connected.call.list("deals", {
    fields: ["deal name", "Closing Date", "company name", "owner"],
    sort_by: "closing date",
    per_page: 5,
  });
  expect(byLabel["columns"]).toEqual(["id", "Deal_Name", "Closing_Date", "Account_Name", "Owner"]);
});

test.each(profiles)(
  "%s: a misspelt field fails with the nearest name and is never sent",
  async (profile) => {
    const { fail, sent } = await connect({ profile });
    const told = await fail.search("deals", where("Closing_Dat", "equals", "today"));
    expect(told).toContain('Pipelines has no field "Closing_Dat". Did you mean "Closing');
    expect(sent.some(({ url }) => url.pathname.includes("/search"))).toBe(false);
  },
);

test("a misspelt option, owner or operator fails with the valid ones", async () => {
  const { fail } = await connect();
  const filter = (field: string, op: string, value: string) =>
    fail.search("deals", where(field, op, value));
  expect(await filter("stage", "equals", "Qualificaton")).toContain(
    'Did you mean "Qualification"?',
  );
  expect(await filter("owner", "equals", "Amelia Ston")).toContain('Did you mean "Amelia Stone"?');
  expect(await filter("amount", "starts_with", "1")).toContain(
    "Amount cannot be compared with starts_with. Use one of: equals",
  );
  expect(await filter("amount", "equals", "12.000,50")).toContain(
    '"12.000,50" is not: write digits with a point',
  );
  expect(await filter("closing date", "equals", "2026-02-30")).toContain(
    '"2026-02-30" is not a date for Closing Date',
  );
  expect(await filter("contract signed", "equals", "perhaps")).toContain(
    'Contract Signed is true or false, not "perhaps"',
  );
});

test.each(profiles)("%s: every kind of filter finds what the store holds", async (profile) => {
  const connected = await connect({ profile });
  const deals = recordsIn(connected.sandbox, "Pipelines");
  const same = async (
    filters: object[],
    holds: (deal: Record<string, unknown>) => boolean,
    more = {},
  ) =>
    expect(await found(connected, "deals", filters, more), JSON.stringify(filters)).toEqual(
      deals
        .filter(holds)
        .map(({ id }) => id)
        .toSorted(),
    );
  const amount = (deal: Record<string, unknown>) => Number(deal["Amount"] ?? Number.NaN);
  const owner = nameOf(deals[0]?.["Owner"]);
  const company = deals.find((deal) => deal["Account_Name"])?.["Account_Name"];
  await same(
    [{ field: "amount", op: "greater_than", value: "50000" }],
    (deal) => amount(deal) > 50_000,
  );
  await same(
    [{ field: "amount", op: "between", value: "10000,20000" }],
    (deal) => amount(deal) >= 10_000 && amount(deal) <= 20_000,
  );
  await same(
    [{ field: "stage", op: "equals", value: "closed won" }],
    (deal) => deal["Stage"] === "Closed Won",
  );
  await same(
    [{ field: "stage", op: "not_equal", value: "Closed Won" }],
    (deal) => deal["Stage"] !== "Closed Won",
  );
  await same([{ field: "stage", op: "in", value: "Closed Won, Closed Lost" }], (deal) =>
    /^Closed/.test(String(deal["Stage"])),
  );
  await same(
    [{ field: "owner", op: "equals", value: String(owner) }],
    (deal) => nameOf(deal["Owner"]) === owner,
  );
  await same(
    [{ field: "company name", op: "equals", value: String(nameOf(company)) }],
    (deal) => idOf(deal["Account_Name"]) === idOf(company),
  );
  await same([{ field: "contact name", op: "is_empty" }], (deal) => deal["Contact_Name"] === null);
  await same([{ field: "deal name", op: "contains", value: "TRACKER" }], (deal) =>
    /tracker/i.test(String(deal["Deal_Name"])),
  );
  await same(
    [{ field: "Sub-Pipeline", op: "equals", value: "Renewals" }],
    (deal) => deal["Sub_Pipeline"] === "Renewals",
  );
  await same(
    [
      { field: "stage", op: "equals", value: "Churned" },
      { field: "amount", op: "less_than", value: "9000" },
    ],
    (deal) => deal["Stage"] === "Churned" || amount(deal) < 9000,
    { match: "any" },
  );
});

test("equals compares whole values, not words", async () => {
  const { call } = await connect();
  const names = ["Nango Test Product", "Nango Unlink Test Product"];
  await call.create(
    "Products",
    names.map((Product_Name) => ({ Product_Name })),
  );
  const reply = await call.search(
    "Products",
    where("product name", "equals", "nango test product"),
  );
  expect(table(reply).rows.map((row) => row[1])).toEqual(["Nango Test Product"]);
  const raw = await call.search("Products", {
    criteria: "(Product_Name:equals:Nango Test Product)",
  });
  expect(table(raw).rows).toHaveLength(1);
});

test("searches find records written a moment ago, and not those deleted, although the index lags", async () => {
  const connected = await connect({ searchLagMs: 20_000 });
  const { call } = connected;
  const created = await call.create("Contacts", [
    { Last_Name: "Freshly", Email: "fresh@probe.example", Phone: "+1 (555) 010-9999" },
  ]);
  const [id = ""] = idsOf(created);
  const search = async (args: object) => listedIds(await call.search("Contacts", args));
  for (const args of [
    where("Last Name", "equals", "freshly"),
    { criteria: "(Last_Name:equals:Freshly)" },
    { email: "Fresh@probe.example" },
    { phone: "15550109999" },
    { word: "freshly" },
  ])
    expect(await search(args), JSON.stringify(args)).toEqual([id]);
  await call.update("Contacts", [{ id, Last_Name: "Renamed" }]);
  expect(await search(where("Last Name", "equals", "Freshly"))).toEqual([]);
  expect(await search(where("Last Name", "equals", "Renamed"))).toEqual([id]);
  await call.delete("Contacts", [id]);
  expect(await search({ email: "fresh@probe.example" })).toEqual([]);
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
  const month = new Intl.DateTimeFormat("en-CA", {
    timeZone: "America/New_York",
    year: "numeric",
    month: "2-digit",
  })
    .format(new Date())
    .slice(0, 7);
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
  for (const [stage, count, sum] of table(byStage).rows) {
    const members = deals.filter((deal) => deal["Stage"] === stage);
    expect([count, sum]).toEqual([
      members.length,
      members.reduce((total, deal) => total + Number(deal["Amount"] ?? 0), 0),
    ]);
  }
  expect(table(await call.summarize("deals")).rows).toEqual([[deals.length]]);
  const all = await call.summarize("deals", {
    measure: "amount",
    metrics: ["average", "minimum", "maximum"],
    ...where("stage", "equals", "Closed Won"),
  });
  const won = deals
    .filter((deal) => deal["Stage"] === "Closed Won")
    .map((deal) => Number(deal["Amount"]));
  const mean = Math.round((won.reduce((sum, one) => sum + one, 0) / won.length) * 100) / 100;
  expect(table(all).rows).toEqual([[won.length, mean, Math.min(...won), Math.max(...won)]]);
  const byMonth = await call.summarize("deals", { group_by: ["closing date by month", "owner"] });
  expect(table(byMonth).rows.reduce((sum, row) => sum + Number(row[2]), 0)).toBe(deals.length);
  expect(
    table(byMonth).rows.every(([month]) => /^\d{4}-\d\d$|^\(none\)$/.test(String(month))),
  ).toBe(true);
});

test("a field that cannot be grouped or measured fails with the valid ones", async () => {
  const { fail } = await connect();
  expect(await fail.summarize("deals", { group_by: ["stagee"] })).toContain(
    'Did you mean "Stage"?',
  );
  expect(await fail.summarize("deals", { group_by: ["stage by month"] })).toContain(
    "Stage is not a date",
  );
  expect(await fail.summarize("deals", { measure: "stage" })).toContain(
    "Numbers in Pipelines: Amount",
  );
  expect(await fail.summarize("deals", { metrics: ["sum"] })).toContain("metrics needs measure");
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
  const granted = await full.call("bigin_check_access");
  expect(
    table(granted)
      .rows.filter(([what]) => what !== "tags")
      .every(([, access]) => access === "granted"),
  ).toBe(true);
  const requests = full.sent.length;
  await full.call("bigin_check_access");
  expect(full.sent.length).toBe(requests);
  const stock = new Map(
    (await (
      await connect({ profile: "maton" })
    )
      .call("bigin_check_access")
      .then((reply) => table(reply).rows)) as [string, string][],
  );
  expect(Object.fromEntries(stock)).toMatchObject({
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
  const { call, fail } = await connect({ profile: "maton" });
  const reply = await call.list("deals", { per_page: 2 });
  expect(reply["not_checked"]).toContain("not granted the metadata");
  const described = await call.describe("deals");
  expect(described["not_checked"]).toBeDefined();
  expect(described["fields"]).toEqual(expect.arrayContaining(["Deal_Name*: text"]));
  const records = [{ Last_Name: "Free", Account_Name: "A company that is not there" }];
  expect(await fail.create("Contacts", records)).toContain("No record in Accounts is called");
});

test("writes take labels, options and names, and refuse what Bigin would drop or invent", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  const company = recordsIn(connected.sandbox, "Accounts")[0];
  const created = await call.create("deals", [
    {
      "Deal Name": "By label",
      "sub pipeline": "renewals",
      Stage: "quote sent",
      "company name": company?.["Account_Name"],
      owner: "priya",
    },
  ]);
  const [id = ""] = idsOf(created);
  const kept = sandbox.store.records("Pipelines").get(id);
  expect(kept).toMatchObject({
    Deal_Name: "By label",
    Sub_Pipeline: "Renewals",
    Stage: "Quote Sent",
  });
  expect([idOf(kept?.["Account_Name"]), nameOf(kept?.["Owner"])]).toEqual([
    company?.id,
    "Priya Raman",
  ]);
  const before =
    recordsIn(connected.sandbox, "Contacts").length +
    recordsIn(connected.sandbox, "Accounts").length;
  const refused = (records: object[]) => fail.create("Contacts", records);
  expect(await refused([{ Last_Name: "A" }, { Last_Name: "B", Emial: "b@x.example" }])).toContain(
    'Row 2: Contacts has no field "Emial". Did you mean "Email"?',
  );
  expect(await refused([{ Last_Name: "A", Account_Name: "Nobody Ever Founded This" }])).toContain(
    "No record in Accounts is called",
  );
  expect(
    recordsIn(connected.sandbox, "Contacts").length +
      recordsIn(connected.sandbox, "Accounts").length,
  ).toBe(before);
});

test("a name that is new in Bigin is looked up again before it is refused", async () => {
  const { call, fail, sandbox, sent } = await connect();
  const asked = () => sent.filter(({ url }) => url.pathname.endsWith("/settings/fields")).length;
  const body = { fields: [{ api_name: "Last_Name", field_label: "Last Name", data_type: "text" }] };
  sandbox.addFault({ path: /settings\/fields$/, does: status(200, body) });
  const list = { module: "Contacts", fields: ["Last Name"], per_page: 1 };
  await call("bigin_list_records", list);
  // Loaded a moment ago, so it is not loaded again.
  expect(await fail("bigin_list_records", { ...list, fields: ["phone"] })).toContain(
    'no field "phone"',
  );
  expect(asked()).toBe(1);
  fakeTimers(["Date"], Date.now() + 10_000);
  expect((await call("bigin_list_records", { ...list, fields: ["phone"] }))["columns"]).toEqual([
    "id",
    "Phone",
  ]);
  expect(asked()).toBe(2);
});

test("a summary whose time runs out says that it is partial", async () => {
  const { call, client, sandbox } = await connect();
  const records = Array.from({ length: 100 }, (_, at) => ({ Subject: `Task ${at}` }));
  for (let batch = 0; batch < 5; batch += 1) await call.create("Tasks", records);
  fakeTimers(["Date"], Date.now());
  const { structuredContent: reply } = await client.callTool(
    { name: "bigin_summarize_records", arguments: { module: "Tasks", group_by: ["status"] } },
    { onprogress: () => void vi.setSystemTime(Date.now() + 60_000) },
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
  const ids = await found(connected, "Tasks", [
    { field: "subject", op: "starts_with", value: "Burst" },
  ]);
  expect(ids.length).toBe(500);
  expect(new Set(ids).size).toBe(500);
});

test("the module of a note's or task's parent can be given by any of its names", async () => {
  const connected = await connect();
  const [deal] = recordsIn(connected.sandbox, "Pipelines");
  const created = await connected.call.create("tasks", [
    { Subject: "Linked", What_Id: deal?.id, $se_module: "deals" },
  ]);
  const [id = ""] = idsOf(created);
  expect(idOf(connected.sandbox.store.records("Tasks").get(id)?.["What_Id"])).toBe(deal?.id);
});
