import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { people, record, recordsIn } from "../../support/writes.ts";

const companies = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ Account_Name: `Supplier ${at + 1}` }));

test("500 rows that name 500 companies are looked up ten names a search, and each row gets its company", async () => {
  const { call, sandbox, sent } = await connect({ replyTokens: 20_000 });
  await call.create("Accounts", companies(500));
  const before = sent.length;
  const records = people(500).map((row, at) => ({ ...row, Account_Name: `supplier ${at + 1}` }));
  await call.create("Contacts", records);
  const searches = sent.slice(before).filter(({ url }) => url.pathname.endsWith("/search"));
  expect(searches.length).toBeLessThan(60);
  const made = recordsIn(sandbox, "Contacts").filter((one) =>
    String(one["Last_Name"]).startsWith("Probe "),
  );
  const wrong = made.filter(({ Last_Name, Account_Name }) => {
    const { id } = Account_Name as { id: string };
    const name = sandbox.store.records("Accounts").get(id)?.["Account_Name"];
    return String(name).split(" ")[1] !== String(Last_Name).split(" ")[1];
  });
  expect([made.length, wrong]).toEqual([500, []]);
});

test("rows with unknown names are all refused, with few searches", async () => {
  const { fail, sandbox, sent } = await connect();
  const known = record(sandbox, "Accounts")["Account_Name"];
  const records = people(100).map((row, at) => ({
    ...row,
    Account_Name: at === 50 ? known : `Nobody's ${at + 1}`,
  }));
  const before = sent.length;
  const told = await fail.create("Contacts", records);
  expect(told).toContain(`Row 1: No record in Accounts is called "Nobody's 1".`);
  expect(told).toMatch(/And \d+ more\./);
  expect(told).not.toContain("Row 51:");
  expect(sent.length - before).toBeLessThan(30);
});
