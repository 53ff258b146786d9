import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { where } from "../support/reads.ts";
import { column, idsOf, listedIds, previewRows, results } from "../support/replies.ts";
import { seed } from "../support/seeded.ts";
import { people, status } from "../support/writes.ts";

/** Companies of which two share a name, and a contact of each. Company names are unique in Bigin: so the second is renamed there. */
async function withTwins(options = {}) {
  const connected = await connect(options);
  const { sandbox } = connected;
  const [one = "", two = "", other = ""] = await seed(
    sandbox,
    "Accounts",
    ["Acme", "Acme 2", "Beta"].map((Account_Name, at) => {
      return { Account_Name, Phone: `555 010${at}`, Billing_City: at === 0 ? "Rome" : "Oslo" };
    }),
  );
  const renamed = sandbox.store.records("Accounts").get(two);
  Object.assign(renamed ?? {}, { Account_Name: "Acme" });
  const contacts = await seed(
    sandbox,
    "Contacts",
    [one, two, other].map((id, at) => ({ Last_Name: `Twin ${at}`, Account_Name: { id } })),
  );
  const companyOf = (id = "") => {
    const { id: company } = Object(sandbox.store.records("Contacts").get(id)?.["Account_Name"]);
    return company;
  };
  return { ...connected, one, two, other, contacts, companyOf };
}

const shownTwins = { fields: ["company name"], ...where("last name", "starts_with", "Twin ") };

test("companies of one name carry their ids in a list, and what is shown can be written back", async () => {
  const { call, fail, one, two, other, contacts, companyOf } = await withTwins();
  const reply = await call.search("contacts", { ...shownTwins, sort_by: "last name" });
  const cells = column(reply, "Account_Name").map(String);
  expect(cells).toEqual([`Acme (${one})`, `Acme (${two})`, "Beta"]);
  const [first, second, third] = contacts;
  await call.update("contacts", [
    { id: first, Account_Name: cells[1] },
    { id: second, Account_Name: cells[0]?.toLowerCase() },
    { id: third, Account_Name: cells[1] },
  ]);
  expect(contacts.map(companyOf)).toEqual([two, one, two]);
  const found = async (op: string, value: unknown) =>
    listedIds(await call.search("contacts", where("company name", op, value))).toSorted();
  expect(await found("equals", cells[0])).toEqual([second]);
  expect(await found("in", cells.slice(0, 2).join(", "))).toEqual([...contacts].toSorted());
  expect(await found("in", cells)).toEqual([...contacts].toSorted());
  const wrong = { Last_Name: "New", Account_Name: `Acme (${other})` };
  expect(await fail.create("contacts", [wrong])).toContain("No record in Accounts is called");
});

test("only one of them in a list has its name alone", async () => {
  const { call } = await withTwins();
  const reply = await call.search("contacts", {
    ...shownTwins,
    ...where("last name", "equals", "Twin 0"),
  });
  expect(column(reply, "Account_Name")).toEqual(["Acme"]);
});

test("previews and changes from one to the other show both ids", async () => {
  const { call, one, two, contacts } = await withTwins();
  const rows = [{ id: contacts[0], Account_Name: `Acme (${two})` }];
  const both = [`Acme (${one})`, `Acme (${two})`];
  const dry = await call.update("contacts", rows, { dry_run: true });
  const [preview] = previewRows(Object(dry["preview"] ?? dry));
  expect(preview).toMatchObject({ changes: { Account_Name: both } });
  const written = await call.update("contacts", rows);
  expect(results(written)).toMatchObject([{ changed: { Account_Name: both } }]);
});

test("the error about an ambiguous name says what tells the companies apart", async () => {
  const { fail, one, two } = await withTwins();
  const told = await fail.create("contacts", [{ Last_Name: "New", Account_Name: "acme" }]);
  expect(told).toContain(`Acme (${one}) with Phone "555 0100", Billing City "Rome"`);
  expect(told).toContain(`Acme (${two}) with Phone "555 0101", Billing City "Oslo"`);
});

test("contacts of one name are told apart by company, e-mail and phone, among 2,700", async () => {
  const { call, fail, sandbox, one, other } = await withTwins();
  await seed(sandbox, "Contacts", people(2_700));
  const rows = [one, other].map((id, at) => ({
    First_Name: "Ann",
    Last_Name: "Lee",
    Account_Name: { id },
    Email: `ann${at}@lee.example`,
  }));
  const [first, second] = await seed(sandbox, "Contacts", rows);
  const deal = { Deal_Name: "Deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const told = await fail.create("deals", [{ ...deal, Contact_Name: "Ann Lee" }]);
  expect(told).toContain(`Ann Lee (${first}) with Company Name "Acme", Email "ann0@lee.example"`);
  expect(told).toContain(`Ann Lee (${second}) with Company Name "Beta", Email "ann1@lee.example"`);
  const given = { ...deal, Contact_Name: `Ann Lee (${second})` };
  const [id = ""] = idsOf(await call.create("deals", [given]));
  expect(sandbox.store.records("Pipelines").get(id)?.["Contact_Name"]).toMatchObject({
    id: second,
  });
}, 60_000);

test("an upsert that fits several deals says what tells them apart", async () => {
  const { call, sandbox } = await connect();
  const deal = { Deal_Name: "Twin deal", Sub_Pipeline: "Renewals" };
  const [first, second] = await seed(sandbox, "Pipelines", [
    { ...deal, Stage: "Quote Sent" },
    { ...deal, Stage: "Verbal Commitment" },
  ]);
  const reply = await call.upsert("deals", [{ ...deal, Stage: "Quote Sent", Amount: 5 }]);
  const [row] = results(reply);
  expect(row?.outcome).toBe("ambiguous");
  expect(row?.problem).toContain(`${first} with Stage "Quote Sent"`);
  expect(row?.problem).toContain(`${second} with Stage "Verbal Commitment"`);
});

test("users of one name carry their ids, and are taken by them", async () => {
  const { call, sandbox } = await connect();
  const [amelia, diego] = sandbox.store.users();
  const user = (one: typeof amelia, email: string) => {
    return { id: one?.id, full_name: "Same Name", email, status: "active" };
  };
  const users = [user(amelia, "a@x.example"), user(diego, "d@x.example")];
  sandbox.addFault({ path: /\/users$/, times: 9, does: status(200, { users }) });
  const [id = ""] = await seed(sandbox, "Tasks", [{ Subject: "Whose" }]);
  for (const one of [diego, amelia]) {
    await call.update("tasks", [{ id, Owner: `Same Name (${one?.id})` }]);
    expect(sandbox.store.records("Tasks").get(id)?.["Owner"]).toMatchObject({ id: one?.id });
    const owned = where("owner", "equals", `same name (${one?.id})`);
    expect(listedIds(await call.search("tasks", { ...owned, per_page: 200 }))).toContain(id);
  }
});

test("lists of linked contacts of one name are written back as they are shown", async () => {
  const { call, sandbox } = await connect();
  const twins = await seed(sandbox, "Contacts", [{ Last_Name: "Lee" }, { Last_Name: "Lee" }]);
  const deal = { Deal_Name: "Deal of Lees", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const linked = twins.map((id) => ({ Secondary_Contacts: { id } }));
  const [id = ""] = await seed(sandbox, "Pipelines", [{ ...deal, Secondary_Contacts: linked }]);
  const args = { fields: ["secondary contacts"], ...where("deal name", "equals", "Deal of Lees") };
  const [shown] = column(await call.search("deals", args), "Secondary_Contacts");
  expect(shown).toBe(`Lee (${twins[0]}), Lee (${twins[1]})`);
  const reply = await call.update("deals", [{ id, Secondary_Contacts: shown }]);
  expect(results(reply)).toMatchObject([{ outcome: "unchanged" }]);
});

test("a record whose own name ends with a number in parentheses is found by it", async () => {
  const { call, sandbox } = await connect();
  const name = "Acme (123456789012345678)";
  const [id] = await seed(sandbox, "Accounts", [{ Account_Name: name }]);
  const [contact = ""] = idsOf(
    await call.create("contacts", [{ Last_Name: "New", Account_Name: name }]),
  );
  expect(sandbox.store.records("Contacts").get(contact)?.["Account_Name"]).toMatchObject({ id });
});
