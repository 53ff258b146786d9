import fc from "fast-check";
import { expect, test } from "vitest";
import { type Criteria, parseCriteria } from "../../src/sandbox/criteria.ts";
import { type Bench, bench } from "./harness.ts";

const search = (b: Bench, module: string, query: Record<string, string>) =>
  b.get(`/${module}/search`, query);
const names = async (b: Bench, module: string, criteria: string, field: string) => {
  const { body } = await search(b, module, { criteria, fields: field });
  return body === "" ? [] : body.data.map((row: Record<string, unknown>) => row[field]);
};
const make = async (b: Bench, module: string, ...data: unknown[]) => {
  const { body } = await b.call("POST", `/${module}`, { data });
  return body.data.map((row: { details: { id: string } }) => row.details.id);
};

test("equals matches words, not values; the closest hit comes first", async () => {
  const b = bench();
  await make(
    b,
    "Products",
    { Product_Name: "Test Product" },
    { Product_Name: "Test Unlink Product" },
  );
  expect(await names(b, "Products", "(Product_Name:equals:product TEST)", "Product_Name")).toEqual([
    "Test Unlink Product",
    "Test Product",
  ]);
  expect(await names(b, "Products", "(Product_Name:equals:Test Product)", "Product_Name")).toEqual([
    "Test Product",
    "Test Unlink Product",
  ]);
  expect(await names(b, "Products", "(Product_Name:equals:Test Prod)", "Product_Name")).toEqual([]);
});

test("and, or and nesting", async () => {
  const b = bench();
  await make(
    b,
    "Contacts",
    { Last_Name: "Zzone", Lead_Score: 10 },
    { Last_Name: "Zztwo", Lead_Score: 20 },
    { Last_Name: "Zzthree", Lead_Score: 30 },
  );
  const found = (criteria: string) => names(b, "Contacts", criteria, "Last_Name");
  expect(await found("((Last_Name:starts_with:Zz)and(Lead_Score:greater_than:10))")).toEqual([
    "Zzthree",
    "Zztwo",
  ]);
  expect(
    await found("((Last_Name:starts_with:zz)and((Lead_Score:equals:10)or(Lead_Score:equals:30)))"),
  ).toEqual(["Zzthree", "Zzone"]);
  expect(await found("((Last_Name:starts_with:Zz)and(Lead_Score:between:15,25))")).toEqual([
    "Zztwo",
  ]);
  expect(await found("(Last_Name:in:Zzone,Zztwo)")).toEqual(["Zztwo", "Zzone"]);
  expect(await found("((Last_Name:starts_with:Zz)and(Lead_Score:not_equal:20))")).toEqual([
    "Zzthree",
    "Zzone",
  ]);
});

test("lookups by name and by id, times with their offset, booleans", async () => {
  const b = bench();
  const account = b.id("Accounts");
  const direct = await b.get(`/Accounts/${account}/Contacts`, { fields: "Full_Name" });
  const byId = await search(b, "Contacts", {
    criteria: `(Account_Name.id:equals:${account})`,
    fields: "id",
  });
  expect(byId.body.data).toHaveLength(direct.body.data.length);
  const byName = await search(b, "Contacts", {
    criteria: "(Account_Name:equals:Northwind Traders)",
    fields: "id",
  });
  expect(byName.body.data).toHaveLength(direct.body.data.length);
  b.time.now += 60_000;
  await b.call("PUT", `/Accounts/${account}`, { data: [{ Phone: "1" }] });
  const recent = "(Modified_Time:greater_than:2026-11-20T15:00:30+00:00)";
  expect(await names(b, "Accounts", recent, "Account_Name")).toEqual(["Northwind Traders"]);
  expect(await names(b, "Products", "(Product_Active:equals:false)", "Product_Name")).toEqual([
    "Route Planner (legacy)",
  ]);
});

test("email, phone and word are selectors of their own; one is needed", async () => {
  const b = bench();
  await make(b, "Contacts", {
    Last_Name: "Zed",
    Email: "zed@example.com",
    Mobile: "+1 (999) 555-0100",
  });
  const hit = async (query: Record<string, string>) =>
    (await search(b, "Contacts", { ...query, fields: "Last_Name" })).body.data?.[0]?.Last_Name;
  expect(await hit({ email: "ZED@example.com" })).toBe("Zed");
  expect(await hit({ phone: "19995550100" })).toBe("Zed");
  expect(await hit({ word: "zed" })).toBe("Zed");
  expect((await search(b, "Contacts", { email: "nobody@example.com" })).status).toBe(204);
  expect((await search(b, "Contacts", { fields: "id" })).body.code).toBe("REQUIRED_PARAM_MISSING");
  expect((await search(b, "Contacts", { word: "z" })).status).toBe(400);
});

test("what cannot be searched is an INVALID_QUERY", async () => {
  const b = bench();
  const bad: [string, string][] = [
    ["Pipelines", "(Sub_Pipeline:equals:Renewals)"],
    ["Pipelines", "(Pipeline:equals:Onboarding)"],
    ["Contacts", "(Nope:equals:x)"],
    ["Contacts", "(Last_Name:contains:x)"],
    ["Contacts", "(Last_Name:greater_than:x)"],
    ["Contacts", "(Email_Opt_Out:in:true,false)"],
    ["Contacts", "(Email_Opt_Out:equals:yes)"],
    ["Pipelines", "(Amount:equals:much)"],
    ["Contacts", "(Created_Time:greater_than:2026-11-20)"],
    ["Contacts", "Last_Name:equals:x"],
    ["Contacts", "((Last_Name:equals:x)"],
    ["Contacts", "(Last_Name:equals:x)(First_Name:equals:y)"],
    ["Contacts", "(Last_Name:equals:)"],
    ["Contacts", "(Last_Name:equals:a(b)"],
    ["Contacts", "(Last_Name:equals:a,b)"],
  ];
  for (const [module, criteria] of bad) {
    const answer = await search(b, module, { criteria });
    expect([answer.status, answer.body.code], criteria).toEqual([400, "INVALID_QUERY"]);
  }
});

test("special characters are found when escaped", async () => {
  const b = bench();
  await make(b, "Accounts", { Account_Name: "Smith, Jones (Holding) \\ Co" });
  const criteria = "(Account_Name:starts_with:Smith\\, Jones \\(Holding\\) \\\\)";
  expect(await names(b, "Accounts", criteria, "Account_Name")).toEqual([
    "Smith, Jones (Holding) \\ Co",
  ]);
});

test("search shows a deal's team pipeline as Layout and leaks engine fields without `fields`", async () => {
  const b = bench();
  const asked = await search(b, "Pipelines", { word: "fleet", fields: "Deal_Name,Pipeline" });
  expect(Object.keys(asked.body.data[0]).sort()).toEqual(["Deal_Name", "Layout", "id"]);
  expect(Object.keys(asked.body.data[0].Layout)).toEqual(["name", "id", "display_label"]);
  expect(Object.keys(asked.body.info)).toEqual([
    "per_page",
    "count",
    "sort_by",
    "page",
    "sort_order",
    "more_records",
  ]);
  const whole = await search(b, "Contacts", { word: "an" });
  expect(whole.body.data[0]).toMatchObject({ Skype_ID: null, Locked__s: false, $state: "save" });
  const listed = await b.get("/Pipelines", { fields: "Pipeline", per_page: "1" });
  expect(listed.body.data[0].Pipeline).toHaveProperty("name");
});

test("a write stays invisible to search for as long as the lag, not to get or list", async () => {
  const b = bench({ searchLagMs: 15_000 });
  const seeded = await search(b, "Contacts", { word: "an", fields: "id" });
  expect(seeded.status).toBe(200);
  const [id] = await make(b, "Contacts", { Last_Name: "Laggard" });
  const status = async (word: string) => (await search(b, "Contacts", { word })).status;
  expect(await status("Laggard")).toBe(204);
  expect((await b.get(`/Contacts/${id}`)).status).toBe(200);
  b.time.now += 15_000;
  expect(await status("Laggard")).toBe(200);
  await b.call("PUT", `/Contacts/${id}`, { data: [{ Last_Name: "Renamed" }] });
  expect([await status("Laggard"), await status("Renamed")]).toEqual([200, 204]);
  b.time.now += 15_000;
  await b.call("DELETE", `/Contacts/${id}`);
  expect(await status("Renamed")).toBe(200);
  b.time.now += 15_000;
  expect(await status("Renamed")).toBe(204);
});

test("search reaches 2,000 hits and counts without fetching", async () => {
  const b = bench();
  const far = await search(b, "Contacts", { word: "an", page: "11", per_page: "200" });
  expect([far.status, far.body.code]).toEqual([400, "LIMIT_REACHED"]);
  const count = await b.get("/Contacts/actions/count", { word: "an" });
  const hits = await search(b, "Contacts", { word: "an", fields: "id" });
  expect(count.body.count).toBe(hits.body.data.length);
});

const escaped = (value: string): string => value.replace(/[\\(),]/g, (char) => `\\${char}`);

test("any value survives escaping and parsing", () => {
  const value = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(value, (text) => {
      const parsed = parseCriteria(`(Last_Name:equals:${escaped(text)})`);
      expect(parsed).toEqual({
        kind: "condition",
        field: "Last_Name",
        op: "equals",
        values: [text],
      });
    }),
  );
});

test("any tree of conditions is read back as it was written", () => {
  const leaf: fc.Arbitrary<Criteria> = fc
    .tuple(
      fc.constantFrom("A", "B_c", "D.id"),
      fc.constantFrom("equals", "in"),
      fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    )
    .map(([field, op, values]) => ({ kind: "condition", field, op, values }));
  const tree = (depth: number): fc.Arbitrary<Criteria> =>
    depth === 0
      ? leaf
      : fc.oneof(
          leaf,
          fc
            .tuple(fc.constantFrom("and", "or"), tree(depth - 1), tree(depth - 1))
            .map(
              ([connector, left, right]): Criteria => ({ kind: "group", connector, left, right }),
            ),
        );
  const write = (node: Criteria): string =>
    node.kind === "condition"
      ? `(${node.field}:${node.op}:${node.values.map(escaped).join(",")})`
      : `(${write(node.left)}${node.connector}${write(node.right)})`;
  fc.assert(
    fc.property(tree(3), (node) => {
      expect(parseCriteria(write(node))).toEqual(node);
    }),
  );
});

test("no text makes the parser fail in any way but its own", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      try {
        parseCriteria(text);
      } catch (error) {
        expect(error).toMatchObject({ status: 400 });
      }
    }),
  );
});
