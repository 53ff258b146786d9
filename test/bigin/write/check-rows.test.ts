import { expect, test } from "vitest";
import type { Sandbox } from "../../../src/sandbox/app.ts";
import { connect } from "../../support/connect.ts";
import { results } from "../../support/replies.ts";
import { erase } from "../../support/seeded.ts";
import { payload, type Reply, record, recordsIn, withEmail, writes } from "../../support/writes.ts";

const create = "bigin_create_records";
const update = "bigin_update_records";
const profiles = ["full", "maton"] as const;
type Profile = (typeof profiles)[number];

/** A row with one wrong value, and a part of the error message. */
type Wrong = [what: string, row: Reply, told: string];

async function refused(profile: Profile, module: string, row: Reply, told: string) {
  const connected = await connect({ profile });
  expect(await connected.fail.create(module, [row])).toContain(told);
  expect(writes(connected)).toEqual([]);
}

const contact = { Last_Name: "Probe" };
const deal = {
  Deal_Name: "Probe",
  Sub_Pipeline: "Sales Pipeline Standard",
  Stage: "Qualification",
};

const wrongContacts: Wrong[] = [
  ["a mandatory field that is missing", { First_Name: "Ann" }, "Last_Name is missing"],
  ["a mandatory field that is empty", { Last_Name: "" }, "Last_Name is missing"],
  ["a mandatory field of spaces", { Last_Name: "  " }, "Last_Name is missing"],
  ["a list where text is due", { ...contact, Title: ["Chair"] }, 'Title is text; ["Chair"] is not'],
  ["an object where text is due", { ...contact, Phone: { main: "1" } }, "Phone is text"],
  [
    "a text that is too long",
    { ...contact, First_Name: "x".repeat(41) },
    "First Name holds at most 40 characters; this has 41",
  ],
  ["half an e-mail address", { ...contact, Email: "ann@" }, "Email is one e-mail address"],
  ["two e-mail addresses", { ...contact, Email: "a@b.example, c@d.example" }, "is one e-mail"],
  [
    "a word for a boolean",
    { ...contact, Email_Opt_Out: "maybe" },
    "Email Opt Out is true or false",
  ],
  ["a number for a boolean", { ...contact, Email_Opt_Out: 1 }, "Email Opt Out is true or false"],
  [
    "a read-only field",
    { ...contact, Created_Time: "2026-01-01T00:00:00Z" },
    "Created Time is computed by Bigin: leave it out",
  ],
  ["a computed name", { ...contact, Full_Name: "Ann Probe" }, "Full Name is computed by Bigin"],
  [
    "an unknown field",
    { ...contact, Emial: "a@b.example" },
    'no field "Emial". Did you mean "Email"',
  ],
  ["an unknown label", { ...contact, "Frist Name": "Ann" }, 'Did you mean "First Name"'],
  [
    "two keys for one field",
    { ...contact, "Last Name": "Other" },
    '"Last_Name" and "Last Name" are the same field: name it once',
  ],
  [
    "an unknown owner",
    { ...contact, Owner: "Nobody Atall" },
    'No user of this Bigin is called "Nobody',
  ],
  [
    "an owner who left",
    { ...contact, Owner: "Lena Fischer" },
    "Lena Fischer is no longer an active user",
  ],
  [
    "a company nobody has",
    { ...contact, Account_Name: "Nowhere Incorporated" },
    "Nowhere Incorporated",
  ],
  ["a number for a lookup", { ...contact, Account_Name: 12 }, "Company Name"],
  ["an id in a new row", { ...contact, id: "7618134000000632028" }, "has an id"],
];

test.each(
  profiles.flatMap((profile) => wrongContacts.map((wrong) => [profile, ...wrong] as const)),
)("%s: %s is refused", async (profile, _what, row, told) => {
  await refused(profile, "Contacts", row, told);
});

const wrongDeals: Wrong[] = [
  [
    "a number of the other half of the world",
    { ...deal, Amount: "12.000,50" },
    'Amount is a number, written with digits and a point, such as 12000.50; "12.000,50" is not',
  ],
  ["thousands with a comma", { ...deal, Amount: "12,000" }, "Amount is a number"],
  [
    "a number of too many digits",
    { ...deal, Amount: 1e17 },
    "Amount is a number of at most 15 digits",
  ],
  ["an impossible date", { ...deal, Closing_Date: "2026-02-30" }, "Closing Date is a day"],
  ["a date of another order", { ...deal, Closing_Date: "31.12.2026" }, "Closing Date is a day"],
  ["a stretch of days", { ...deal, Closing_Date: "next week" }, "not a stretch of days"],
  ["a time for a date", { ...deal, Closing_Date: "tomorrow at 9 am" }, "Closing Date is a day"],
  ["no sub-pipeline, no stage", { Deal_Name: "Probe" }, "Sub_Pipeline, Stage are missing"],
];

test.each(profiles.flatMap((profile) => wrongDeals.map((wrong) => [profile, ...wrong] as const)))(
  "%s: a deal with %s is refused",
  async (profile, _what, row, told) => {
    await refused(profile, "Pipelines", row, told);
  },
);

const wrongByMetadata: [module: string, ...Wrong][] = [
  [
    "Products",
    "an unknown option",
    { Product_Name: "P", Product_Category: "Hardwear" },
    'has no option "Hardwear". Did you mean "Hardware"',
  ],
  [
    "Products",
    "an empty option",
    { Product_Name: "P", Product_Category: "" },
    "is cleared with null",
  ],
  [
    "Contacts",
    "a fraction for a whole number",
    { ...contact, Lead_Score: 1.5 },
    "Lead Score is a whole number",
  ],
  [
    "Contacts",
    "a whole number of ten digits",
    { ...contact, Lead_Score: 1234567890 },
    "at most 9 digits; this has 10",
  ],
  [
    "Contacts",
    "a label for a custom field, misspelt",
    { ...contact, "Lead Scoer": 1 },
    'Did you mean "Lead Score"',
  ],
  [
    "Pipelines",
    "a stage of another sub-pipeline",
    { ...deal, Stage: "Discovery" },
    'The sub-pipeline "Sales Pipeline Standard" has no stage "Discovery"',
  ],
  [
    "Pipelines",
    "a sub-pipeline nobody has",
    { ...deal, Sub_Pipeline: "Renewal" },
    'no sub-pipeline "Renewal". Did you mean "Renewals"',
  ],
  [
    "Pipelines",
    "a sub-pipeline outside the team named",
    { ...deal, Pipeline: "Onboarding" },
    'The team pipeline "Onboarding" has no sub-pipeline',
  ],
  [
    "Pipelines",
    "a team pipeline nobody has",
    { ...deal, Pipeline: "Onbording" },
    'Did you mean "Onboarding"',
  ],
  ["Notes", "a note without its record", { Note_Content: "n" }, "Parent_Id is missing"],
  [
    "Notes",
    "a link without its module",
    { Note_Content: "n", Parent_Id: "7618134000000632028" },
    "needs $se_module",
  ],
  [
    "Tasks",
    "a module nobody has",
    { Subject: "t", $se_module: "Deels", What_Id: "x" },
    'no module "Deels"',
  ],
  [
    "Events",
    "an impossible time",
    { Event_Title: "e", Start_DateTime: "2026-12-24 25:00", End_DateTime: "2026-12-24 15:00" },
    "From is a day with a time",
  ],
  [
    "Events",
    "a day for a time",
    { Event_Title: "e", Start_DateTime: "2026-12-24", End_DateTime: "2026-12-24 15:00" },
    "From is a day with a time",
  ],
];

test.each(wrongByMetadata)("full: %s with %s is refused", async (module, _what, row, told) => {
  await refused("full", module, row, told);
});

test.each(profiles)(
  "%s: all problems of all rows are in one reply, by row and field",
  async (profile) => {
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
  },
);

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

const wrongCalls: [what: string, tool: string, args: (sandbox: Sandbox) => Reply, told: string][] =
  [
    [
      "501 rows",
      create,
      () => ({ records: Array.from({ length: 501 }, () => contact) }),
      '"records"',
    ],
    [
      "501 ids",
      "bigin_delete_records",
      () => ({
        ids: Array.from({ length: 501 }, (_, at) => String(7618134000000000000n + BigInt(at))),
      }),
      '"ids"',
    ],
    ["no rows", create, () => ({ records: [] }), '"records"'],
    ["no rows to change", update, () => ({ records: [] }), '"records"'],
    ["no ids", "bigin_delete_records", () => ({ ids: [] }), '"ids"'],
    ["a row that is text", create, () => ({ records: [contact, "Ann"] }), "Row 2: it must be"],
    [
      "a row that is a list",
      create,
      () => ({ records: [[contact]] }),
      "must be a JSON object, not [{",
    ],
    ["a row that is nothing", create, () => ({ records: [contact, null] }), "Row 2: it must be"],
    ["an empty row", create, () => ({ records: [{}] }), "Last_Name is missing"],
    ["a change without its id", update, () => ({ records: [{ Title: "Chair" }] }), "id"],
    [
      "a change of nothing",
      update,
      (sandbox) => ({ records: [{ id: record(sandbox, "Contacts").id }] }),
      "names no field to change",
    ],
    [
      "a mandatory field cleared",
      update,
      (sandbox) => ({ records: [{ id: record(sandbox, "Contacts").id, Last_Name: null }] }),
      "Last_Name cannot be cleared",
    ],
    [
      "a mandatory field of spaces",
      update,
      (sandbox) => ({ records: [{ id: record(sandbox, "Contacts").id, Last_Name: " " }] }),
      "Last_Name cannot be cleared",
    ],
    [
      "one id twice",
      update,
      (sandbox) => ({
        records: [1, 2].map((at) => ({ id: record(sandbox, "Contacts").id, Title: `T${at}` })),
      }),
      "is named twice",
    ],
    [
      "one id twice to delete",
      "bigin_delete_records",
      (sandbox) => ({ ids: [1, 2].map(() => record(sandbox, "Contacts").id) }),
      "is named twice",
    ],
    [
      "an id nobody has",
      update,
      () => ({ records: [{ id: "7618134000000999999", Title: "T" }] }),
      "Contacts has no record 7618134000000999999",
    ],
    [
      "an id nobody has to delete",
      "bigin_delete_records",
      () => ({ ids: ["7618134000000999999"] }),
      "Contacts has no record 7618134000000999999",
    ],
    [
      "an id of another module",
      update,
      (sandbox) => ({ records: [{ id: record(sandbox, "Accounts").id, Title: "T" }] }),
      "Contacts has no record",
    ],
  ];

test.each(profiles.flatMap((profile) => wrongCalls.map((wrong) => [profile, ...wrong] as const)))(
  "%s: %s is refused",
  async (profile, _what, tool, args, told) => {
    const connected = await connect({ profile });
    const all = { module: "Contacts", ...args(connected.sandbox) };
    expect(await connected.fail(tool, all)).toContain(told);
    expect(writes(connected)).toEqual([]);
  },
);

test.each(profiles)(
  "%s: a lookup to a deleted record is refused, by id and by name",
  async (profile) => {
    const connected = await connect({ profile });
    const { fail, sandbox } = connected;
    const { id, Account_Name } = record(sandbox, "Accounts");
    await erase(sandbox, "Accounts", [id]);
    for (const value of [id, { id }, Account_Name])
      expect(await fail.create("Contacts", [contact, { ...contact, Account_Name: value }])).toMatch(
        /Row 2: .*(Company Name links to|Accounts)/,
      );
    expect(writes(connected)).toEqual([]);
  },
);

test.each(profiles)(
  "%s: an ambiguous owner or company is refused with the candidates",
  async (profile) => {
    const connected = await connect({
      profile,
      alter: (path, body) =>
        path.endsWith("/users")
          ? {
              ...body,
              users: (body["users"] as Reply[]).map((user) => ({
                ...user,
                full_name: `Alex ${String(user["last_name"])}`,
              })),
            }
          : body,
    });
    const { call, fail } = connected;
    const told = await fail.create("Contacts", [{ ...contact, Owner: "Alex" }]);
    expect(told).toContain('"Alex" could be Alex Stone <amelia.stone@harborlight.example> or ');
    await call.create(
      "Contacts",
      [1, 2].map(() => ({ First_Name: "Twin", Last_Name: "Sameperson" })),
    );
    const before = writes(connected).length;
    const twins = await fail.create("deals", [{ ...deal, Contact_Name: "Twin Sameperson" }]);
    expect(twins).toContain("Twin Sameperson");
    expect(twins).toMatch(
      /Twin Sameperson \(\d{15,19}\), Twin Sameperson \(\d{15,19}\)\. Use the id\./,
    );
    expect(writes(connected)).toHaveLength(before);
  },
);

/** Closes a field to the profile of the user, as an administrator does. */
const closing = (name: string, permission: string) => (path: string, body: Reply) =>
  path.endsWith("/settings/fields")
    ? {
        ...body,
        fields: (body["fields"] as Reply[]).map((field) =>
          field["api_name"] === name
            ? {
                ...field,
                profiles: (field["profiles"] as Reply[]).map((profile) =>
                  profile["name"] === "Administrator"
                    ? { ...profile, permission_type: permission }
                    : profile,
                ),
              }
            : field,
        ),
      }
    : body;

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

test.each(profiles)(
  "%s: labels, API names, owners and lookups by name and e-mail reach Bigin in its own form",
  async (profile) => {
    const connected = await connect({ profile });
    const { call, sandbox } = connected;
    const company = record(sandbox, "Accounts", 3);
    const [, diego] = sandbox.store.users();
    for (const Owner of [
      "diego.marin@harborlight.example",
      "Diego Marín",
      "diego",
      diego?.id,
      { id: diego?.id },
    ])
      await call.create("contacts", [
        {
          "last name": "Probe",
          "Company Name": company["Account_Name"],
          Owner,
          "Email Opt Out": "yes",
        },
      ]);
    expect(writes(connected).map((one) => payload(one))).toEqual(
      Array.from({ length: 5 }, () => [
        {
          Last_Name: "Probe",
          Account_Name: { id: company.id },
          Owner: { id: diego?.id },
          Email_Opt_Out: true,
        },
      ]),
    );
  },
);

test.each(profiles)("%s: a linked record is found by its id or name", async (profile) => {
  const connected = await connect({ profile });
  const { call, sandbox } = connected;
  const company = record(sandbox, "Accounts", 3);
  const person = record(sandbox, "Contacts");
  await call.create(
    "deals",
    [
      company.id,
      { id: company.id },
      company["Account_Name"],
      { name: company["Account_Name"] },
    ].map((Account_Name) => ({ ...deal, Account_Name, Contact_Name: person["Full_Name"] })),
  );
  expect(
    payload(writes(connected)[0])?.map(({ Account_Name, Contact_Name }) => [
      Account_Name,
      Contact_Name,
    ]),
  ).toEqual(Array.from({ length: 4 }, () => [{ id: company.id }, { id: person.id }]));
});

test("a deal that is created in or moved to another team pipeline is sent with its Layout", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const [here] = recordsIn(sandbox, "Pipelines").filter(
    (one) => one["Sub_Pipeline"] === "Renewals",
  );
  const onboarding = recordsIn(sandbox, "Pipelines").find(
    (one) => one["Sub_Pipeline"] === "Onboarding Standard",
  );
  const { id } = (onboarding?.["Pipeline"] ?? {}) as { id?: string };
  await call.create("deals", [
    { Deal_Name: "New", Sub_Pipeline: "onboarding standard", Stage: "go live" },
  ]);
  const moved = await call.update("deals", [
    { id: here?.id, Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff" },
  ]);
  expect(writes(connected).map((one) => payload(one)?.[0])).toEqual([
    { Deal_Name: "New", Sub_Pipeline: "Onboarding Standard", Stage: "Go Live", Layout: { id } },
    { id: here?.id, Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff", Layout: { id } },
  ]);
  expect(results(moved)).toMatchObject([
    { outcome: "updated", changed: { Sub_Pipeline: ["Renewals", "Onboarding Standard"] } },
  ]);
  expect(
    record(
      sandbox,
      "Pipelines",
      [...sandbox.store.records("Pipelines").keys()].indexOf(here?.id ?? ""),
    ),
  ).toMatchObject({ Pipeline: { id } });
});

test("a deal that moves to another sub-pipeline needs one of its stages", async () => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const { id } =
    recordsIn(sandbox, "Pipelines").find((one) => one["Sub_Pipeline"] === "Renewals") ?? {};
  const told = await fail.update("deals", [{ id, Sub_Pipeline: "Enterprise Sales" }]);
  expect(told).toContain("name a Stage too. It has: Proposal/Price Quote");
  expect(await fail.update("deals", [{ id, Stage: "Discovery" }])).toContain(
    'has no stage "Discovery"',
  );
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
  expect(payload(writes(connected)[0])).toEqual(
    ["By name", "By id"].map((Subject) => ({
      Subject,
      $se_module: "Pipelines",
      What_Id: { id: target.id },
    })),
  );
});

test("dates and times in words are sent in Bigin's form, in the organisation's zone", async () => {
  const connected = await connect({ clock: () => Date.parse("2026-03-04T17:00:00Z") });
  const { call } = connected;
  await call.create("deals", [{ ...deal, Closing_Date: "2026-12-24" }]);
  await call.create("events", [
    { Event_Title: "e", From: "2026-07-01 15:00", End_DateTime: "2026-07-01T21:30:00+02:00" },
  ]);
  const [first, second] = writes(connected);
  expect(payload(first)).toMatchObject([{ Closing_Date: "2026-12-24" }]);
  const [event] = payload(second) ?? [];
  expect(
    [event?.["Start_DateTime"], event?.["End_DateTime"]].map((time) =>
      new Date(String(time)).toISOString(),
    ),
  ).toEqual(["2026-07-01T19:00:00.000Z", "2026-07-01T19:30:00.000Z"]);
});

test.each(profiles)(
  "%s: second contacts are checked to exist, in every form in which they can be given",
  async (profile) => {
    const connected = await connect({ profile });
    const { fail, sandbox } = connected;
    const { id } = record(sandbox, "Accounts");
    for (const Secondary_Contacts of [
      id,
      [id],
      [{ id }],
      [{ Secondary_Contacts: id }],
      [{ Secondary_Contacts: { id } }],
    ])
      expect(await fail.create("deals", [{ ...deal, Secondary_Contacts }])).toContain(
        `Secondary Contacts links to ${id}, but Contacts has no record`,
      );
    expect(writes(connected)).toEqual([]);
  },
);

test("two rows of an upsert for one record are refused, whatever the case of letters", async () => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const known = withEmail(sandbox);
  const Email = String(known["Email"]);
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
  const records = [{ Last_Name: "ok" }, null, 5, "x", [], true];
  const ofRows = await fail.create("Contacts", records);
  expect(ofRows.match(/Row \d+/g)).toEqual([2, 3, 4, 5, 6].map((row) => `Row ${row}`));
  const ids = ["a", "b", "c", "d", "e"];
  const ofIds = await fail.delete("Contacts", ids);
  for (const [at, id] of ids.entries()) expect(ofIds).toContain(`Row ${at + 1}: it "${id}" is not`);
});

test("an owner cannot be cleared", async () => {
  const connected = await connect();
  const { id } = record(connected.sandbox, "Contacts");
  const records = [{ id, Owner: null }];
  expect(await connected.fail.update("Contacts", records)).toContain("Owner");
  expect(writes(connected)).toEqual([]);
});
