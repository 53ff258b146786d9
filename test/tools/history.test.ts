import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { pages } from "../support/reads.ts";
import { idsOf, results, table, writeIdOf } from "../support/replies.ts";
import {
  type Connected,
  named,
  onWrite,
  people,
  type Reply,
  record,
  recordsIn,
  status,
  withEmail,
  writes,
} from "../support/writes.ts";

const undo = "bigin_undo_write";

/** Makes a change as another user of Bigin. */
async function elsewhere(sandbox: Sandbox, method: string, path: string, row?: Reply) {
  const answer = await sandbox.fetch(`https://gateway.maton.ai/zoho-bigin/bigin/v2/${path}`, {
    method,
    headers: { Authorization: "Bearer sandbox", "Content-Type": "application/json" },
    ...(row && { body: JSON.stringify({ data: [row] }) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${await answer.text()}`);
}

/** The values of all records, without ids, times and links from other records. */
function contents(sandbox: Sandbox, modules: readonly string[]) {
  return modules.map((module) =>
    recordsIn(sandbox, module)
      .map((one) => JSON.stringify(comparable(one)))
      .toSorted(),
  );
}

const timesAndIds = /^(id|.*_Time|Modified_By|Created_By)$/;

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !timesAndIds.test(key))
      .map(([key, part]) => [key, comparable(part)]),
  );
}

const later = status(429, { error: { message: "later", code: 429 } }, { "Retry-After": "90" });
const firsts = ["Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls"];

/** Makes a write, undoes it, and checks that the records are as before. Returns the replies. */
async function undone(
  { call, sandbox }: Connected,
  modules: readonly string[],
  write: () => Promise<Reply>,
) {
  const before = contents(sandbox, modules);
  const { write_id } = await write();
  const reply = await call.undo(write_id);
  expect(contents(sandbox, modules)).toEqual(before);
  return reply;
}

test.each<[string, Reply, Reply]>([
  [
    "restores the old values, of cleared fields and tags too",
    { Tag: ["VIP", "Fair"], Mobile: "555 1", Lead_Score: 7, Title: "Chair" },
    { Tag: ["Other"], Mobile: null, Lead_Score: null, Title: null, Email_Opt_Out: true },
  ],
  [
    "clears what was empty",
    { Tag: [], Mobile: null, Lead_Score: null, Account_Name: null },
    { Tag: ["VIP"], Mobile: "555 1", Lead_Score: 7, Account_Name: { name: "Alpine Freight" } },
  ],
])("undoing an update %s", async (_, first, second) => {
  const connected = await connect();
  const { id } = record(connected.sandbox, "Contacts");
  const set = (row: Reply) => connected.call.update("Contacts", [{ id, ...row }]);
  await set(first);
  const reply = await undone(connected, ["Contacts"], () => set(second));
  expect(reply).toMatchObject({ undone: 1 });
  expect(results(reply)).toEqual([{ id, outcome: "restored" }]);
});

test.each(firsts)("%s: undoing a delete creates the record again", async (module) => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id } = record(sandbox, module, 1);
  const reply = await undone(connected, [module], async () => {
    const gone = await call.delete(module, [id]);
    const preview = await call.undo(gone["write_id"], { dry_run: true });
    expect(preview["would"]).toContain("lose their notes");
    return gone;
  });
  const [line] = results(reply);
  const new_id = expect.stringMatching(/^\d{19}$/);
  expect(line).toMatchObject({ id, outcome: "created again", new_id });
  expect(reply["not_restored"]).toContain("lose their notes");
  expect(sandbox.store.records(module).has(String(line?.["new_id"]))).toBe(true);
});

test("undoing a delete restores more than fifty fields", async () => {
  const connected = await connect({ extraFields: 60 });
  const { call } = connected;
  const late = { Extra_Field_53: "late", Extra_Field_59: "2026-12-24" };
  const wide = { Last_Name: "Wide", Extra_Field_1: "first", ...late };
  const ids = idsOf(await call.create("Contacts", [wide, ...people(11)]));
  for (const some of [ids.slice(0, 1), ids]) {
    const again = await undone(connected, ["Contacts"], () => call.delete("Contacts", some));
    expect(again).toMatchObject({ undone: some.length });
    ids[0] = String(results(again)[0]?.["new_id"]);
  }
});

test("writes of notes can be undone; a note belongs to its parent again", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const Parent_Id = record(sandbox, "Contacts").id;
  const [one, two] = [record(sandbox, "Notes", 0).id, record(sandbox, "Notes", 1).id];
  const created = await undone(connected, ["Contacts", "Notes"], () =>
    call.create("Notes", [{ Note_Content: "one", Parent_Id, $se_module: "Contacts" }]),
  );
  expect(results(created)).toMatchObject([{ outcome: "deleted" }]);
  await undone(connected, ["Notes"], async () => {
    const update = await call.update("Notes", [{ id: one, Note_Content: "changed" }]);
    await call.undo(writeIdOf(await call.delete("Notes", [one, two])));
    return update;
  });
});

test("a deal returns to its team pipeline", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const teamOf = (deal: Reply = {}) => (deal["Pipeline"] as { id: string }).id;
  const [deal, ...others] = recordsIn(sandbox, "Pipelines");
  const other = others.find((one) => teamOf(one) !== teamOf(deal));
  const where = { Sub_Pipeline: other?.["Sub_Pipeline"], Stage: other?.["Stage"] };
  const reply = await undone(connected, ["Pipelines"], async () => {
    const moved = await call.update("deals", [{ id: deal?.id, ...where }]);
    const now = sandbox.store.records("Pipelines").get(deal?.id ?? "");
    expect(teamOf(now)).not.toBe(teamOf(deal));
    return moved;
  });
  expect(results(reply)).toMatchObject([{ outcome: "restored" }]);
});

test.each([
  ["nested", false],
  ["flat", true],
])("product lines and further contacts of a deal are restored (%s)", async (_, flatLists) => {
  const connected = await connect({ flatLists });
  const { call, sandbox } = connected;
  const { id } = record(sandbox, "Pipelines");
  const twoOf = (module: string) => [0, 1].map((nth) => ({ id: record(sandbox, module, nth).id }));
  const [bolt, nut] = twoOf("Products");
  const line = { Product: bolt, Quantity: 3, List_Price: 10, Discount: 2 };
  const set = (Associated_Products: Reply[], Secondary_Contacts: Reply[]) =>
    call.update("Pipelines", [{ id, Associated_Products, Secondary_Contacts }]);
  await set([line, { Product: nut, Quantity: 1 }], twoOf("Contacts"));
  const reply = await undone(connected, ["Pipelines"], () =>
    set([{ Product: bolt, Quantity: 3, List_Price: 11 }], []),
  );
  expect(reply).toMatchObject({ undone: 1 });
});

/** Updates a contact and creates others. */
function upsertOf({ call, sandbox }: Connected, ...others: Reply[]) {
  const { Last_Name, Email } = withEmail(sandbox);
  return call.upsert("Contacts", [
    { Last_Name, Email, Title: "Changed" },
    { Last_Name: "Newcomer", Email: "newcomer@probe.example" },
    ...others,
  ]);
}

test("undoing an upsert deletes new records and restores old ones", async () => {
  const connected = await connect();
  const { id } = record(connected.sandbox, "Accounts");
  const never = { Last_Name: "Never", Email: "never@probe.example", Account_Name: { id } };
  const reply = await undone(connected, ["Contacts"], () => upsertOf(connected, never));
  expect(results(reply).map((line) => line.outcome)).toEqual(["restored", "deleted", "deleted"]);
});

/** A contact, and the id of a write that changed its title. */
async function titled({ call, sandbox }: Connected) {
  const { id } = record(sandbox, "Contacts");
  const { write_id } = await call.update("Contacts", [{ id, Title: "Ours" }]);
  return { id, write_id };
}

test("records that others changed since are left alone, the rest is undone", async () => {
  let now = Date.UTC(2026, 10, 24, 15);
  const { call, sandbox } = await connect({ clock: () => now });
  const ids = [0, 1, 2].map((nth) => record(sandbox, "Contacts", nth).id);
  const { write_id } = await call.update(
    "Contacts",
    ids.map((id) => ({ id, Title: "Ours" })),
  );
  // One in the same second, which only the values show; one later, in another field.
  await elsewhere(sandbox, "PUT", `Contacts/${ids[0]}`, { Title: "Theirs" });
  now += 60_000;
  await elsewhere(sandbox, "PUT", `Contacts/${ids[1]}`, { Mobile: "555 9" });
  const reply = await call.undo(write_id);
  expect(reply).toMatchObject({ undone: 1 });
  const left = { outcome: "left alone", problem: "was changed by somebody else since" };
  expect(results(reply)).toMatchObject([
    { id: ids[2], outcome: "restored" },
    { id: ids[0], ...left },
    { id: ids[1], ...left },
  ]);
  const kept = ids.map((id) => sandbox.store.records("Contacts").get(id));
  expect(kept.slice(0, 2)).toMatchObject([{ Title: "Theirs" }, { Title: "Ours", Mobile: "555 9" }]);
});

test("undoing an update does not create a record that was deleted since", async () => {
  const connected = await connect();
  const { fail, sandbox } = connected;
  const { id, write_id } = await titled(connected);
  await elsewhere(sandbox, "DELETE", `Contacts/${id}`);
  const sent = writes(connected).length;
  expect(await fail.undo(write_id)).toContain("was not found");
  expect(writes(connected)).toHaveLength(sent);
});

test("pages of the list of writes fit together while new writes are made", async () => {
  const { call } = await connect({ replyTokens: 500 });
  const write = (at: number) => call.create("Contacts", [{ Last_Name: `Probe ${at}` }]);
  for (let at = 1; at <= 40; at += 1) await write(at);
  const seen: unknown[] = [];
  for await (const page of pages({ call }, "bigin_list_writes")) {
    seen.push(...table(page).rows.map(([id]) => id));
    await write(0);
  }
  expect(seen).toEqual(Array.from({ length: 40 }, (_, at) => `w${40 - at}`));
});

test("the records of a write are listed with their row numbers and problems", async () => {
  const { call } = await connect();
  const Email = "one@only.example";
  const records = [
    { Last_Name: "One", Email },
    { Last_Name: "Two", Email },
  ];
  const { write_id } = await call.create("Contacts", records);
  const { columns, rows } = await call("bigin_list_writes", { write_id });
  expect(columns).toEqual(["row", "id", "name", "outcome", "fields", "undone", "problem"]);
  expect(rows).toMatchObject([
    [1, expect.any(String), "One", "created", "Last_Name, Email", null, null],
    [2, null, "Two", "failed", "Last_Name, Email", null, expect.stringContaining("DUPLICATE_DATA")],
  ]);
});

test("a write can be undone only once", async () => {
  const { call, fail, sandbox } = await connect();
  const { id } = record(sandbox, "Contacts");
  const gone = await call.delete("Contacts", [id]);
  await call.undo(gone["write_id"]);
  const count = sandbox.store.records("Contacts").size;
  expect(await fail.undo(gone["write_id"])).toContain("was undone already");
  expect(sandbox.store.records("Contacts").size).toBe(count);
  expect((await call("bigin_list_writes"))["rows"]).toMatchObject([
    ["w1", expect.anything(), expect.anything(), "Contacts", 1, expect.any(String), "1 deleted", 1],
  ]);
});

test("a later write to the same record must be undone first", async () => {
  const { call, fail, sandbox } = await connect();
  const before = contents(sandbox, ["Contacts"]);
  const { id } = record(sandbox, "Contacts");
  const set = (Title: string) => call.update("Contacts", [{ id, Title }]);
  await set("First");
  await set("Second");
  expect(await fail.undo("w1")).toContain("was changed again by w2: undo that first");
  await call.undo("w2");
  await call.undo("w1");
  expect(contents(sandbox, ["Contacts"])).toEqual(before);
});

test("a partial undo can be repeated for the rest", async () => {
  const { call, sandbox } = await connect();
  const before = contents(sandbox, ["Contacts"]);
  const records = recordsIn(sandbox, "Contacts").slice(0, 150);
  const { write_id } = await call.update(
    "Contacts",
    records.map(({ id }) => ({ id, Title: "Ours" })),
  );
  sandbox.addFault(onWrite("Contacts", later, { method: "PUT", skip: 1 }));
  expect(await call.undo(write_id)).toMatchObject({ undone: 100 });
  expect(await call.undo(write_id)).toMatchObject({ undone: 50 });
  expect(contents(sandbox, ["Contacts"])).toEqual(before);
});

test("if deleting fails, records that were restored are still reported", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id, Title } = withEmail(sandbox);
  const { write_id } = await upsertOf(connected);
  sandbox.addFault(onWrite("Contacts", later, { method: "DELETE" }));
  const reply = await call.undo(write_id);
  expect(reply).toMatchObject({ undone: 1 });
  expect(results(reply).map((line) => line.outcome)).toEqual(["restored", "not_sent"]);
  expect(sandbox.store.records("Contacts").get(id)?.["Title"]).toBe(Title);
  expect(await call.undo(write_id)).toMatchObject({ undone: 1 });
  expect(named(sandbox, "Contacts", "Last_Name", "Newcomer")).toEqual([]);
});

test("a record that was created again without a response is found", async () => {
  const { call, fail, sandbox } = await connect();
  const gone = record(sandbox, "Contacts");
  const { write_id } = await call.delete("Contacts", [gone.id]);
  const count = sandbox.store.records("Contacts").size;
  sandbox.addFault(onWrite("Contacts", { kind: "lost" }));
  const reply = await call.undo(write_id);
  expect(reply).toMatchObject({ undone: 1 });
  expect(await fail.undo(write_id)).toContain("undone already");
  expect(sandbox.store.records("Contacts").size).toBe(count + 1);
});

test.each([
  ["was created", { kind: "lost" }, "undone already"],
  ["was not created", { kind: "reset" }, undefined],
] as const)(
  "a record of which nobody knows whether it %s again is looked for by the next undo",
  async (_, does, refused) => {
    const { call, fail, sandbox } = await connect();
    const gone = record(sandbox, "Contacts");
    const { write_id } = await call.delete("Contacts", [gone.id]);
    const count = sandbox.store.records("Contacts").size;
    sandbox.addFault(onWrite("Contacts", does));
    sandbox.addFault({ method: "GET", path: /\/Contacts$/, times: 9, does: status(503, {}) });
    expect(results(await call.undo(write_id).catch(() => ({ results: [] })))).not.toMatchObject([
      { outcome: "created again" },
    ]);
    sandbox.clearFaults();
    if (refused) expect(await fail.undo(write_id)).toContain(refused);
    else expect(await call.undo(write_id)).toMatchObject({ undone: 1 });
    expect(sandbox.store.records("Contacts").size).toBe(count + 1);
  },
);

test("records that cannot be read back after an undo count as undone", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id, write_id } = await titled(connected);
  const path = new RegExp(`Contacts/${id}$`);
  sandbox.addFault({ method: "GET", path, skip: 1, times: 9, does: status(500, "x") });
  const reply = await call.undo(write_id);
  expect(reply).toMatchObject({ undone: 1, notes: [expect.stringContaining("not read back")] });
});

test("without lists of ids, more than ten created records can be undone, but not more than ten deleted ones", async () => {
  const { call, fail, sandbox } = await connect({ ids: "ignored" });
  const made = await call.create("Contacts", people(12));
  const ids = named(sandbox, "Contacts", "Title", null).map(({ id }) => id);
  expect(ids.length).toBeGreaterThanOrEqual(12);
  expect(await call.undo(made["write_id"])).toMatchObject({ undone: 12 });
  const some = [...sandbox.store.records("Contacts").keys()].slice(0, 12);
  const gone = await call.delete("Contacts", some);
  expect(await fail.undo(gone["write_id"])).toContain("its old values are not known");
});

test("custom fields are restored on a connection without metadata", async () => {
  const connected = await connect({ profile: "maton" });
  const { call, sandbox } = connected;
  const scored = recordsIn(sandbox, "Contacts").find((one) => one["Lead_Score"]);
  const { id, Lead_Score } = scored ?? record(sandbox, "Contacts");
  await undone(connected, ["Contacts"], async () => {
    const update = await call.update("Contacts", [{ id, Lead_Score: 1 }]);
    const now = typeof Lead_Score === "string" ? "1" : 1;
    expect(results(update)).toMatchObject([{ changed: { Lead_Score: [Lead_Score, now] } }]);
    return update;
  });
  await undone(connected, ["Contacts"], () => call.delete("Contacts", [id]));
});

type Step = { kind: "create" | "update" | "delete"; module: string; nth: number; value: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("create" as const, "update" as const, "delete" as const),
  module: fc.constantFrom(...firsts, "Service_Contracts"),
  nth: fc.nat(6),
  value: fc.nat(999),
});

/** A row for the module, with links to existing records. */
function rowFor({ module, value }: Step, sandbox: Sandbox, at: number): Reply {
  const link = (to: string) => record(sandbox, to, value % 5).id;
  const tags = value % 3 === 0 ? { Tag: [`Tag ${value % 4}`] } : {};
  const rows: Record<string, Reply> = {
    Contacts: {
      Last_Name: `P ${value}`,
      Account_Name: link("Accounts"),
      Lead_Score: value,
      ...tags,
    },
    Accounts: {
      Account_Name: `C ${value} ${sandbox.store.records("Accounts").size} ${at}`,
      Phone: null,
      ...tags,
    },
    Pipelines: {
      Deal_Name: `D ${value}`,
      Contact_Name: link("Contacts"),
      Amount: value / 4,
      Secondary_Contacts: [{ id: link("Contacts") }],
      Associated_Products: [{ Product: { id: link("Products") }, Quantity: 1 + (value % 3) }],
      ...tags,
    },
    Products: {
      Product_Name: `G ${value} ${sandbox.store.records("Products").size} ${at}`,
      Unit_Price: value,
    },
    Tasks: { Subject: `T ${value}`, What_Id: link("Pipelines"), $se_module: "Pipelines" },
    Events: {
      Event_Title: `E ${value}`,
      Start_DateTime: "2026-12-24T10:00:00-05:00",
      End_DateTime: "2026-12-24T11:00:00-05:00",
    },
    Calls: { Subject: `L ${value}`, Who_Id: link("Contacts"), Call_Duration: "05:00" },
    Service_Contracts: {
      Name: `S ${value}`,
      Account_Name: link("Accounts"),
      Contract_Value: value,
    },
  };
  return rows[module] ?? {};
}

const onlyNew: Record<string, Reply> = {
  Pipelines: { Sub_Pipeline: "Sales Pipeline Standard", Stage: "Qualification" },
  Calls: { Call_Type: "Outbound", Call_Start_Time: "2026-12-24T10:00:00-05:00" },
};

/** Ids of one to three records, old or new. */
function some(sandbox: Sandbox, { module, nth, value }: Step): string[] {
  const ids = [...sandbox.store.records(module).keys()];
  const from = value % 2 === 0 ? nth : Math.max(0, ids.length - 1 - (nth % 3));
  return ids.slice(from, from + 1 + (value % 3));
}

async function take(one: Step, { call, sandbox }: Connected): Promise<string | undefined> {
  const { kind, module, value } = one;
  const ids = some(sandbox, one);
  const rows: Record<Step["kind"], () => Reply[]> = {
    create: () => ids.map((_, at) => ({ ...rowFor(one, sandbox, at), ...onlyNew[module] })),
    update: () => ids.map((id, at) => ({ ...rowFor(one, sandbox, at), id })),
    delete: () => [],
  };
  const reply = await call[kind](module, kind === "delete" ? ids : rows[kind]());
  expect(reply, JSON.stringify({ value, reply })).toMatchObject({ done: ids.length });
  return "write_id" in reply ? writeIdOf(reply) : undefined;
}

/** The values of all records without links, which may lead to records that have got new ids. */
function withoutLinks(sandbox: Sandbox, modules: readonly string[]) {
  const links = /(_Name|_Id|_To|Contacts|Products|_module)$/;
  const kept = /^(Account_Name|Deal_Name|Last_Name|Full_Name|First_Name|Product_Name)$/;
  return modules.map((module) =>
    recordsIn(sandbox, module)
      .map((one) => comparable(one) as Reply)
      .map((one) =>
        JSON.stringify(
          Object.fromEntries(
            Object.entries(one).filter(
              ([key, value]) => !links.test(key) || (kept.test(key) && typeof value === "string"),
            ),
          ),
        ),
      )
      .toSorted(),
  );
}

test("any sequence of creates, updates and deletes, undone in reverse order, restores the store", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      let now = Date.UTC(2026, 10, 24, 15);
      const connected = await connect({ clock: () => now });
      const { call, sandbox } = connected;
      const modules = [...firsts, "Service_Contracts"];
      const before = withoutLinks(sandbox, modules);
      const exact = contents(sandbox, modules);
      const ids: string[] = [];
      for (const one of steps) {
        now += 1_000 * (one.value % 2);
        const id = await take(one, connected);
        if (id !== undefined) ids.push(id);
      }
      for (const write_id of ids.toReversed()) {
        now += 1_000;
        const reply = await call.undo(write_id);
        const isWhole = results(reply).every(
          (line) => !("problem" in line || "not_restored" in line),
        );
        expect(isWhole, JSON.stringify(reply)).toBe(true);
      }
      expect(withoutLinks(sandbox, modules)).toEqual(before);
      if (steps.every(({ kind }) => kind !== "delete"))
        expect(contents(sandbox, modules)).toEqual(exact);
    }),
    { numRuns: 40 },
  );
}, 60_000);

test("of several undos of one delete at the same time, one creates the record again", async () => {
  const { client, call, sandbox } = await connect();
  const { id } = record(sandbox, "Contacts");
  const count = sandbox.store.records("Contacts").size;
  const write_id = writeIdOf(await call.delete("Contacts", [id]));
  const undos = await Promise.all(
    [1, 2, 3].map(() => client.callTool({ name: undo, arguments: { write_id } })),
  );
  expect(undos.filter(({ isError }) => !isError)).toHaveLength(1);
  expect(sandbox.store.records("Contacts").size).toBe(count);
});

test("an undo that deletes says before and after what is lost with the records", async () => {
  const { call } = await connect();
  const records = [{ Account_Name: "Zed" }];
  const write_id = writeIdOf(await call.create("Accounts", records));
  const dry = await call.undo(write_id, { dry_run: true });
  expect(dry["would"]).toContain("notes, attachments and links");
  expect((await call.undo(write_id))["lost"]).toMatch(/notes, attachments/i);
});
