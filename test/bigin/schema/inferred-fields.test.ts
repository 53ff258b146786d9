import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { table } from "../../support/replies.ts";
import { erase, seed } from "../../support/seeded.ts";
import { recordsIn } from "../../support/writes.ts";

const onMaton = (options: object = {}) => connect({ profile: "maton", ...options });

test("a field that no record has is refused in every argument and never sent", async () => {
  const { fail, sent } = await onMaton();
  const refusals = [
    fail.summarize("companies", where("bananas", "is_empty")),
    fail.summarize("companies", { group_by: ["bananas"] }),
    fail.summarize("companies", { measure: "bananas" }),
    fail.search("companies", { criteria: "(bananas:equals:x)" }),
    fail.list("companies", { fields: ["bananas"] }),
  ];
  for (const told of await Promise.all(refusals))
    expect(told).toContain('Accounts has no field "bananas". Fields: Account_Name,');
  const asked = sent.flatMap(({ url }) => [...url.searchParams.values()]);
  expect(asked.filter((value) => value.includes("bananas"))).toEqual([]);
});

test("fields are inferred from records once, with three requests", async () => {
  const { call, sent } = await onMaton();
  const fields = ["last name", "lead score"];
  for (const page of [1, 2]) await call.list("Contacts", { fields, per_page: 1, page });
  expect(sent.filter(({ url }) => /\/Contacts(\/\d+)?$/.test(url.pathname))).toHaveLength(5);
});

test("without metadata, custom fields are named by their API name in words and compared by their values", async () => {
  const { call, fail, sandbox } = await onMaton({ renamed: true });
  const contacts = recordsIn(sandbox, "Contacts");
  const scores = contacts.map((contact) => Number(contact["Lead_Score"] ?? Number.NaN));
  const high = scores.filter((score) => score > 50);
  const filters = [{ field: "lead score", op: "greater_than", value: "50" }];
  const found = await call.search("Contacts", { filters });
  expect(found["total"]).toBe(high.length);
  const summary = { module: "Contacts", measure: "Lead_Score", filters };
  expect(await call("bigin_summarize_records", summary)).toMatchObject({
    rows: [[high.length, high.reduce((sum, score) => sum + score, 0)]],
    not_checked: expect.stringContaining("cannot read the metadata"),
  });
  const records = { module: "Contacts", fields: ["Mail address"] };
  expect(await fail("bigin_list_records", records)).toContain(
    "Name custom fields by their API name here, such as Lead_Score.",
  );
});

test("every operator works on a custom field, whatever its type", async () => {
  const { call, sandbox } = await onMaton({ extraFields: 13 });
  const [company] = recordsIn(sandbox, "Accounts");
  const [low, high] = await seed(sandbox, "Contacts", [
    {
      Last_Name: "Low",
      Extra_Field_1: "apple",
      Extra_Field_3: 10,
      Extra_Field_6: false,
      Extra_Field_7: "2031-01-01",
      Extra_Field_8: "2031-01-01T12:00:00-05:00",
    },
    {
      Last_Name: "High",
      Extra_Field_1: "pear",
      Extra_Field_3: 20,
      Extra_Field_6: true,
      Extra_Field_7: "2031-02-01",
      Extra_Field_8: "2031-02-01T12:00:00-05:00",
      Extra_Field_13: { id: company?.id },
    },
  ]);
  const cases: [string, string, string | undefined, unknown[]][] = [
    ["Extra_Field_1", "starts_with", "app", [low]],
    ["Extra_Field_3", "less_than", "15", [low]],
    ["Extra_Field_3", "between", "15,25", [high]],
    ["Extra_Field_6", "equals", "yes", [high]],
    ["Extra_Field_7", "greater_equal", "2031-01-15", [high]],
    ["Extra_Field_8", "in", "2031-01-01,2031-01-02", [low]],
    ["Extra_Field_13", "equals", company?.id, [high]],
    ["Extra_Field_13", "contains", String(company?.["Account_Name"]), [high]],
    ["Extra_Field_1", "is_not_empty", undefined, [high, low]],
  ];
  for (const [field, op, value, ids] of cases) {
    const filters = [{ field, op, ...(value !== undefined && { value }) }];
    const reply = await call.search("Contacts", { filters });
    const found = table(reply).rows.map(([id]) => id);
    expect(found.toSorted(), `${field} ${op}`).toEqual(ids.toSorted());
  }
});

test("a field that is empty in all sampled records takes every operator and is filtered locally", async () => {
  const { call, sandbox, sent } = await onMaton();
  const old = await seed(sandbox, "Contacts", [{ Last_Name: "Old", Lead_Score: 77 }]);
  const many = Array.from({ length: 250 }, (_, at) => ({ Last_Name: `Newer ${at}` }));
  await seed(sandbox, "Contacts", many);
  for (const [op, value] of [
    ["between", "76.5,77.5"],
    ["equals", "77"],
  ]) {
    const filters = [
      { field: "Lead_Score", op, value },
      { field: "last name", op: "equals", value: "Old" },
    ];
    const reply = await call.search("Contacts", { filters });
    expect(table(reply).rows.map(([id]) => id)).toEqual(old);
  }
  const criteria = sent.map(({ url }) => url.searchParams.get("criteria") ?? "");
  expect(criteria.some((text) => text.includes("Last_Name"))).toBe(true);
  expect(criteria.some((text) => text.includes("Lead_Score"))).toBe(false);
});

test("in an empty module an unknown field name is accepted and filtered locally", async () => {
  const { call, sandbox, sent } = await onMaton();
  const gone = [...sandbox.store.records("Products").keys()];
  await erase(sandbox, "Products", gone);
  const reply = await call.search("products", where("Warranty", "greater_than", "12"));
  expect(reply).toMatchObject({ rows: [], total: 0, not_checked: expect.anything() });
  expect(sent.some(({ url }) => url.pathname.endsWith("/search"))).toBe(false);
});

test("if records cannot be read either, field names are used as given", async () => {
  const { fail } = await onMaton();
  const told = await fail.list("Tasks", { fields: ["Anything"] });
  expect(told).toContain("OAUTH_SCOPE_MISMATCH");
});
