import { expect, test } from "vitest";
import type { Sandbox } from "../../../src/sandbox/app.ts";
import { connect } from "../../support/connect.ts";
import { dealsAsModule, linkField, moduleKey, testedContract } from "../../support/contract.ts";
import { results } from "../../support/replies.ts";
import { erase } from "../../support/seeded.ts";
import {
  mapping,
  named,
  payload,
  type Reply,
  record,
  withEmail,
  writes,
} from "../../support/writes.ts";

const update = "bigin_update_records";
const remove = "bigin_delete_records";
const profiles = ["full", "maton"] as const;

const contact = { Last_Name: "Probe" };
const deal = {
  Deal_Name: "Probe",
  Sub_Pipeline: "Sales Pipeline Standard",
  Stage: "Qualification",
};
const event = { Event_Title: "e", End_DateTime: "2026-12-24 15:00" };

/** A row with one wrong value, and a part of the error message. */
type Wrong = [module: string, row: Reply, told: string];

/** Refused with and without metadata. */
const alwaysWrong: Wrong[] = [
  ["Contacts", { First_Name: "Ann" }, "Last_Name is missing"],
  ["Contacts", { Last_Name: "" }, "Last_Name is missing"],
  ["Contacts", { Last_Name: "  " }, "Last_Name is missing"],
  ["Contacts", {}, "Last_Name is missing"],
  ["Contacts", { ...contact, Title: ["Chair"] }, 'Title is text; ["Chair"] is not'],
  ["Contacts", { ...contact, Phone: { main: "1" } }, "Phone is text"],
  ["Contacts", { ...contact, First_Name: "x".repeat(41) }, "at most 40 characters; this has 41"],
  ["Contacts", { ...contact, Email: "ann@" }, "Email is one e-mail address"],
  ["Contacts", { ...contact, Email: "a@b.example, c@d.example" }, "is one e-mail"],
  ["Contacts", { ...contact, Email_Opt_Out: "maybe" }, "Email Opt Out is true or false"],
  ["Contacts", { ...contact, Email_Opt_Out: 1 }, "Email Opt Out is true or false"],
  ["Contacts", { ...contact, Created_Time: "2026-01-01T00:00:00Z" }, "Created Time is computed"],
  ["Contacts", { ...contact, Full_Name: "Ann Probe" }, "Full Name is computed by Bigin: leave it"],
  ["Contacts", { ...contact, Emial: "a@b.example" }, 'no field "Emial". Did you mean "Email"'],
  ["Contacts", { ...contact, "Frist Name": "Ann" }, 'Did you mean "First Name"'],
  [
    "Contacts",
    { ...contact, "Last Name": "Other" },
    '"Last Name" are the same field: name it once',
  ],
  ["Contacts", { ...contact, Owner: "Nobody Atall" }, 'No user of this Bigin is called "Nobody'],
  ["Contacts", { ...contact, Owner: "Lena Fischer" }, "Lena Fischer is no longer an active user"],
  ["Contacts", { ...contact, Account_Name: "Nowhere Incorporated" }, "Nowhere Incorporated"],
  ["Contacts", { ...contact, Account_Name: 12 }, "Company Name"],
  ["Contacts", { ...contact, id: "7618134000000632028" }, "has an id"],
  [
    "Pipelines",
    { ...deal, Amount: "12.000,50" },
    'Amount is a number, written with digits and a point, such as 12000.50; "12.000,50" is not',
  ],
  ["Pipelines", { ...deal, Amount: "12,000" }, "Amount is a number"],
  ["Pipelines", { ...deal, Amount: 1e17 }, "Amount is a number of at most 15 digits"],
  ["Pipelines", { ...deal, Closing_Date: "2026-02-30" }, "a day that does not exist"],
  ["Pipelines", { ...deal, Closing_Date: "31.12.2026" }, "Closing Date is a day"],
  ["Pipelines", { ...deal, Closing_Date: "next week" }, "not a range of days"],
  ["Pipelines", { ...deal, Closing_Date: "tomorrow at 9 am" }, "Closing Date is a day"],
  ["Pipelines", { Deal_Name: "Probe" }, "Sub_Pipeline, Stage are missing"],
];

/** Refused because of metadata. */
const wrongByMetadata: Wrong[] = [
  ["Products", { Product_Name: "P", Product_Category: "Hardwear" }, 'Did you mean "Hardware"'],
  ["Products", { Product_Name: "P", Product_Category: "" }, "is cleared with null"],
  ["Contacts", { ...contact, Lead_Score: 1.5 }, "Lead Score is a whole number"],
  [
    "Contacts",
    { ...contact, Lead_Score: "12345678901234567890" },
    testedContract === "engine" ? "at most 19 digits" : "at most 15 digits",
  ],
  ["Contacts", { ...contact, "Lead Scoer": 1 }, 'Did you mean "Lead Score"'],
  [
    "Pipelines",
    { ...deal, Stage: "Discovery" },
    'The sub-pipeline "Sales Pipeline Standard" has no stage "Discovery"',
  ],
  ["Pipelines", { ...deal, Sub_Pipeline: "Renewal" }, 'no sub-pipeline "Renewal". Did you mean'],
  ["Pipelines", { ...deal, Pipeline: "Onboarding" }, '"Onboarding" has no sub-pipeline'],
  ["Pipelines", { ...deal, Pipeline: "Onbording" }, 'Did you mean "Onboarding"'],
  ["Notes", { Note_Content: "n" }, "Parent_Id is missing"],
  ["Notes", { Note_Content: "n", Parent_Id: "7618134000000632028" }, "needs $se_module"],
  ["Tasks", { Subject: "t", $se_module: "Deels", What_Id: "x" }, 'no module "Deels"'],
  ["Events", { ...event, Start_DateTime: "2026-12-24 25:00" }, "From is a day with a time"],
  ["Events", { ...event, Start_DateTime: "2026-12-24" }, "From is a day with a time"],
];

test.each([
  ...profiles.flatMap((profile) => alwaysWrong.map((wrong) => [profile, ...wrong] as const)),
  ...wrongByMetadata.map((wrong) => ["full", ...wrong] as const),
])("%s: in %s, %j is refused", async (profile, module, row, told) => {
  const connected = await connect({ profile });
  expect(await connected.fail.create(module, [row])).toContain(told);
  expect(writes(connected)).toEqual([]);
});

test.each(profiles)("%s: all problems are in one reply, by row and field", async (profile) => {
  const connected = await connect({ profile });
  const told = await connected.fail.create("contacts", [
    { First_Name: "x".repeat(41), Emial: "a@b.example" },
    contact,
    { ...contact, Email: "nothing", Email_Opt_Out: "maybe", Owner: "Nobody" },
  ]);
  for (const part of [
    "Row 1: First Name holds at most 40",
    'Row 1: Contacts has no field "Emial"',
    "Row 1: Last_Name is missing",
    "Row 3: Email is one e-mail address",
    "Row 3: Email Opt Out is true or false",
    'Row 3: No user of this Bigin is called "Nobody"',
  ])
    expect(told).toContain(part);
  expect(told).not.toContain("Row 2");
  expect(writes(connected)).toEqual([]);
});

test("the same problem of many rows is reported once", async () => {
  const { fail } = await connect();
  const records = Array.from({ length: 30 }, () => ({ First_Name: "Ann" }));
  const told = await fail.create("Contacts", records);
  expect(told).toContain("Rows 1-30: Last_Name is missing");
});

test("problems are shown as far as they fit, and the others counted", async () => {
  const { fail } = await connect();
  const records = Array.from({ length: 100 }, (_, at) => ({ Last_Name: "A", Email: `no ${at}` }));
  const told = await fail.create("Contacts", records);
  const named = told.match(/Row \d+:/g)?.length ?? 0;
  expect(named).toBeGreaterThan(5);
  expect(told).toContain(`And ${100 - named} more.`);
});

const nobody = "7618134000000999999";
const missing = `Contacts has no record ${nobody}`;

/** Calls with a fault, given the id of a contact and that of a company. */
const wrongCalls: [tool: string, args: (id: string, company: string) => Reply, told: string][] = [
  [update, () => ({ records: [] }), '"records"'],
  [remove, () => ({ ids: [] }), '"ids"'],
  [update, (id) => ({ records: [{ id }] }), "names no field to change"],
  [update, (id) => ({ records: [{ id, Last_Name: null }] }), "Last_Name cannot be cleared"],
  [update, (id) => ({ records: [{ id, Last_Name: " " }] }), "Last_Name cannot be cleared"],
  [update, (id) => ({ records: [{ id, Owner: null }] }), "Owner"],
  [update, () => ({ records: [{ id: nobody, Title: "T" }] }), missing],
  [remove, () => ({ ids: [nobody] }), missing],
  [update, (_, id) => ({ records: [{ id, Title: "T" }] }), "Contacts has no record"],
];

test.each(profiles.flatMap((profile) => wrongCalls.map((wrong) => [profile, ...wrong] as const)))(
  "%s: %s with a fault is refused (case %#)",
  async (profile, tool, args, told) => {
    const connected = await connect({ profile });
    const [contactId, company] = ["Contacts", "Accounts"].map(
      (module) => record(connected.sandbox, module).id,
    );
    const all = { module: "Contacts", ...args(contactId ?? "", company ?? "") };
    expect(await connected.fail(tool, all)).toContain(told);
    expect(writes(connected)).toEqual([]);
  },
);

test.each(profiles)("%s: a lookup to a deleted record is refused", async (profile) => {
  const connected = await connect({ profile });
  const { fail, sandbox } = connected;
  const { id, Account_Name } = record(sandbox, "Accounts");
  await erase(sandbox, "Accounts", [id]);
  for (const value of [id, { id }, Account_Name])
    expect(await fail.create("Contacts", [contact, { ...contact, Account_Name: value }])).toMatch(
      /Row 2: .*(Company Name links to|Accounts)/,
    );
  expect(writes(connected)).toEqual([]);
});

test.each(profiles)("%s: an ambiguous name is refused with the candidates", async (profile) => {
  const connected = await connect({
    profile,
    alter: mapping(/\/users$/, "users", (user) => ({
      ...user,
      full_name: `Alex ${String(user["last_name"])}`,
    })),
  });
  const { call, fail } = connected;
  const told = await fail.create("Contacts", [{ ...contact, Owner: "Alex" }]);
  expect(told).toContain('"Alex" could be Alex Stone <amelia.stone@harborlight.example> or ');
  const twin = { First_Name: "Twin", Last_Name: "Sameperson" };
  await call.create("Contacts", [twin, twin]);
  const before = writes(connected).length;
  const twins = await fail.create("deals", [{ ...deal, Contact_Name: "Twin Sameperson" }]);
  expect(twins).toMatch(
    /Twin Sameperson \(\d{15,19}\).*; Twin Sameperson \(\d{15,19}\)\. Use the id\./,
  );
  expect(writes(connected)).toHaveLength(before);
});

/** Closes a field to the profile of the user, as an administrator does. */
const closing = (name: string, permission_type: string) =>
  mapping(/settings\/fields$/, "fields", (field) => {
    const profiles = (field["profiles"] as Reply[]).map((profile) =>
      profile["name"] === "Administrator" ? { ...profile, permission_type } : profile,
    );
    return field["api_name"] === name ? { ...field, profiles } : field;
  });

test.each(["read_only", "hidden"])(
  "a field that is %s for the user's profile is refused",
  async (permission) => {
    const connected = await connect({ alter: closing("Title", permission) });
    const { call, fail, sandbox } = connected;
    const { id } = record(sandbox, "Contacts");
    const told = "Title may not be written by users of the profile Administrator: leave it out.";
    expect(await fail.create("Contacts", [{ ...contact, Title: "T" }])).toContain(told);
    expect(await fail.update("Contacts", [{ id, Title: "T" }])).toContain(told);
    expect(writes(connected)).toEqual([]);
    await call.update("Contacts", [{ id, Phone: "1" }]);
  },
);

test.each(profiles)("%s: names and e-mails reach Bigin in its own form", async (profile) => {
  const connected = await connect({ profile });
  const { call, sandbox } = connected;
  const company = record(sandbox, "Accounts", 3);
  const [, diego] = sandbox.store.users();
  const id = diego?.id;
  for (const Owner of ["diego.marin@harborlight.example", "Diego Marín", "diego", id, { id }]) {
    const names = { "last name": "Probe", "Company Name": company["Account_Name"] };
    await call.create("contacts", [{ ...names, Owner, "Email Opt Out": "yes" }]);
    expect(payload(writes(connected).at(-1))).toEqual([
      {
        Last_Name: "Probe",
        Account_Name: { id: company.id },
        Owner: { id },
        Email_Opt_Out: true,
      },
    ]);
  }
});

test.each(profiles)("%s: a linked record is found by its id or name", async (profile) => {
  const connected = await connect({ profile });
  const { call, sandbox } = connected;
  const { id, Account_Name: name } = record(sandbox, "Accounts", 3);
  const person = record(sandbox, "Contacts");
  const companies = [id, { id }, name, { name }];
  await call.create(
    "deals",
    companies.map((Account_Name) => ({
      ...deal,
      Account_Name,
      Contact_Name: person["Full_Name"],
    })),
  );
  expect(payload(writes(connected)[0])).toMatchObject(
    companies.map(() => ({ Account_Name: { id }, Contact_Name: { id: person.id } })),
  );
});

/** A deal of a sub-pipeline. */
function dealIn(sandbox: Sandbox, subPipeline: string) {
  const [found] = named(sandbox, "Pipelines", "Sub_Pipeline", subPipeline);
  if (!found) throw new Error(`no deal in ${subPipeline}`);
  return found;
}

test("a deal that is created in or moved to another team pipeline is sent with its Layout", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const here = dealIn(sandbox, "Renewals");
  const { id } = dealIn(sandbox, "Onboarding Standard")["Pipeline"] as { id: string };
  await call.create("deals", [
    { Deal_Name: "New", Sub_Pipeline: "onboarding standard", Stage: "go live" },
  ]);
  const moved = await call.update("deals", [
    { id: here.id, Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff" },
  ]);
  expect(writes(connected).map((one) => payload(one)?.[0])).toEqual([
    { Deal_Name: "New", Sub_Pipeline: "Onboarding Standard", Stage: "Go Live", Layout: { id } },
    { id: here.id, Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff", Layout: { id } },
  ]);
  expect(results(moved)).toMatchObject([
    { outcome: "updated", changed: { Sub_Pipeline: ["Renewals", "Onboarding Standard"] } },
  ]);
  expect(sandbox.store.records("Pipelines").get(here.id)).toMatchObject({ Pipeline: { id } });
});

test("a deal that moves to another sub-pipeline needs one of its stages", async () => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const { id } = dealIn(sandbox, "Renewals");
  const told = await fail.update("deals", [{ id, Sub_Pipeline: "Enterprise Sales" }]);
  expect(told).toContain("name a Stage too. It has: Proposal/Price Quote");
  const unknown = await fail.update("deals", [{ id, Stage: "Discovery" }]);
  expect(unknown).toContain('has no stage "Discovery"');
  expect(writes(connected)).toEqual([]);
});

test("$se_module takes any name of a module and is sent only with a link", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const target = record(sandbox, "Pipelines");
  await call.create("tasks", [
    { Subject: "By name", $se_module: "deals", What_Id: target["Deal_Name"] },
    { Subject: "By id", $se_module: "Pipelines", What_Id: { id: target.id } },
  ]);
  const link = { [moduleKey]: dealsAsModule, [linkField]: { id: target.id } };
  expect(payload(writes(connected)[0])).toEqual([
    { Subject: "By name", ...link },
    { Subject: "By id", ...link },
  ]);
});

test("dates and times in words are sent in Bigin's form, in the organisation's zone", async () => {
  const connected = await connect({ clock: () => Date.parse("2026-03-04T17:00:00Z") });
  const { call } = connected;
  await call.create("deals", [{ ...deal, Closing_Date: "2026-12-24" }]);
  const times = { From: "2026-07-01 15:00", End_DateTime: "2026-07-01T21:30:00+02:00" };
  await call.create("events", [{ Event_Title: "e", ...times }]);
  const [first, second] = writes(connected);
  expect(payload(first)).toMatchObject([{ Closing_Date: "2026-12-24" }]);
  const [sent] = payload(second) ?? [];
  const utc = (name: string) => new Date(String(sent?.[name])).toISOString();
  expect(utc("Start_DateTime")).toBe("2026-07-01T19:00:00.000Z");
  expect(utc("End_DateTime")).toBe("2026-07-01T19:30:00.000Z");
});

test.each(profiles)("%s: second contacts are checked in every form", async (profile) => {
  const connected = await connect({ profile });
  const { fail, sandbox } = connected;
  const { id } = record(sandbox, "Accounts");
  const wrapped = [[{ Secondary_Contacts: id }], [{ Secondary_Contacts: { id } }]];
  for (const Secondary_Contacts of [id, [id], [{ id }], ...wrapped])
    expect(await fail.create("deals", [{ ...deal, Secondary_Contacts }])).toContain(
      `Secondary Contacts links to ${id}, but Contacts has no record`,
    );
  expect(writes(connected)).toEqual([]);
});

test("two rows of an upsert for one record are refused, whatever the case of letters", async () => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const Email = String(withEmail(sandbox)["Email"]);
  const problem = await fail.upsert("Contacts", [
    { Last_Name: "A", Email: "tw@x.example" },
    { Last_Name: "B", Email: "TW@x.example" },
    { Last_Name: "C", Email },
    { Last_Name: "D", Email: Email.toUpperCase() },
    { Last_Name: "No address" },
    { Last_Name: "No address" },
  ]);
  expect(problem).toMatch(/Row 2: .* row 1.*Row 4: .* row 3/);
  expect(problem).not.toMatch(/Row [56]/);
  expect(writes(connected)).toEqual([]);
});

test("every malformed row is reported, counted from 1", async () => {
  const { fail } = await connect();
  const ofRows = await fail.create("Contacts", [{ Last_Name: "ok" }, null, 5, "x", [], true]);
  expect(ofRows.match(/Row \d+/g)).toEqual([2, 3, 4, 5, 6].map((row) => `Row ${row}`));
  const ids = ["a", "b", "c", "d", "e"];
  const ofIds = await fail.delete("Contacts", ids);
  for (const [at, id] of ids.entries()) expect(ofIds).toContain(`Row ${at + 1}: it "${id}" is not`);
});
