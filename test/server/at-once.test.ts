import { expect, test } from "vitest";
import { Failure } from "../../src/shared/failure.ts";
import { connect } from "../support/connect.ts";
import { results } from "../support/replies.ts";
import { named, onWrite, people, record } from "../support/writes.ts";

const module = "Contacts";

test("two undos of one delete at the same time create the record once", async () => {
  const { client, call, sandbox } = await connect();
  const { id } = record(sandbox, module);
  const count = sandbox.store.records(module).size;
  const { write_id } = await call("bigin_delete_records", { module, ids: [id] });
  const undo = () => client.callTool({ name: "bigin_undo_write", arguments: { write_id } });
  const results = await Promise.all([undo(), undo(), undo()]);
  expect(results.filter((result) => !result.isError)).toHaveLength(1);
  expect(sandbox.store.records(module).size).toBe(count);
});

test.each(["bigin_create_records", "bigin_upsert_records"])(
  "%s: what a first try made, its answer lost, is told as created and is undone, unique values or not",
  async (tool) => {
    const { call, fail, sandbox } = await connect();
    const count = sandbox.store.records(module).size;
    const args = {
      module,
      records: [
        { Last_Name: "Lo", Email: "lo@lost.example" },
        { Last_Name: "Hi", Email: "hi@lost.example" },
      ],
      idempotency_key: "once",
      ...(tool === "bigin_create_records" && { check_duplicates: true }),
    };
    sandbox.addFault({ method: "POST", path: /Contacts(\/upsert)?$/, does: { kind: "lost" } });
    await fail(tool, args);
    const again = await call(tool, args);
    expect(results(again)).toMatchObject([{ outcome: "created" }, { outcome: "created" }]);
    expect(sandbox.store.records(module).size).toBe(count + 2);
    await call("bigin_undo_write", { write_id: String(again["write_id"]) });
    expect(sandbox.store.records(module).size).toBe(count);
  },
);

test("an undo that deletes says before and after what goes along", async () => {
  const { call } = await connect();
  const made = await call("bigin_create_records", {
    module: "Accounts",
    records: [{ Account_Name: "Zed" }],
  });
  const write_id = String(made["write_id"]);
  const dry = await call("bigin_undo_write", { write_id, dry_run: true });
  expect(dry["would"]).toContain("notes, attachments and links");
  expect((await call("bigin_undo_write", { write_id }))["lost"]).toContain("notes, attachments");
});

test("two rows of an upsert that mean one record are refused, in any case of letters", async () => {
  const { fail, sandbox, sent } = await connect();
  const known = [...sandbox.store.records(module).values()].find((one) => one["Email"]);
  const Email = String(known?.["Email"]);
  const told = await fail("bigin_upsert_records", {
    module,
    records: [
      { Last_Name: "A", Email: "tw@x.example" },
      { Last_Name: "B", Email: "TW@x.example" },
      { Last_Name: "C", Email },
      { Last_Name: "D", Email: Email.toUpperCase() },
      { Last_Name: "No address" },
      { Last_Name: "No address" },
    ],
  });
  expect(told).toMatch(/Row 2: it would change the same record as row 1.*Row 4: .* row 3/);
  expect(sent.some(({ method }) => method === "POST")).toBe(false);
});

test("a log that fails after the write does not hide what was written", async () => {
  let isFull = false;
  const audit = {
    ready: async () => undefined,
    append: async () => {
      isFull = true;
      throw new Failure({ origin: "server", kind: "audit_failed", message: "the disk is full." });
    },
  };
  const { call, sandbox } = await connect({ audit });
  const reply = await call("bigin_create_records", { module, records: people(3) });
  expect([isFull, reply["not_logged"]]).toEqual([true, "the disk is full."]);
  expect(reply).toMatchObject({ done: 3, write_id: "w1" });
  expect(results(reply).map(({ id }) => sandbox.store.records(module).has(String(id)))).toEqual([
    true,
    true,
    true,
  ]);
});

test("every malformed row is told, counted from 1", async () => {
  const { fail } = await connect();
  const told = await fail("bigin_create_records", {
    module,
    records: [{ Last_Name: "ok" }, null, 5, "x", [], true],
  });
  expect(told).toMatch(
    /Row 2: it must be a JSON object, not null\..*Row 3: .*Row 4: .*Row 5: .*Row 6: /,
  );
  const ids = await fail("bigin_delete_records", { module, ids: ["a", "b", "c", "d", "e"] });
  for (const [at, id] of ["a", "b", "c", "d", "e"].entries())
    expect(ids).toContain(`Row ${at + 1}: it "${id}" is not a record id`);
});

test("records that are not there after a success are not counted as done", async () => {
  const { call, sandbox } = await connect();
  sandbox.addFault(onWrite(module, { kind: "drop" }, { skip: 1 }));
  const reply = await call("bigin_create_records", { module, records: people(250) });
  expect(reply).toMatchObject({ done: 150, not_found_afterwards: 100 });
});

test("an owner is never cleared", async () => {
  const { fail, sandbox } = await connect();
  const { id } = record(sandbox, module);
  expect(await fail("bigin_update_records", { module, records: [{ id, Owner: null }] })).toContain(
    "cannot be cleared",
  );
  expect(named(sandbox, module, "Owner", null)).toEqual([]);
});
