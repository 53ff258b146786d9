import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { results } from "../../support/replies.ts";
import {
  named,
  onWrite,
  record,
  recordsIn,
  rowsByOutcome,
  status,
  withEmail,
  writes,
} from "../../support/writes.ts";

const module = "Contacts";
const checked = { check_duplicates: true };

test("check_duplicates returns the records that exist, and creates the others", async () => {
  const { call, sandbox } = await connect();
  const { id, Email: known } = withEmail(sandbox);
  const Email = String(known).toUpperCase();
  const reply = await call.create(
    module,
    [
      { Last_Name: "Known", Email },
      { Last_Name: "Fresh", Email: "fresh@probe.example" },
      { Last_Name: "Fresh too", Email: "FRESH@probe.example" },
      { Last_Name: "None" },
    ],
    checked,
  );
  expect(results(reply)).toMatchObject([
    { outcome: "exists", id, problem: expect.stringContaining("same Email") },
    { outcome: "created" },
    { outcome: "exists", id: expect.any(String), problem: "row 2 has the same Email" },
    { outcome: "created" },
  ]);
  expect(named(sandbox, module, "Last_Name", "Known")).toEqual([]);
});

test("a row that waits for its twin is not sent if the twin fails, and is in send_again", async () => {
  const { call, sandbox } = await connect();
  const Email = "twin@probe.example";
  const details = { api_name: "Title" };
  const refused = { code: "INVALID_DATA", message: "invalid data", status: "error", details };
  const { id } = record(sandbox, module);
  const made = { code: "SUCCESS", message: "record added", status: "success", details: { id } };
  sandbox.addFault(onWrite(module, status(207, { data: [refused, made] })));
  const reply = await call.create(
    module,
    [{ Last_Name: "One", Email }, { Last_Name: "Twin", Email }, { Last_Name: "None" }],
    checked,
  );
  expect(results(reply)).toMatchObject([
    { outcome: "failed" },
    { outcome: "not_sent", problem: "Not sent: row 1 has the same Email, and that row is failed." },
    { outcome: "created" },
  ]);
  expect(reply["send_again"]).toMatchObject({
    records: [{ Last_Name: "One" }, { Last_Name: "Twin" }],
  });
});

test("check_duplicates finds a record that was written a moment ago and is not in the index yet", async () => {
  const { call, sandbox } = await connect({ searchLagMs: 15_000 });
  const records = [{ Account_Name: "Lagging Ltd" }];
  const first = await call.create("companies", records);
  const again = await call.create("companies", records, checked);
  expect(results(again)).toMatchObject([{ outcome: "exists", id: results(first)[0]?.["id"] }]);
  expect(named(sandbox, "Accounts", "Account_Name", "Lagging Ltd")).toHaveLength(1);
});

test("check_duplicates of a module without a unique field is refused, and nothing is sent", async () => {
  const connected = await connect();
  const told = await connected.fail.create("Tasks", [{ Subject: "Call" }], checked);
  expect(told).toContain("Tasks has no unique field");
  expect(writes(connected)).toEqual([]);
});

test("it is not a failure if every row exists already, and nothing is sent", async () => {
  const connected = await connect();
  const { Account_Name, id } = record(connected.sandbox, "Accounts");
  const reply = await connected.call.create("Accounts", [{ Account_Name }], checked);
  expect(reply).toMatchObject({ done: 0, failed: 0, exists: 1 });
  expect(results(reply)).toMatchObject([{ outcome: "exists", id }]);
  expect(writes(connected)).toEqual([]);
});

test("an upsert by labels reports created, updated and unchanged rows", async () => {
  const { call, sandbox } = await connect({ renamed: true });
  const [changed, same] = recordsIn(sandbox, module).filter((person) => person["Email"]);
  const reply = await call.upsert(
    "People",
    [
      { "Last Name": "Newcomer", "Mail address": "new@probe.example" },
      { Last_Name: changed?.["Last_Name"], "Mail address": changed?.["Email"], Title: "Chair!" },
      { Last_Name: same?.["Last_Name"], "Mail address": same?.["Email"] },
    ],
    { duplicate_check_fields: ["Mail address"] },
  );
  const Title = [changed?.["Title"] ?? null, "Chair!"];
  expect(results(reply)).toMatchObject([
    { outcome: "created" },
    { outcome: "updated", id: changed?.id, changed: { Title } },
    { outcome: "unchanged" },
  ]);
});

test("an upsert does not send a row that fits several records, and returns their ids", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { Sub_Pipeline, Stage } = record(sandbox, "Pipelines");
  const deal = { Deal_Name: "Twin deal", Sub_Pipeline, Stage };
  const made = await call.create("deals", [deal, deal]);
  const sentBefore = writes(connected).length;
  const reply = await call.upsert("deals", [{ ...deal, Amount: 5 }]);
  expect(reply).toMatchObject({ done: 0, failed: 0, ambiguous: 1 });
  const [line] = results(reply);
  expect(new Set(line?.["existing"] as string[])).toEqual(
    new Set(results(made).map(({ id }) => id)),
  );
  expect(writes(connected)).toHaveLength(sentBefore);
});

test("an upsert of more than ten rows reports the outcome of each", async () => {
  const { call, sandbox } = await connect();
  const known = recordsIn(sandbox, module).filter((person) => person["Email"]);
  const records = known.slice(0, 12).map(({ Last_Name, Email }, at) => ({
    Last_Name,
    Email,
    ...(at % 2 === 0 && { Title: `Upserted ${at}` }),
  }));
  const newcomer = { Last_Name: "Newcomer", Email: "newcomer@probe.example" };
  const reply = await call.upsert(module, [...records, newcomer]);
  expect(rowsByOutcome(reply)).toEqual({
    updated: [1, 3, 5, 7, 9, 11],
    unchanged: [2, 4, 6, 8, 10, 12],
    created: [13],
  });
});
