import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { previewRows } from "../support/replies.ts";
import {
  type Connected,
  payload,
  type Reply,
  record,
  recordsIn,
  writes,
} from "../support/writes.ts";

const dryRun = { dry_run: true };

/** The payload that a dry run shows for each row, together with the row's id. */
const shownPayload = (reply: Reply) =>
  previewRows(reply).map(({ id, payload: shown }) => ({
    ...(id !== undefined && { id }),
    ...(shown as Reply),
  }));

/** Everything in the store, by module. */
const contents = ({ sandbox }: Connected) =>
  JSON.stringify(
    ["Contacts", "Accounts", "Pipelines", "Tasks"].map((module) => recordsIn(sandbox, module)),
  );

type Case = [tool: string, args: (connected: Connected) => Reply, would: RegExp];

const cases: Case[] = [
  [
    "bigin_create_records",
    ({ sandbox }) => ({
      module: "deals",
      records: [
        {
          "Deal Name": "Dry",
          Sub_Pipeline: "onboarding standard",
          Stage: "kickoff",
          Company_Name: record(sandbox, "Accounts")["Account_Name"],
          Owner: "Diego Marín",
          Closing_Date: "next friday",
          Amount: "1200.50",
          Tag: ["Fair"],
        },
        { Deal_Name: "Dry too", Sub_Pipeline: "Renewals", Stage: "Renewal Due" },
      ],
    }),
    /^Create 2 records of Pipelines: Dry, Dry too\.$/,
  ],
  [
    "bigin_update_records",
    ({ sandbox }) => ({
      module: "Contacts",
      records: [
        {
          id: record(sandbox, "Contacts").id,
          Title: "Chair",
          Owner: "diego.marin@harborlight.example",
        },
        { id: record(sandbox, "Contacts", 1).id, "Email Opt Out": "yes", Description: null },
      ],
    }),
    /^Update 2 records of Contacts: /,
  ],
  [
    "bigin_upsert_records",
    ({ sandbox }) => ({
      module: "companies",
      records: [
        { Account_Name: record(sandbox, "Accounts")["Account_Name"], Phone: "+1 555 0100" },
        { Account_Name: "Dry Dock Ltd", Phone: "+1 555 0101" },
      ],
    }),
    /^Create or update 2 records of Accounts: /,
  ],
];

test.each(cases)("%s sends exactly what its dry run showed", async (tool, args, would) => {
  const connected = await connect({ clock: () => Date.parse("2026-03-04T17:00:00Z") });
  const { call } = connected;
  const given = args(connected);
  const before = contents(connected);
  const dry = await call(tool, { ...given, dry_run: true });
  expect(dry).toMatchObject({ status: "dry_run", would: expect.stringMatching(would) });
  expect(dry).not.toHaveProperty("write_id");
  expect(writes(connected)).toEqual([]);
  expect(contents(connected)).toBe(before);
  await call(tool, given);
  expect(writes(connected)).toHaveLength(1);
  expect(payload(writes(connected)[0])).toEqual(
    // An upsert finds its records by their values, so it sends no id.
    tool === "bigin_upsert_records"
      ? previewRows(dry).map((row) => row["payload"])
      : shownPayload(dry),
  );
});

test("an update's dry run shows old → new, without the fields that would not change", async () => {
  const { call, sandbox } = await connect();
  const { id, Title, Full_Name, Phone, Owner } = record(sandbox, "Contacts");
  const owner = String((Owner as Reply)["name"]);
  const next = owner === "Tom Okafor" ? "Priya Raman" : "Tom Okafor";
  const change = { id, Title: "Chair", Phone, Owner: next };
  const [row] = previewRows(await call.update("Contacts", [change], dryRun));
  expect(row).toMatchObject({ row: 1, id, name: Full_Name });
  expect(row?.["changes"]).toEqual({
    Title: [Title ?? null, "Chair"],
    Owner: [owner, expect.anything()],
  });
});

test("an upsert's dry run shows which row would be updated and which created", async () => {
  const { call, sandbox } = await connect();
  const { id, Account_Name, Phone } = record(sandbox, "Accounts");
  const rows = [{ Account_Name, Phone: "+1 555 0100" }, { Account_Name: "Dry Dock Ltd" }];
  const reply = await call.upsert("Accounts", rows, dryRun);
  const [known, fresh] = previewRows(reply);
  expect(known).toMatchObject({ id, changes: { Phone: [Phone ?? null, "+1 555 0100"] } });
  expect(fresh).not.toHaveProperty("id");
  expect(fresh).not.toHaveProperty("changes");
});

test("the dry run of a create that checks for duplicates names the existing record", async () => {
  const connected = await connect();
  const { id, Account_Name } = record(connected.sandbox, "Accounts");
  const reply = await connected.call.create(
    "Accounts",
    [{ Account_Name }, { Account_Name: "Dry Dock Ltd" }],
    { check_duplicates: true, dry_run: true },
  );
  expect(reply["would"]).toBe("Create 1 record of Accounts: Dry Dock Ltd.");
  expect(previewRows(reply)).toMatchObject([
    { row: 1, held: "exists", existing: [id], problem: expect.stringContaining("the same") },
    { row: 2, payload: { Account_Name: "Dry Dock Ltd" } },
  ]);
  expect(writes(connected)).toEqual([]);
});

test("a delete's dry run names the records and what is lost, and the delete sends the same ids", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const some = recordsIn(sandbox, "Contacts").slice(0, 2);
  const ids = some.map(({ id }) => id);
  const dry = await call.delete("Contacts", ids, dryRun);
  expect(previewRows(dry)).toEqual(
    some.map(({ id, Full_Name }, at) => ({ row: at + 1, id, name: Full_Name })),
  );
  expect(dry["would"]).toMatch(/^Delete 2 records of Contacts: .* without their notes/);
  expect(writes(connected)).toEqual([]);
  await call.delete("Contacts", ids);
  const sent = writes(connected).map(({ url }) => url.searchParams.get("ids"));
  expect(sent).toEqual([ids.join(",")]);
});

test("an undo does exactly what its dry run showed", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id, Title } = record(sandbox, "Contacts");
  const { write_id } = await call.update("Contacts", [{ id, Title: "Chair" }]);
  const before = writes(connected).length;
  const dry = await call.undo(write_id, dryRun);
  expect(dry["status"]).toBe("dry_run");
  expect(previewRows(dry)).toMatchObject([
    { id, would: "restore", payload: { Title }, changes: { Title: ["Chair", Title ?? null] } },
  ]);
  expect(writes(connected)).toHaveLength(before);
  expect(record(sandbox, "Contacts")["Title"]).toBe("Chair");
  await call.undo(write_id);
  expect(payload(writes(connected)[before])).toEqual([{ id, Title: Title ?? null }]);
});

test("a dry run is refused with the same message as the call itself", async () => {
  const { fail } = await connect();
  const records = [{ Last_Name: "Probe", Emial: "x" }];
  const message = await fail.create("Contacts", records, dryRun);
  expect(message).toBe(await fail.create("Contacts", records));
});

test.each([500, 1000, 6000])(
  "a dry run of 500 rows stays within %i tokens and counts the rows it leaves out",
  async (replyTokens) => {
    const connected = await connect({ replyTokens });
    const records = Array.from({ length: 500 }, (_, at) => ({
      Last_Name: `Somebody ${at}`,
      Title: "Head of purchasing, Europe and the Middle East",
      Description: "Met at the fair, wants a call back about prices. ".repeat(4),
    }));
    const reply = await connected.call.create("Contacts", records, dryRun);
    expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(replyTokens);
    expect(previewRows(reply).length + Number(reply["rows_left"])).toBe(500);
    expect(writes(connected)).toEqual([]);
  },
);

test("the dry run of one row with a very long text stays within the budget", async () => {
  const { call } = await connect({ replyTokens: 1000 });
  const long = { Last_Name: "Long", Description: "Met at the fair. ".repeat(1500) };
  const reply = await call.create("Contacts", [long], dryRun);
  expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(1000);
  const [row] = previewRows(reply);
  expect((row?.["payload"] as Reply | undefined)?.["Description"]).toMatch(
    /^Met at the fair\..* ⟦… \d+ more characters after \d+⟧$/,
  );
  expect(reply["notes"]).toEqual([expect.stringContaining("sent in full")]);
});

test("without metadata a dry run says what was not checked", async () => {
  const { call } = await connect({ profile: "maton" });
  const reply = await call.create("Contacts", [{ Last_Name: "Probe" }], dryRun);
  expect(reply["notes"]).toEqual([expect.stringContaining("were not checked")]);
});
