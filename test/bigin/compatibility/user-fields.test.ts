import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { idsOf, listedIds, table } from "../../support/replies.ts";

const contract = "engine";

test("user fields take names, addresses and me, in rows and in filters", async () => {
  const { call, sandbox } = await connect({ contract });
  const [me, ...others] = sandbox.store.users().filter(({ active }) => active);
  const other = others[0];
  const names = ["me", other?.email, `${other?.first_name} ${other?.last_name}`];
  const rows = names.map((name, at) => ({ Account_Name: `Zed ${at}`, "Backup Owner": name }));
  const ids = idsOf(await call.create("Accounts", rows));
  const owners = ids.map((id) => sandbox.store.records("Accounts").get(id)?.["Backup_Owner"]);
  expect(owners).toMatchObject([{ id: me?.id }, { id: other?.id }, { id: other?.id }]);
  const mine = await call.search("Accounts", where("backup owner", "equals", "me"));
  expect(listedIds(mine)).toEqual([ids[0]]);
});

test("numbers of every type are compared, sorted and added up", async () => {
  const { call, sandbox } = await connect({ contract });
  const contacts = [...sandbox.store.records("Contacts").values()];
  const scores = contacts.flatMap(({ Lead_Score: score }) =>
    score === null || score === undefined ? [] : [Number(score)],
  );
  const high = scores.filter((score) => score > 50);
  const filters = where("lead score", "greater_than", "50");
  expect(
    table(await call.summarize("Contacts", { ...filters, measure: "lead score" })).rows,
  ).toEqual([[high.length, high.reduce((sum, score) => sum + score, 0)]]);
  const listed = await call.search("Contacts", {
    ...filters,
    fields: ["lead score"],
    sort_by: "lead score desc",
    per_page: 3,
  });
  const top = high.toSorted((a, b) => b - a).slice(0, 3);
  expect(table(listed).rows.map(([, score]) => Number(score))).toEqual(top);
});

test("a value that is not a number is left out of figures, and counted", async () => {
  const values = ["1000", "+5", "2e3", "a lot", null];
  const { call, sandbox } = await connect({
    alter: (path, body) => {
      if (!path.endsWith("/Pipelines") || !Array.isArray(body["data"])) return body;
      const data = body["data"].map((deal, at) => ({ ...deal, Amount: values[at] ?? null }));
      return { ...body, data };
    },
  });
  const reply = await call.summarize("Pipelines", { measure: "amount" });
  expect(table(reply).rows).toEqual([[sandbox.store.records("Pipelines").size, 3005]]);
  expect(reply["left_out"]).toContain("1 record");
});

test("where lists cannot be sorted by a field, the error names a call that sorts", async () => {
  const { call, fail, sandbox } = await connect({ fewSorts: true });
  const told = await fail.list("Pipelines", { sort_by: "Amount" });
  const [, filter = ""] = /filters that all records meet, such as (\{[^}]+\})/.exec(told) ?? [];
  const sorted = await call.search("Pipelines", {
    filters: [JSON.parse(filter)],
    sort_by: "Amount",
    fields: ["Amount"],
    per_page: 1,
  });
  const amounts = [...sandbox.store.records("Pipelines").values()].map((one) => one["Amount"]);
  expect(table(sorted).rows[0]?.[1]).toBe(
    Math.min(...amounts.filter((amount) => typeof amount === "number")),
  );
});
