import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { pages, where } from "../../support/reads.ts";
import { column, recordIn, table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;

const profiles = ["full", "maton"] as const;
const allMetrics = ["sum", "average", "minimum", "maximum"];
const stages = { Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
const group = (name: string) => where("deal name", "starts_with", name);

/** Deals of these amounts, found by the name. */
function seedDeals({ sandbox }: Connected, name: string, amounts: readonly unknown[], more = {}) {
  const rows = amounts.map((Amount, at) => ({
    Deal_Name: `${name} ${at}`,
    ...stages,
    Amount,
    ...more,
  }));
  return seed(sandbox, "Pipelines", rows);
}

/** The figures of the one row of a summary, by column. */
async function figures({ call }: Connected, name: string, metrics: readonly string[] = allMetrics) {
  const reply = await call.summarize("deals", { ...group(name), measure: "amount", metrics });
  const { records } = table(reply);
  expect(records).toHaveLength(1);
  return records[0];
}

test.each(profiles)("%s: nothing is rounded", async (profile) => {
  const connected = await connect({ profile });
  await seedDeals(connected, "Tenths", [0.1, 0.2]);
  await seedDeals(connected, "Thousandths", [0.004]);
  await seedDeals(connected, "Apart", [1e15, 1e-9, null]);
  await seedDeals(connected, "Thirds", [5, 5, 0]);
  await seedDeals(connected, "Negative", [-0.7, 0.1, -1e-9]);
  expect(await figures(connected, "Tenths")).toEqual({
    count: 2,
    "sum Amount": 0.3,
    "average Amount": 0.15,
    "minimum Amount": 0.1,
    "maximum Amount": 0.2,
    "count with Amount": 2,
  });
  expect(await figures(connected, "Thousandths")).toMatchObject({
    "sum Amount": 0.004,
    "average Amount": 0.004,
  });
  // JSON numbers cannot hold these sums: they are texts.
  expect(await figures(connected, "Apart")).toEqual({
    count: 3,
    "sum Amount": "1000000000000000.000000001",
    "average Amount": "500000000000000.0000000005",
    "minimum Amount": 1e-9,
    "maximum Amount": 1e15,
    "count with Amount": 2,
  });
  expect(await figures(connected, "Thirds")).toMatchObject({ "average Amount": 10 / 3 });
  expect(await figures(connected, "Negative")).toMatchObject({
    "sum Amount": -0.600000001,
    "minimum Amount": -0.7,
  });
  const listed = await connected.call.search("deals", {
    ...group("Apart"),
    sort_by: "amount desc",
  });
  expect(column(listed, "Amount")).toEqual([1e15, 1e-9, null]);
  const least = { ...where("amount", "between", "0.0000000005,0.000000002"), fields: ["amount"] };
  expect(column(await connected.call.search("deals", least), "Amount")).toEqual([1e-9]);
});

test("sums of any amounts are exact", async () => {
  const amount = fc.tuple(
    fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
    fc.integer({ min: 0, max: 9 }),
  );
  const connected = await connect();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(amount, { minLength: 1, maxLength: 12 }), async (amounts) => {
      run += 1;
      await seedDeals(
        connected,
        `Run ${run} of`,
        amounts.map(([digits, scale]) => Number(`${digits}e-${scale}`)),
      );
      const exact = amounts.reduce(
        (sum, [digits, scale]) => sum + digits * 10n ** BigInt(9 - scale),
        0n,
      );
      const { "sum Amount": sum } = (await figures(connected, `Run ${run} of`, ["sum"])) ?? {};
      expect(inBillionths(sum)).toBe(exact);
    }),
    { numRuns: 30 },
  );
});

/** A sum as a whole number of billionths. */
function inBillionths(shown: unknown): bigint {
  const [, whole = "", fraction = "", power = "0"] =
    /^(-?\d+)(?:\.(\d+))?(?:e(.+))?$/.exec(String(shown)) ?? [];
  return BigInt(`${whole}${fraction}`) * 10n ** BigInt(9 + Number(power) - fraction.length);
}

test("an amount of more digits than a number of JavaScript holds is shown and added as it is", async () => {
  const connected = await connect();
  const [id] = recordsIn(connected.sandbox, "Pipelines").map((deal) => deal.id);
  const body = `{"data":[{"id":"${id}","Amount":9007199.254740982},{"id":"${id}1","Amount":9007199.254740982}],"info":{"more_records":false}}`;
  connected.sandbox.addFault({ path: /\/Pipelines$/, does: status(200, body), times: 2 });
  const listed = await connected.call.list("deals", { fields: ["amount"] });
  expect(column(listed, "Amount")).toEqual(["9007199.254740982", "9007199.254740982"]);
  const reply = await connected.call.summarize("deals", { measure: "amount" });
  expect(table(reply).records[0]).toMatchObject({ "sum Amount": "18014398.509481964" });
});

let mixed: Connected;
let stored: Record<string, unknown>[];
beforeAll(async () => {
  mixed = await connect({ currencies: true, replyTokens: 20_000 });
  const rows = Array.from({ length: 2_400 }, (_, at) => ({
    Deal_Name: `Mixed ${at}`,
    ...stages,
    Amount: at % 7 === 0 ? null : at / 1000,
    Currency: ["EUR", "USD", "GBP"][at % 3],
  }));
  await seed(mixed.sandbox, "Pipelines", rows);
  stored = recordsIn(mixed.sandbox, "Pipelines");
}, 60_000);

/** The amounts in a currency as whole thousandths, which are added without rounding. */
function thousandths(
  currency: string,
  fits: (deal: Record<string, unknown>) => boolean = () => true,
) {
  return stored
    .filter(
      (deal) => deal["Currency"] === currency && typeof deal["Amount"] === "number" && fits(deal),
    )
    .map((deal) => Math.round(Number(deal["Amount"]) * 1000));
}

test("amounts of several currencies are never added up or compared", async () => {
  const reply = await mixed.call.summarize("deals", { measure: "amount", metrics: allMetrics });
  const { records } = table(reply);
  expect(records.map((row) => row["Currency"]).toSorted()).toEqual(["EUR", "GBP", "USD"]);
  for (const row of records) {
    const amounts = thousandths(String(row["Currency"]));
    const total = amounts.reduce((sum, one) => sum + one, 0);
    expect(row).toMatchObject({
      count: stored.filter((deal) => deal["Currency"] === row["Currency"]).length,
      "count with Amount": amounts.length,
      "sum Amount": total / 1000,
      "minimum Amount": Math.min(...amounts) / 1000,
      "maximum Amount": Math.max(...amounts) / 1000,
    });
    expect(Number(row["average Amount"])).toBeCloseTo(total / amounts.length / 1000, 9);
  }
  const byStage = table(
    await mixed.call.summarize("deals", { group_by: ["stage"], measure: "amount" }),
  );
  for (const row of byStage.records) {
    const amounts = thousandths(String(row["Currency"]), (deal) => deal["Stage"] === row["Stage"]);
    expect(row["sum Amount"]).toBe(amounts.reduce((sum, one) => sum + one, 0) / 1000);
  }
  expect(new Set(byStage.records.map((row) => row["Stage"]))).toEqual(
    new Set(stored.map((deal) => deal["Stage"])),
  );
  // Within a currency the largest comes first.
  const byOwner = table(
    await mixed.call.summarize("deals", { group_by: ["owner"], measure: "amount" }),
  );
  for (const currency of ["EUR", "USD", "GBP"]) {
    const sums = byOwner.records
      .filter((row) => row["Currency"] === currency)
      .map((row) => Number(row["sum Amount"]));
    expect(sums).toEqual(sums.toSorted((a, b) => b - a));
  }
});

test("figures in one of several currencies name it, and counts need none", async () => {
  const euros = await mixed.call.summarize("deals", {
    ...where("currency", "equals", "EUR"),
    measure: "amount",
  });
  expect(euros).toMatchObject({ currency: "EUR", columns: ["count", "sum Amount"] });
  const asked = await mixed.call.summarize("deals", { group_by: ["currency"], measure: "amount" });
  expect(asked["columns"]).toEqual(["Currency", "count", "sum Amount"]);
  const counted = await mixed.call.summarize("deals", { group_by: ["stage"] });
  expect(counted["columns"]).toEqual(["Stage", "count"]);
  const none = await mixed.call.summarize("deals", { ...group("Nothing"), measure: "amount" });
  expect(none).toMatchObject({ rows: [[0, 0]] });
});

test.each(profiles)("%s: lists name the currency where there are several", async (profile) => {
  const several = await connect({ currencies: true, profile });
  const one = await connect({ profile });
  const company = recordsIn(several.sandbox, "Pipelines").find((deal) => deal["Account_Name"]);
  const { id } = Object(company?.["Account_Name"]);
  const related = { module: "companies", id, related_list: "deals", fields: ["amount"] };
  const lists = [
    ["bigin_list_records", { module: "deals", per_page: 5 }],
    ["bigin_list_records", { module: "deals", fields: ["deal name", "amount"], per_page: 5 }],
    ["bigin_search_records", { module: "deals", ...where("stage", "equals", "Closed Won") }],
    [
      "bigin_search_records",
      { module: "deals", ...where("amount", "is_not_empty"), fields: ["amount"] },
    ],
    // The stock connection may not read the list of a company's deals in the engine's form.
    ...(profile === "full" ? [["bigin_list_related_records", related] as const] : []),
    ["bigin_list_records", { module: "products", fields: ["unit price"], per_page: 5 }],
  ] as const;
  for (const [tool, args] of lists) {
    const reply = await several.call(tool, args);
    expect(column(reply, "Currency").every(Boolean), JSON.stringify(args)).toBe(true);
    const { rows } = table(reply);
    expect(rows.length).toBeGreaterThan(0);
    expect(table(await one.call(tool, args)).columns).not.toContain("Currency");
  }
  expect(table(await several.call.list("deals", { fields: ["stage"] })).columns).toEqual([
    "id",
    "Stage",
  ]);
  const deal = recordsIn(several.sandbox, "Pipelines")[0];
  const read = await several.call.get("deals", deal?.id, { fields: ["amount"] });
  expect(recordIn(read)).toMatchObject({ Currency: deal?.["Currency"] });
  expect(
    recordIn(await one.call.get("deals", deal?.id, { fields: ["amount"] })),
  ).not.toHaveProperty("Currency");
});

test.each(profiles)(
  "%s: without metadata too, amounts of several currencies are kept apart",
  async (profile) => {
    const connected = await connect({ currencies: true, profile });
    const deals = recordsIn(connected.sandbox, "Pipelines");
    const sums = new Map<unknown, number>();
    for (const deal of deals)
      sums.set(deal["Currency"], (sums.get(deal["Currency"]) ?? 0) + Number(deal["Amount"] ?? 0));
    for await (const reply of pages(connected, "bigin_summarize_records", {
      module: "deals",
      measure: "amount",
    }))
      for (const row of table(reply).records)
        expect(row["sum Amount"]).toBe(sums.get(row["Currency"]));
  },
);

test.each([
  ["greater_than", "999999999999999.999999999", [1_000_000_000_000_000]],
  ["less_than", "1000000000000000.000000001", [1_000_000_000_000_000, 0.000000001]],
  ["equals", "0.0000000010", [0.000000001]],
  ["between", "0.0000000005,0.0000000015", [0.000000001]],
])("a filter is compared digit by digit: %s %s", async (op, value, amounts) => {
  const connected = await connect();
  await seedDeals(connected, "Exact", [1_000_000_000_000_000, 0.000000001]);
  const filters = [
    { field: "deal name", op: "starts_with", value: "Exact" },
    { field: "amount", op, value },
  ];
  const found = table(
    await connected.call.search("deals", { filters, fields: ["amount"], sort_by: "amount desc" }),
  );
  expect(found.rows.map(([, amount]) => amount)).toEqual(amounts);
});
