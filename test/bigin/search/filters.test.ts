import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { activityRow, linkField } from "../../support/contract.ts";
import { where } from "../../support/reads.ts";
import { listedIds, table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

const nameOf = (value: unknown) => (value as { name?: string } | null)?.name;

/** An organisation that shows both Closed Lost and Closed Won as Done. */
const withTwins = () =>
  connect({
    alter: (path, body) =>
      /settings\/(fields|layouts)$/.test(path)
        ? JSON.parse(
            JSON.stringify(body).replace(/(display_value":")Closed (Won|Lost)"/g, '$1Done"'),
          )
        : body,
  });

test("a label shared by several options means all of them in a filter and is ambiguous in a write", async () => {
  const connected = await withTwins();
  const { call, fail } = connected;
  const closed = recordsIn(connected.sandbox, "Pipelines").filter((deal) =>
    ["Closed Won", "Closed Lost"].includes(String(deal["Stage"])),
  );
  const found = await call.summarize("deals", where("stage", "equals", "done"));
  expect(table(found).rows).toEqual([[closed.length]]);
  const rest = await call.summarize("deals", where("stage", "not_in", "Done"));
  expect(table(rest).rows).toEqual([
    [recordsIn(connected.sandbox, "Pipelines").length - closed.length],
  ]);
  const byStage = await call.summarize("deals", { group_by: ["stage"] });
  expect(table(byStage).rows.find(([stage]) => stage === "Done")).toEqual(["Done", closed.length]);
  const [deal] = closed;
  expect(await fail.update("deals", [{ id: deal?.id, Stage: "Done" }])).toContain(
    'Stage has 2 options called "Done", stored as Closed Won or Closed Lost',
  );
});

test("owners beyond the first 200 are known, and a user who left does not make a name ambiguous", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  const user = (at: number, full_name: string, state = "active") => ({
    id: String(5_810_397_000_000_900_000 + at * 1024),
    full_name,
    email: `user${at}@harborlight.example`,
    status: state,
  });
  const [amelia] = sandbox.store.users();
  const first = Array.from({ length: 200 }, (_, at) => user(at, `Person Number${at}`));
  const last = [
    user(201, "Amelia Stone", "deleted"),
    { ...user(202, "Amelia Stone"), id: amelia?.id },
    user(203, "Late Comer"),
    user(204, "Same Twice"),
    user(205, "Same Twice"),
  ];
  for (const [page, users] of [first, last].entries()) {
    const body = { users, info: { page: page + 1, more_records: page === 0 } };
    sandbox.addFault({ path: /\/users$/, does: status(200, body) });
  }
  const owned = (value: string) => where("owner", "equals", value);
  const late = await call.search("deals", owned("late comer"));
  expect(late["resolved"]).toEqual([`Owner equals Late Comer (${last[2]?.id})`]);
  const hers = recordsIn(connected.sandbox, "Pipelines").filter(
    (deal) => nameOf(deal["Owner"]) === "Amelia Stone",
  );
  expect((await call.search("deals", owned("Amelia Stone")))["total"]).toBe(hers.length);
  expect(await fail.search("deals", owned("Same Twice"))).toContain(
    "could be Same Twice <user204@harborlight.example> or Same Twice <user205@harborlight.example>",
  );
});

test("a team pipeline is found by its name, and a misspelt one fails with the nearest name", async () => {
  const connected = await connect();
  const deals = recordsIn(connected.sandbox, "Pipelines");
  const team = String(nameOf(deals[0]?.["Pipeline"]));
  const search = (value: string) => where("pipeline", "equals", value);
  const found = await connected.call.search("deals", search(team.toUpperCase()));
  const members = deals.filter((deal) => nameOf(deal["Pipeline"]) === team);
  expect(found["total"]).toBe(members.length);
  expect(await connected.fail.search("deals", search(team.slice(1)))).toContain(
    `There is no team pipeline "${team.slice(1)}". Did you mean "${team}"?`,
  );
});

test("maton: team pipelines that cannot be looked up are compared as given", async () => {
  const connected = await connect({ profile: "maton" });
  const deals = recordsIn(connected.sandbox, "Pipelines");
  const team = String(nameOf(deals[0]?.["Pipeline"]));
  const found = await connected.call.search("deals", where("pipeline", "equals", team));
  expect(found["total"]).toBe(deals.filter((deal) => nameOf(deal["Pipeline"]) === team).length);
});

test("a summary of no records is one row with a count of 0", async () => {
  const { call } = await connect();
  const summary = {
    measure: "amount",
    metrics: ["sum", "average", "maximum"],
    ...where("deal name", "equals", "No Deal Is Called So"),
  };
  expect(table(await call.summarize("deals", summary)).rows).toEqual([[0, 0, null, null, 0]]);
  const byStage = await call.summarize("deals", { ...summary, group_by: ["stage"] });
  expect(table(byStage).rows).toEqual([]);
});

test("contacts with the same name are separate groups, each with its id", async () => {
  const { call, sandbox } = await connect();
  const twins = await seed(sandbox, "Contacts", [{ Last_Name: "Twin" }, { Last_Name: "Twin" }]);
  const [only] = await seed(sandbox, "Contacts", [{ Last_Name: "Only" }]);
  const deal = { Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const rows = [...twins, ...twins, twins[0], only].map((id, at) => ({
    ...deal,
    Deal_Name: `Twin deal ${at}`,
    Contact_Name: { id },
  }));
  await seed(sandbox, "Pipelines", rows);
  const reply = await call.summarize("deals", {
    group_by: ["contact name"],
    ...where("deal name", "starts_with", "Twin deal"),
  });
  expect(table(reply).rows.toSorted((a, b) => Number(b[1]) - Number(a[1]))).toEqual([
    [`Twin (${twins[0]})`, 3],
    [`Twin (${twins[1]})`, 2],
    ["Only", 1],
  ]);
});

test.each([
  ["amount", "in", "[]", "The filter on Amount needs at least one value"],
  ["amount", "in", ",", "The filter on Amount needs at least one value"],
  ["stage", "not_in", "[]", "The filter on Stage needs at least one value"],
  ["deal name", "in", '["a",null]', "null is not a value for Deal Name"],
  ["deal name", "in", '["a",["b"]]', '["b"] is not a value for Deal Name'],
  ["amount", "between", "20000,10000", "between on Amount takes the lower value first"],
  ["amount", "between", "10000", "between on Amount needs two values"],
  ["closing date", "between", "2026-12-31,2026-01-01", "takes the lower value first"],
  ["created time", "between", "now,yesterday", "takes the lower value first"],
  ["created time", "between", "now", "needs two values"],
])("the filter %s %s %s is refused", async (field, op, value, told) => {
  const { fail, sent } = await connect();
  expect(await fail.search("deals", where(field, op, value))).toContain(told);
  expect(sent.some(({ url }) => /\/Pipelines/.test(url.pathname))).toBe(false);
});

test("between takes one phrase for a day or a span of days", async () => {
  const { call, sandbox } = await connect();
  const [id] = await seed(sandbox, "Tasks", [{ Subject: "Then", Due_Date: "2031-03-07" }]);
  for (const value of ["2031-03-07", "2031-03-07,2031-03-07", "march 2031"]) {
    const reply = await call.search("Tasks", where("due date", "between", value));
    expect(listedIds(reply), value).toEqual([id]);
  }
  const reply = await call.search("deals", where("closing date", "between", "today"));
  expect(reply["resolved"]).toEqual([
    expect.stringMatching(/^Closing_Date between \d{4}-\d\d-\d\d$/),
  ]);
});

test("one field can be grouped by two periods", async () => {
  const { call } = await connect();
  const group_by = ["closing date by month", "closing date by year"];
  const { columns } = table(await call.summarize("deals", { group_by }));
  expect(columns).toEqual(["Closing_Date by month", "Closing_Date by year", "count"]);
});

test.each([
  ["deeper than anyone writes", "(".repeat(19_999)],
  ["longer than anyone writes", "(".repeat(90_000)],
  ["of too many parts", `(${Array(51).fill("(Amount:equals:1)").join("or")})`],
])("malformed criteria %s are refused", async (_, criteria) => {
  const { fail } = await connect();
  expect(await fail.search("deals", { criteria })).toMatch(
    /^Not done: The criteria cannot be read: /,
  );
});

test.each(["", "Europe/Atlantis", null])(
  "an organisation with the zone %j uses the zone of its user",
  async (time_zone) => {
    const { call, sandbox } = await connect();
    const body = { org: [{ time_zone }] };
    sandbox.addFault({ path: /\/org$/, does: status(200, body) });
    const search = where("created time", "less_than", "now");
    const reply = await call.search("deals", { ...search, fields: ["created time"], per_page: 1 });
    expect(reply["times"]).toBe("America/New_York");
    expect(reply["total"]).toBe(sandbox.store.records("Pipelines").size);
  },
);

test("an activity is found by the name of its related record, whatever the module", async () => {
  const { call, fail, sandbox } = await connect();
  const [company] = await seed(sandbox, "Accounts", [{ Account_Name: "Quagga Works" }]);
  const [product] = await seed(sandbox, "Products", [{ Product_Name: "Quagga Saddle" }]);
  const tasks = await seed(sandbox, "Tasks", [
    activityRow("About a quagga", { id: company ?? "" }, "Accounts"),
    activityRow("About a quagga", { id: product ?? "" }, "Products"),
  ]);
  const about = (value: string) => where("related to", "equals", value);
  expect(listedIds(await call.search("Tasks", about("quagga works")))).toEqual([tasks[0]]);
  const saddle = await call.search("Tasks", about("Quagga Saddle"));
  expect(listedIds(saddle)).toEqual([tasks[1]]);
  expect(saddle["resolved"]).toEqual([`${linkField} equals Quagga Saddle (${product})`]);
  expect(await fail.search("Tasks", about("Quagga Nobody"))).toContain(
    'No record in Accounts, Contacts, Pipelines, Products is called "Quagga Nobody"',
  );
  const [twin] = await seed(sandbox, "Products", [{ Product_Name: "Quagga Works" }]);
  const told = await fail.search("Tasks", about("Quagga Works"));
  expect(told).toContain(`Accounts Quagga Works (${company})`);
  expect(told).toContain(`Products Quagga Works (${twin})`);
});

test("names shown without invisible characters are accepted without them, in either Unicode form", async () => {
  const { call, sandbox } = await connect();
  const [sneaky] = await seed(sandbox, "Accounts", [{ Account_Name: "Sneaky\u202e Q\u0301uo Co" }]);
  const found = async (op: string, value: string) =>
    listedIds(await call.search("companies", where("company name", op, value)));
  for (const name of ["Sneaky Q\u0301uo Co", "sneaky\u200b q\u0301uo co"])
    expect(await found("equals", name), name).toEqual([sneaky]);
  const [accented] = await seed(sandbox, "Accounts", [{ Account_Name: "Cafe\u0301 Crème" }]);
  expect(await found("contains", "Caf\u00e9 Cre\u0300me")).toEqual([accented]);
});

test("labels and people are found by the names that replies show", async () => {
  const { call, sandbox } = await connect();
  const labels = { singular_label: "Vehi\u200bcle", plural_label: "Vehicles\u202e" };
  const modules = [{ api_name: "Tasks", ...labels, api_supported: true }];
  sandbox.addFault({ path: /settings\/modules$/, does: status(200, { modules }) });
  expect((await call.list("vehicle"))["module"]).toBe("Tasks");
  const users = [
    { id: "5810397000000900001", full_name: "Ame\u200blia Stonewall", status: "active" },
    { id: "5810397000000900002", full_name: "Amelia Two\u202e", status: "active" },
  ];
  sandbox.addFault({ path: /\/users$/, does: status(200, { users }) });
  const owned = await call.search("deals", where("owner", "equals", "amelia stonewall"));
  expect(String(owned["resolved"])).toContain("5810397000000900001");
});
