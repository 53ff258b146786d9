import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { moduleAbout } from "../support/contract.ts";
import { idsOf, recordIn, results, table, textsIn } from "../support/replies.ts";
import { seededModules } from "../support/seeded.ts";
import { recordsIn, status, withEmail } from "../support/writes.ts";

const lookupId = (value: unknown) => (value as { id?: string } | null | undefined)?.id;

test.each(seededModules)("%s: records are listed, and one of them is read", async (module) => {
  const { call, sandbox } = await connect();
  const { columns, rows } = table(await call.list(module, { per_page: 5 }));
  expect(rows).toHaveLength(5);
  expect(columns[0]).toBe("id");
  expect(columns.length).toBeGreaterThan(2);
  const id = String(rows[0]?.[0]);
  const record = recordIn(await call.get(module, id));
  const kept = sandbox.store.records(module).get(id);
  const names = /^(Full_Name|(Account|Deal|Product)_Name|Subject|Event_Title|Note_Content|Name)$/;
  const shown = Object.entries(kept ?? {}).filter(
    ([field, value]) => names.test(field) && typeof value === "string",
  );
  expect(shown.length).toBeGreaterThan(0);
  for (const [field, value] of shown) expect(record[field]).toContain(value);
});

test("a view limits a list", async () => {
  const { call } = await connect();
  const counts: number[] = [];
  for (const view of textsIn(await call.describe("deals"), "views")) {
    const [cvid] = view.split(" ");
    counts.push(table(await call.list("deals", { cvid, per_page: 200 })).rows.length);
  }
  expect(Math.max(...counts)).toBeGreaterThan(Math.min(...counts));
});

test("a record that does not exist is not found", async () => {
  const { fail } = await connect();
  const id = "7618134000009999999";
  expect(await fail.get("Contacts", id)).toContain(`Contacts has no record ${id}`);
});

test("related lists: contacts and deals of a company, notes of a deal", async () => {
  const { call, sandbox } = await connect();
  const deal = recordsIn(sandbox, "Pipelines").find((one) => one["Account_Name"]);
  const company = lookupId(deal?.["Account_Name"]);
  const related = async (module: string, id: unknown, related_list: string) =>
    table(await call("bigin_list_related_records", { module, id, related_list, per_page: 200 }));
  const deals = await related("companies", company, "deals");
  expect(deals.rows.map(([id]) => id)).toContain(deal?.id);
  const kept = recordsIn(sandbox, "Contacts").filter(
    (one) => (one["Account_Name"] as { id?: string } | null)?.id === company,
  );
  const contacts = await related("Accounts", company, "Contacts");
  expect(contacts.rows.map(([id]) => id).toSorted()).toEqual(kept.map((one) => one.id).toSorted());
  const note = recordsIn(sandbox, "Notes").find((one) => moduleAbout(one) === "Pipelines");
  const parent = note?.["Parent_Id"] as { id: string };
  expect((await related("deals", parent.id, "notes")).rows.map(([id]) => id)).toContain(note?.id);
});

test.each([
  ["Contacts", { Last_Name: "Probe" }, { Title: "Buyer" }],
  ["Accounts", { Account_Name: "Probe & Co" }, { Phone: "+1 617-555-0100" }],
  [
    "Pipelines",
    { Deal_Name: "Probe deal", Sub_Pipeline: "Enterprise Sales", Stage: "Discovery" },
    { Stage: "Security Review" },
  ],
  ["Products", { Product_Name: "Probe product" }, { Unit_Price: 12.5 }],
  ["Tasks", { Subject: "Probe task" }, { Due_Date: "2026-12-24" }],
  [
    "Events",
    {
      Event_Title: "Probe event",
      Start_DateTime: "2026-12-01T10:00:00-05:00",
      End_DateTime: "2026-12-01T11:00:00-05:00",
    },
    { Venue: "Office" },
  ],
  [
    "Calls",
    {
      Subject: "Probe call",
      Call_Type: "Outbound",
      Call_Start_Time: "2026-12-01T10:00:00-05:00",
      Call_Duration: "10:00",
    },
    { Description: "went well" },
  ],
  ["Service_Contracts", { Name: "Probe contract" }, { Contract_Value: 900 }],
])("%s: a record is created, updated and deleted in the store", async (module, fields, change) => {
  const { call, sandbox } = await connect();
  const store = () => sandbox.store.records(module);
  const created = await call.create(module, [fields]);
  expect(created).toMatchObject({
    module,
    done: 1,
    failed: 0,
    results: [{ row: 1, outcome: "created" }],
  });
  const id = String(results(created)[0]?.id);
  expect(store().get(id)).toMatchObject(fields);
  const updated = await call.update(module, [{ id, ...change }]);
  expect(results(updated)).toMatchObject([{ row: 1, id, outcome: "updated" }]);
  expect(Object.keys(results(updated)[0]?.["changed"] ?? {})).toEqual(Object.keys(change));
  expect(store().get(id)).toMatchObject({ ...fields, ...change });
  const deleted = await call.delete(module, [id]);
  expect(results(deleted)).toEqual([{ row: 1, id, outcome: "deleted" }]);
  expect(store().has(id)).toBe(false);
});

test("notes are created, changed and deleted through their parents", async () => {
  const { call, sandbox } = await connect();
  const [contact, deal] = ["Contacts", "Pipelines"].map(
    (module) => [...sandbox.store.records(module).keys()][0],
  );
  const created = await call.create("notes", [
    { Note_Content: "one", Parent_Id: contact, $se_module: "Contacts" },
    { Note_Title: "two", Note_Content: "two", Parent_Id: { id: deal }, $se_module: "deals" },
    { Note_Content: "three", Parent_Id: contact, $se_module: "Contacts" },
  ]);
  const ids = idsOf(created);
  const notes = () => ids.map((id) => sandbox.store.records("Notes").get(id));
  expect(notes().map((note) => note?.["Note_Content"])).toEqual(["one", "two", "three"]);
  expect(notes().map((note) => lookupId(note?.["Parent_Id"]))).toEqual([contact, deal, contact]);
  await call.update("Notes", [{ id: ids[1], Note_Content: "two!" }]);
  expect(notes()[1]).toMatchObject({ Note_Title: "two", Note_Content: "two!" });
  const deleted = await call.delete("Notes", ids);
  expect(deleted).toMatchObject({ done: 3, failed: 0 });
  expect(notes()).toEqual([undefined, undefined, undefined]);
});

test("each row has its own outcome, in the order sent; a duplicate names the existing record", async () => {
  const { call, sandbox } = await connect();
  const { id, Email } = withEmail(sandbox);
  const bad = { Last_Name: "Bad", Email };
  const rows = [{ Last_Name: "Good" }, bad, { Last_Name: "Also good" }];
  const reply = await call.create("Contacts", rows);
  expect(reply).toMatchObject({ done: 2, failed: 1, send_again: { records: [bad] } });
  const problem = expect.stringContaining("DUPLICATE_DATA, api_name Email");
  expect(results(reply)).toMatchObject([
    { outcome: "created" },
    { outcome: "failed", existing: [id], problem },
    { outcome: "created" },
  ]);
});

const other = "7618134000000632028";
const owner = { id: "7618134000000448001", name: "Someone" };

test.each<[name: string, details: object, said: RegExp]>([
  ["its id", { api_name: "Email", id: other }, /Record 7618134000000632028 has/],
  [
    "its id and module",
    { api_name: "Email", id: other, module: "Contacts" },
    /Record 7618134000000632028 of Contacts has/,
  ],
  [
    "a record with its module, as the engine does",
    { duplicate_record: { id: other, Owner: owner, module: { api_name: "Deals", id: "1" } } },
    /Record 7618134000000632028 of Pipelines has/,
  ],
])(
  "a whole request refused as a duplicate, with %s, names the record and its update",
  async (_, details, said) => {
    const { fail, call, sandbox } = await connect();
    const code = { code: "DUPLICATE_DATA", message: "duplicate data", status: "error" };
    const whole = status(400, { ...code, details });
    for (const body of [whole, status(400, { data: [{ ...code, details }] })]) {
      sandbox.addFault({ method: "POST", path: /\/Contacts$/, does: body });
      const told = await fail.create("Contacts", [{ Last_Name: "Twin" }]);
      expect(told).toContain("DUPLICATE_DATA");
      expect(told).toMatch(said);
      expect(told).toContain("bigin_update_records");
    }
    expect(await call.create("Contacts", [{ Last_Name: "Twin" }])).toMatchObject({ done: 1 });
  },
);

test("if every row fails, the call fails with the reasons", async () => {
  const { fail, sandbox } = await connect();
  const [one, two, ...others] = recordsIn(sandbox, "Accounts");
  const message = await fail.create("companies", [
    { Account_Name: one?.["Account_Name"] },
    { Account_Name: two?.["Account_Name"] },
  ]);
  expect(message).toMatch(/^Bigin .*Row 1: .*DUPLICATE_DATA.* Row 2: /);
  expect(sandbox.store.records("Accounts").size).toBe(others.length + 2);
});

test("workflows can be prevented", async () => {
  const { call, sent } = await connect();
  const row = { module: "Contacts", records: [{ Last_Name: "Quiet" }] };
  const posted = () => JSON.parse(sent.findLast((one) => one.method === "POST")?.body ?? "");
  const created = await call("bigin_create_records", { ...row, trigger: [] });
  expect(posted()).toHaveProperty("trigger", []);
  await call("bigin_create_records", row);
  expect(posted()).not.toHaveProperty("trigger");
  const ids = idsOf(created);
  await call.delete("Contacts", ids, { wf_trigger: false });
  const deleted = sent.findLast(({ method }) => method === "DELETE");
  expect(deleted?.url.searchParams.get("wf_trigger")).toBe("false");
});
