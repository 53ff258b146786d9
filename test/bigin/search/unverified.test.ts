import { beforeAll, expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;
type Counts = [unknown, number][];

const refusal = status(403, { code: "NO_PERMISSION", details: {}, message: "no", status: "error" });

/** The values of a field in the store, each with its number of records. */
function countsIn({ sandbox }: Connected, module: string, field: string): Map<unknown, number> {
  const counts = new Map<unknown, number>();
  for (const row of recordsIn(sandbox, module)) {
    const value = row[field];
    const name = Object(value).name ?? value;
    if (name !== null && name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The values that a reply lists for a field. */
function listedFor(reply: Readonly<Record<string, unknown>>, field: string): Counts {
  return Object(reply["occurring"])[field] ?? [];
}

/** Each listed value must occur as often as the reply says, and those that occur most must be listed. */
function expectCounts(
  reply: Readonly<Record<string, unknown>>,
  field: string,
  counts: Map<unknown, number>,
) {
  const listed = listedFor(reply, field);
  expect(listed.length).toBe(Math.min(10, counts.size));
  for (const [value, count] of listed) expect([value, count]).toEqual([value, counts.get(value)]);
  const least = Math.min(...listed.map(([, count]) => count));
  const names = listed.map(([value]) => value);
  for (const [value, count] of counts)
    if (!names.includes(value)) expect(count).toBeLessThanOrEqual(least);
}

test.each([
  ["Pipelines", "Stage", where("stage", "equals", "Wonn")],
  ["Pipelines", "Stage", where("stage", "in", "Wonn, Losst")],
  ["Pipelines", "Stage", where("stage", "contains", "wonn")],
  ["Pipelines", "Stage", { criteria: "(Stage:equals:Wonn)" }],
  ["Pipelines", "Sub_Pipeline", where("sub-pipeline", "equals", "Renewels")],
  ["Pipelines", "Competitor", where("Competitor", "equals", "Nobody Known")],
  ["Accounts", "Industry_Segment", where("Industry_Segment", "equals", "Nothing Known")],
  ["Products", "Product_Category", where("product category", "equals", "Nothing")],
  ["Pipelines", "Owner", where("owner", "starts_with", "Zz")],
] as const)(
  "without metadata: nothing in %s, and the values that %s does have: %j",
  async (module, field, args) => {
    const connected = await connect({ profile: "maton" });
    const tools = "criteria" in args ? (["search"] as const) : (["search", "summarize"] as const);
    for (const tool of tools) {
      const reply = await connected.call[tool](module, args);
      expect(table(reply).rows).toEqual(tool === "search" ? [] : [[0]]);
      expect(reply["unverified"]).toEqual(expect.stringContaining(field));
      expectCounts(reply, field, countsIn(connected, module, field));
    }
  },
);

test.each([
  ["an option", where("stage", "equals", "Closed Won")],
  ["several options", where("stage", "in", "Closed Won, Closed Lost")],
  ["a part of an option", where("stage", "contains", "won")],
  ["a user", where("owner", "equals", "me")],
  ["a team pipeline", where("pipeline", "equals", "Sales Pipeline")],
  ["a text", where("deal name", "equals", "No Deal Is Called So")],
  ["a number", where("amount", "equals", "123.456")],
  ["anything but an option", where("stage", "not_equal", "Closed Won")],
] as const)("a zero for %s that is known to exist needs no list of values", async (_, args) => {
  const connected = await connect();
  const never = { field: "deal name", op: "equals", value: "Never" };
  const filters = [...("filters" in args ? args.filters : []), never];
  const teams = [...countsIn(connected, "Pipelines", "Pipeline").keys()];
  if (filters[0]?.field === "pipeline")
    filters[0] = { field: "pipeline", op: "equals", value: String(teams[0]) };
  const reply = await connected.call.search("deals", { filters });
  expect(reply).toMatchObject({ rows: [], total: 0 });
  expect(reply).not.toHaveProperty("unverified");
  expect(reply).not.toHaveProperty("occurring");
});

test("a tag that no record has", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const tagged = ["vip", "vip", "cold"].map((name, at) => ({
    Last_Name: `Tagged ${at}`,
    Tag: [{ name }],
  }));
  await seed(sandbox, "Contacts", tagged);
  const reply = await call.search("Contacts", where("tag", "equals", "vipp"));
  expect(reply["rows"]).toEqual([]);
  expect(Object.fromEntries(listedFor(reply, "Tag"))).toMatchObject({ vip: 2, cold: 1 });
});

test("an option that is missing because some metadata cannot be read", async () => {
  const connected = await connect({
    alter: (path, body) =>
      path.endsWith("/settings/fields")
        ? {
            fields: (body["fields"] as Record<string, unknown>[]).map((field) =>
              field["api_name"] === "Stage"
                ? {
                    ...field,
                    pick_list_values: [
                      { broken: true },
                      ...Object(field["pick_list_values"]).slice(0, 1),
                    ],
                  }
                : field,
            ),
          }
        : body,
  });
  const counts = countsIn(connected, "Pipelines", "Stage");
  const reply = await connected.call.search("deals", where("stage", "equals", "Wonn"));
  expectCounts(reply, "Stage", counts);
  const found = await connected.call.search("deals", where("stage", "equals", "Closed Won"));
  expect(found).toMatchObject({ total: counts.get("Closed Won") });
  expect(found).not.toHaveProperty("unverified");
});

test("a team pipeline where the layouts cannot be read", async () => {
  const connected = await connect({ refused: [{ path: "/settings/layouts", status: 403 }] });
  const reply = await connected.call.search("deals", where("pipeline", "equals", "Salse"));
  expectCounts(reply, "Pipeline", countsIn(connected, "Pipelines", "Pipeline"));
});

let large: Connected;
beforeAll(async () => {
  large = await connect({ profile: "maton" });
  const deals = Array.from({ length: 2_400 }, (_, at) => ({
    Deal_Name: `Large ${at}`,
    Sub_Pipeline: "Renewals",
    Stage: "Quote Sent",
    Competitor: `Rival ${at % 30} ${"long name ".repeat(10)}`,
  }));
  await seed(large.sandbox, "Pipelines", deals);
}, 60_000);

test("in a large module what was filtered here is counted whole, what was searched by its newest records", async () => {
  const scanned = await large.call.search("deals", where("stage", "contains", "wonn"));
  expectCounts(scanned, "Stage", countsIn(large, "Pipelines", "Stage"));
  const searched = await large.call.search("deals", where("stage", "equals", "Wonn"));
  expect(listedFor(searched, "Stage")).toEqual([["Quote Sent", 200]]);
});

test("long values and many of them stay within the reply", async () => {
  const { call } = await connect({ profile: "maton", replyTokens: 1_000 });
  const values = Array.from({ length: 200 }, (_, at) => `No such stage ${at}`);
  const reply = await call.search("deals", where("stage", "in", values.join(",")));
  expect(String(reply["unverified"]).length).toBeLessThan(1_000);
  expect(listedFor(reply, "Stage").length).toBeGreaterThan(3);
  const long = await large.call.search("deals", where("Competitor", "equals", "Nobody"));
  expect(listedFor(long, "Competitor").length).toBeLessThanOrEqual(10);
  expect(JSON.stringify(long).length).toBeLessThan(6_000);
});

test("where the records cannot be read either, the zero is still called into question", async () => {
  const { call, sandbox } = await connect({ profile: "maton" });
  await call.search("deals", where("stage", "equals", "Closed Won"));
  sandbox.addFault({ path: /\/Pipelines$/, does: refusal, times: 5 });
  const reply = await call.search("deals", where("stage", "equals", "Wonn"));
  expect(reply).toMatchObject({ rows: [], unverified: expect.stringContaining("Wonn") });
  expect(reply).not.toHaveProperty("occurring");
});

test("a user's id that no user who could be read has", async () => {
  const { call } = await connect({
    alter: (path, body) =>
      path.endsWith("/users") && Array.isArray(body["users"])
        ? { ...body, users: [...body["users"].slice(1), { ...body["users"][0], id: null }] }
        : body,
  });
  const reply = await call.search("deals", where("owner", "equals", "7618134000000999999"));
  expect(table(reply).rows).toEqual([]);
  expect(reply["unverified"]).toContain("7618134000000999999");
  expect(reply["occurring"]).toHaveProperty("Owner");
});
