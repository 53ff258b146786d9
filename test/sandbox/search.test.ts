import fc from "fast-check";
import { expect, test } from "vitest";
import { type Criteria, parseCriteria } from "../../src/sandbox/criteria.ts";
import { createSandboxClient, type SandboxClient } from "../support/sandbox-client.ts";

function search({ get }: SandboxClient, module: string, query: Record<string, string>) {
  return get(`/${module}/search`, query);
}

/** The values of one field in the records that match, in the order of the reply. */
async function matches(client: SandboxClient, module: string, criteria: string, field: string) {
  const { body } = await search(client, module, { criteria, fields: field });
  return (body.data ?? []).map((row) => row[field]);
}

test("equals matches words, not values, and exact matches come first", async () => {
  const client = createSandboxClient();
  const [short, long] = ["Test Product", "Test Unlink Product"];
  await client.insert("Products", { Product_Name: short }, { Product_Name: long });
  const found = (value: string) =>
    matches(client, "Products", `(Product_Name:equals:${value})`, "Product_Name");
  expect(await found("product TEST")).toEqual([long, short]);
  expect(await found("Test Product")).toEqual([short, long]);
  expect(await found("Test Prod")).toEqual([]);
});

test("conditions combine by and, or and parentheses", async () => {
  const client = createSandboxClient();
  await client.insert(
    "Contacts",
    { Last_Name: "Zzone", Lead_Score: 10 },
    { Last_Name: "Zztwo", Lead_Score: 20 },
    { Last_Name: "Zzthree", Lead_Score: 30 },
  );
  for (const [criteria, ...names] of [
    ["((Last_Name:starts_with:Zz)and(Lead_Score:greater_than:10))", "Zzthree", "Zztwo"],
    [
      "((Last_Name:starts_with:zz)and((Lead_Score:equals:10)or(Lead_Score:equals:30)))",
      "Zzthree",
      "Zzone",
    ],
    ["((Last_Name:starts_with:Zz)and(Lead_Score:between:15,25))", "Zztwo"],
    ["(Last_Name:in:Zzone,Zztwo)", "Zztwo", "Zzone"],
    ["((Last_Name:starts_with:Zz)and(Lead_Score:not_equal:20))", "Zzthree", "Zzone"],
  ] as const)
    expect(await matches(client, "Contacts", criteria, "Last_Name"), criteria).toEqual(names);
});

test("lookups are found by name and by id", async () => {
  const client = createSandboxClient();
  const account = client.id("Accounts");
  const related = await client.get(`/Accounts/${account}/Contacts`, { fields: "id" });
  const expected = related.body.data.map((row) => row.id).sort();
  const ids = (criteria: string) => matches(client, "Contacts", criteria, "id");
  expect((await ids(`(Account_Name.id:equals:${account})`)).sort()).toEqual(expected);
  expect((await ids("(Account_Name:equals:Northwind Traders)")).sort()).toEqual(expected);
});

test("times with an offset and booleans are compared as such", async () => {
  const client = createSandboxClient();
  client.time.now += 60_000;
  await client.put(`/Accounts/${client.id("Accounts")}`, { Phone: "1" });
  const modified = "(Modified_Time:greater_than:2026-11-20T15:00:30+00:00)";
  expect(await matches(client, "Accounts", modified, "Account_Name")).toEqual([
    "Northwind Traders",
  ]);
  const inactive = "(Product_Active:equals:false)";
  expect(await matches(client, "Products", inactive, "Product_Name")).toEqual([
    "Route Planner (legacy)",
  ]);
});

test("email, phone and word select on their own, and one selector is required", async () => {
  const client = createSandboxClient();
  const contact = { Last_Name: "Zed", Email: "zed@example.com", Mobile: "+1 (999) 555-0100" };
  await client.insert("Contacts", contact);
  const found = async (query: Record<string, string>) =>
    (await search(client, "Contacts", { ...query, fields: "Last_Name" })).row["Last_Name"];
  expect(await found({ email: "ZED@example.com" })).toBe("Zed");
  expect(await found({ phone: "19995550100" })).toBe("Zed");
  expect(await found({ word: "zed" })).toBe("Zed");
  const status = async (query: Record<string, string>) =>
    (await search(client, "Contacts", query)).status;
  expect(await status({ email: "unknown@example.com" })).toBe(204);
  expect(await status({ word: "z" })).toBe(400);
  const { body } = await search(client, "Contacts", { fields: "id" });
  expect(body.code).toBe("REQUIRED_PARAM_MISSING");
});

test("word finds beginnings of words in any order and in any field, never middles", async () => {
  const client = createSandboxClient();
  const contact = { Last_Name: "Zedwick", First_Name: "Ann-Sofie", Title: "Éclair Chef" };
  await client.insert("Contacts", contact);
  const status = async (word: string) => (await search(client, "Contacts", { word })).status;
  for (const word of ["zedw", "chef zed", "sofie écl", "ZEDWICK"])
    expect(await status(word), word).toBe(200);
  for (const word of ["edwick", "zedwick nothere", "..."])
    expect(await status(word), word).toBe(204);
});

test.each([
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
])("in %s, %s is an INVALID_QUERY", async (module, criteria) => {
  const { status, body } = await search(createSandboxClient(), module, { criteria });
  expect([status, body.code]).toEqual([400, "INVALID_QUERY"]);
});

test("escaped special characters are found", async () => {
  const client = createSandboxClient();
  const name = "Smith, Jones (Holding) \\ Co";
  await client.insert("Accounts", { Account_Name: name });
  const criteria = "(Account_Name:starts_with:Smith\\, Jones \\(Holding\\) \\\\)";
  expect(await matches(client, "Accounts", criteria, "Account_Name")).toEqual([name]);
});

test("search returns a deal's team pipeline as Layout, a list returns it as Pipeline", async () => {
  const client = createSandboxClient();
  const found = await search(client, "Pipelines", { word: "fleet", fields: "Deal_Name,Pipeline" });
  expect(Object.keys(found.row).sort()).toEqual(["Deal_Name", "Layout", "id"]);
  expect(Object.keys(found.row["Layout"] ?? {})).toEqual(["name", "id", "display_label"]);
  expect(Object.keys(found.body.info)).toEqual([
    "per_page",
    "count",
    "sort_by",
    "page",
    "sort_order",
    "more_records",
  ]);
  const listed = await client.get("/Pipelines", { fields: "Pipeline", per_page: "1" });
  expect(listed.row["Pipeline"]).toHaveProperty("name");
});

test("search without fields returns fields of the engine below Bigin", async () => {
  const { row } = await search(createSandboxClient(), "Contacts", { word: "an" });
  expect(row).toMatchObject({ Skype_ID: null, Locked__s: false, $state: "save" });
});

test("during the lag a write is invisible to search, but not to get", async () => {
  const client = createSandboxClient({ searchLagMs: 15_000 });
  const status = async (word: string) => (await search(client, "Contacts", { word })).status;
  expect(await status("an")).toBe(200);
  const { id } = (await client.insert("Contacts", { Last_Name: "Laggard" })).row.details;
  expect(await status("Laggard")).toBe(204);
  expect((await client.get(`/Contacts/${id}`)).status).toBe(200);
  client.time.now += 15_000;
  expect(await status("Laggard")).toBe(200);
  await client.put(`/Contacts/${id}`, { Last_Name: "Renamed" });
  expect([await status("Laggard"), await status("Renamed")]).toEqual([200, 204]);
  client.time.now += 15_000;
  await client.send("DELETE", `/Contacts/${id}`);
  expect(await status("Renamed")).toBe(200);
  client.time.now += 15_000;
  expect(await status("Renamed")).toBe(204);
});

test("search is refused past 2,000 matches", async () => {
  const client = createSandboxClient();
  const query = { word: "an", page: "11", per_page: "200" };
  const { status, body } = await search(client, "Contacts", query);
  expect([status, body.code]).toEqual([400, "LIMIT_REACHED"]);
});

test("count takes the selectors of search", async () => {
  const client = createSandboxClient();
  const count = await client.get("/Contacts/actions/count", { word: "an" });
  const found = await search(client, "Contacts", { word: "an", fields: "id" });
  expect(count.body.count).toBe(found.body.data.length);
});

function escaped(value: string): string {
  return value.replace(/[\\(),]/g, (char) => `\\${char}`);
}

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

test("any tree of conditions parses to what was written", () => {
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

test("any text parses or is refused with status 400", () => {
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
