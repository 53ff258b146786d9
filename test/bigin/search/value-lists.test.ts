import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { allIds, where } from "../../support/reads.ts";
import { listedIds, table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { people, recordsIn } from "../../support/writes.ts";

const smith = "Smith, Jones & Co";
const quote = 'The "Best", Ltd';

/** Companies whose names have commas and quotes, and one with the name of a part. */
async function withCompanies() {
  const connected = await connect();
  const names = [smith, quote, "Smith", "Plain", "a, b", "c"];
  const ids = await seed(
    connected.sandbox,
    "Accounts",
    names.map((Account_Name) => ({ Account_Name })),
  );
  const nameOf = new Map(ids.map((id, at) => [id, names[at]]));
  const found = async (op: string, value: unknown, field = "company name") => {
    const reply = await connected.call.search("companies", { ...where(field, op, value) });
    return listedIds(reply).flatMap((id) => nameOf.get(id) ?? []);
  };
  return { ...connected, ids, found };
}

test.each([
  ["in", smith, [smith]],
  ["in", "Smith, Plain", ["Plain", "Smith"]],
  ["in", `Plain, "${smith}"`, ["Plain", smith]],
  ["in", `"Smith","Plain"`, ["Plain", "Smith"]],
  ["in", String.raw`"The \"Best\", Ltd", c`, ["c", quote]],
  ["in", '"The ""Best"", Ltd"', [quote]],
  ["in", quote, [quote]],
  ["in", '["a, b","c"]', ["a, b", "c"]],
  ["in", ["a, b", "c"], ["a, b", "c"]],
  ["in", ["a, b", 12, "c"], ["a, b", "c"]],
  ["equals", smith, [smith]],
  ["equals", ["a, b", "c"], ["a, b", "c"]],
  ["starts_with", ["Smi", "Pla"], ["Plain", "Smith", smith]],
  ["contains", ["ones", "est"], [smith, quote]],
])("companies with commas in their names: %s %j", async (op, value, names) => {
  const { found } = await withCompanies();
  expect((await found(op, value)).toSorted()).toEqual(names.toSorted());
});

test.each([
  ["not_in", smith, ["Smith", "Plain", "a, b", "c", quote]],
  ["not_in", "Smith, Plain", [smith, "a, b", "c", quote]],
  ["not_equal", ["Smith", "Plain"], [smith, "a, b", "c", quote]],
])("what a list leaves out: %s %j", async (op, value, names) => {
  const { call, ids } = await withCompanies();
  const args = { fields: ["company name"], per_page: 200, ...where("company name", op, value) };
  const { records } = table(await call.search("companies", args));
  const left = records.filter(({ id }) => ids.includes(String(id)));
  expect(left.map((one) => one["Account_Name"]).toSorted()).toEqual(names.toSorted());
});

test("links are found by names with commas, in a text or in a list", async () => {
  const { call, sandbox, ids } = await withCompanies();
  const at = (id = "", name = "") => ({ Last_Name: name, Account_Name: { id } });
  const [one, two, three] = await seed(sandbox, "Contacts", [
    at(ids[0], "At Smith and Jones"),
    at(ids[2], "At Smith"),
    at(ids[3], "At Plain"),
  ]);
  const found = async (value: unknown) =>
    listedIds(await call.search("contacts", where("company name", "in", value))).toSorted();
  expect(await found(smith)).toEqual([one]);
  expect(await found("Smith, Plain")).toEqual([two, three].toSorted());
  expect(await found([smith, ids[3]])).toEqual([one, three].toSorted());
  expect(await found(`${ids[2]}, "${smith}"`)).toEqual([one, two].toSorted());
});

test("numbers and texts are mixed in a list", async () => {
  const { call, fail, sandbox } = await connect();
  const deals = recordsIn(sandbox, "Pipelines");
  const amounts = [...new Set(deals.map((deal) => deal["Amount"]).filter(Boolean))].slice(0, 3);
  const [first, second, third] = amounts;
  const wanted = deals.filter((deal) => amounts.includes(deal["Amount"])).length;
  for (const value of [amounts, [first, String(second), third], amounts.join(",")])
    expect((await call.search("deals", where("amount", "in", value)))["total"]).toBe(wanted);
  const long = '["1", 12345678901234567890]';
  expect(await fail.search("deals", where("deal name", "in", long))).toContain("lose digits");
  expect(await fail.search("deals", where("amount", "greater_than", ["1", "2"]))).toContain(
    "one value",
  );
});

test("owners and days with commas are known", async () => {
  const { call, sandbox } = await connect();
  const [due] = await seed(sandbox, "Tasks", [{ Subject: "Then", Due_Date: "2031-03-07" }]);
  const days = where("due date", "in", "March 7, 2031");
  expect(listedIds(await call.search("Tasks", days))).toEqual([due]);
  const owners = where("owner", "in", "Amelia Stone, diego.marin@harborlight.example");
  const reply = await call.search("deals", owners);
  expect(String(reply["resolved"])).toMatch(/Amelia Stone \(\d+\), Diego Marín \(\d+\)/);
});

test("an option with a comma is one option, alone or in a list", async () => {
  const options = ["Retail, wholesale", "Retail", "Services"].map((value) => {
    return { display_value: value, actual_value: value };
  });
  const { call, sandbox } = await connect({
    alter: (path, body) => {
      if (!path.endsWith("settings/fields")) return body;
      const fields = (body["fields"] ?? []) as Record<string, unknown>[];
      const change = (field: Record<string, unknown>) =>
        field["api_name"] === "Competitor"
          ? { ...field, data_type: "picklist", pick_list_values: options }
          : field;
      return { ...body, fields: fields.map(change) };
    },
  });
  const deal = { Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const ids = await seed(
    sandbox,
    "Pipelines",
    options.map(({ actual_value }, at) => {
      return { ...deal, Deal_Name: `Deal ${at}`, Competitor: actual_value };
    }),
  );
  const found = async (value: unknown) =>
    listedIds(await call.search("deals", where("competitor", "in", value))).toSorted();
  expect(await found("Retail, wholesale")).toEqual([ids[0]]);
  expect(await found("retail, services")).toEqual([ids[1], ids[2]].toSorted());
  expect(await found(["Retail, wholesale", "Services"])).toEqual([ids[0], ids[2]].toSorted());
});

test("a text with commas is several tags, in rows and in filters", async () => {
  const { call, sandbox } = await connect();
  const tagsOf = (id: string) => {
    const tags = sandbox.store.records("Contacts").get(id)?.["Tag"] as { name: string }[];
    return tags.map(({ name }) => name);
  };
  const given = [
    "VIP, Newsletter",
    ["VIP", "vip", "Partner"],
    ["VIP, Newsletter", "Partner"],
    '["Newsletter"]',
    [{ name: "VIP, Newsletter 2" }],
  ];
  const made = await call.create(
    "contacts",
    given.map((Tag, at) => ({ Last_Name: `Tagged ${at}`, Tag })),
  );
  const ids = (made["results"] as { id: string }[]).map(({ id }) => id);
  expect(ids.map(tagsOf)).toEqual([
    ["VIP", "Newsletter"],
    ["VIP", "Partner"],
    ["VIP", "Newsletter", "Partner"],
    ["Newsletter"],
    ["VIP, Newsletter 2"],
  ]);
  const found = async (op: string, value: unknown) => {
    const listed = await allIds({ call }, "bigin_search_records", {
      module: "contacts",
      ...where("tag", op, value),
    });
    return ids.flatMap((id, at) => (listed.includes(id) ? [at] : []));
  };
  expect(await found("equals", "vip, newsletter")).toEqual([0, 2]);
  expect(await found("in", "Partner, Newsletter")).toEqual([0, 1, 2, 3]);
  expect(await found("in", ["partner"])).toEqual([1, 2]);
  expect(await found("equals", "VIP, Newsletter 2")).toEqual([4]);
  const negated = { ...where("tag", "not_in", "VIP, Newsletter") };
  const rest = await call.summarize("contacts", negated);
  expect(table(rest).rows[0]?.[0]).toBe(recordsIn(sandbox, "Contacts").length - 4);
  // The whole text is a tag by now.
  await call.update("contacts", [{ id: ids[3], Tag: "VIP, Newsletter 2" }]);
  expect(tagsOf(ids[3] ?? "")).toEqual(["VIP, Newsletter 2"]);
});

test("a list of 200 values, half of them with commas and quotes, finds each among 2,700 contacts", async () => {
  const { call, sandbox } = await connect();
  const titles = Array.from({ length: 200 }, (_, at) =>
    at % 2 === 0 ? `Head of "Unit, ${at}", (East)` : `Head ${at}`,
  );
  const rows = people(2_700).map((row, at) => ({ ...row, Title: titles[at] ?? `Other, ${at}` }));
  const ids = await seed(sandbox, "Contacts", rows);
  const args = { module: "contacts", fields: ["title"], per_page: 200 };
  for (const value of [titles, JSON.stringify(titles)]) {
    const filters = where("title", "in", value);
    const found = await allIds({ call }, "bigin_search_records", { ...args, ...filters });
    expect(found.toSorted()).toEqual(ids.slice(0, 200).toSorted());
  }
}, 60_000);
