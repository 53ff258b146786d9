import { expect, test } from "vitest";
import type { Fault } from "../../../src/sandbox/app.ts";
import { connect } from "../../support/connect.ts";
import { results } from "../../support/replies.ts";
import { onWrite, record, recordsIn, withEmail } from "../../support/writes.ts";

const module = "Contacts";
const lost: Fault["does"] = { kind: "lost" };
const unreadable: Fault = { method: "GET", path: /\/Contacts/, times: 3, does: { kind: "reset" } };

const change = (sandbox: Parameters<typeof record>[0]) => {
  const { id, Title } = record(sandbox, module);
  return { id, Title: Title ?? null, rows: [{ id, Title: "Chair" }] };
};

test("a change whose response was lost is read back, counts as done, and can be undone", async () => {
  const { call, sandbox } = await connect();
  const { id, Title, rows } = change(sandbox);
  sandbox.addFault(onWrite(module, lost, { method: "PUT" }));
  const updated = await call.update(module, rows);
  expect(updated).toMatchObject({ done: 1, notes: [expect.stringContaining("was lost")] });
  expect(results(updated)).toMatchObject([
    { id, outcome: "updated", changed: { Title: [Title, "Chair"] } },
  ]);
  await call.undo(updated["write_id"]);
  expect(record(sandbox, module)["Title"] ?? null).toBe(Title);

  sandbox.addFault(onWrite(module, lost, { method: "DELETE" }));
  const deleted = await call.delete(module, [id]);
  expect(results(deleted)).toMatchObject([{ id, outcome: "deleted" }]);
  const back = await call.undo(deleted["write_id"]);
  expect(results(back)).toMatchObject([{ id, outcome: "created again" }]);
});

test("of an upsert whose response was lost, an update is read back and a new record stays unknown", async () => {
  const { call, sandbox } = await connect();
  const { id, Email } = withEmail(sandbox);
  sandbox.addFault({ method: "POST", path: /upsert$/, does: lost });
  const reply = await call.upsert(module, [
    { Last_Name: "Changed", Email },
    { Last_Name: "New", Email: "nobody@new.example" },
  ]);
  expect(results(reply)).toMatchObject([{ outcome: "updated", id }, { outcome: "unknown" }]);
});

test("a change that was not carried out stays unknown, and undoing it changes nothing", async () => {
  const { fail, sandbox, sent } = await connect();
  const { id, Title, rows } = change(sandbox);
  sandbox.addFault(onWrite(module, { kind: "reset" }, { method: "PUT" }));
  const told = await fail.update(module, rows);
  expect(told).toContain("bigin_get_record");
  expect(told).toContain('bigin_undo_write {"write_id":"w1"}');
  const count = sent.filter(({ method }) => method === "PUT").length;
  expect(await fail.undo("w1")).toContain(`${id} does not have what was sent`);
  expect(sent.filter(({ method }) => method === "PUT")).toHaveLength(count);
  expect(record(sandbox, module)["Title"] ?? null).toBe(Title);
});

test.each([
  ["update", "PUT", "restored"],
  ["delete", "DELETE", "created again"],
] as const)(
  "the old values of a %s that cannot be read back are kept and can be restored",
  async (action, method, outcome) => {
    const { call, fail, sandbox } = await connect();
    const { id, Title, rows } = change(sandbox);
    // The read before the write succeeds; all attempts of the one after it fail.
    sandbox.addFault({ ...unreadable, skip: 1 });
    sandbox.addFault(onWrite(module, lost, { method }));
    const told = await fail[action](module, action === "update" ? rows : [id]);
    expect(told).toContain('bigin_undo_write {"write_id":"w1"}');
    const back = await call.undo("w1");
    expect(results(back)).toMatchObject([{ id, outcome }]);
    const titles = recordsIn(sandbox, module).map((one) => one["Title"] ?? null);
    expect(titles).toContain(Title);
    expect(titles).not.toContain("Chair");
  },
);

test("an undo whose response was lost is read back too", async () => {
  const { call, sandbox } = await connect();
  const { id, rows } = change(sandbox);
  const { write_id } = await call.update(module, rows);
  sandbox.addFault(onWrite(module, lost, { method: "PUT" }));
  const back = await call.undo(write_id);
  expect(back).toMatchObject({ undone: 1 });
  expect(results(back)).toMatchObject([
    { id, outcome: "restored", problem: expect.stringContaining("lost") },
  ]);

  const made = await call.create(module, [{ Last_Name: "Brief" }]);
  sandbox.addFault(onWrite(module, lost, { method: "DELETE" }));
  expect(await call.undo(made["write_id"])).toMatchObject({ undone: 1 });
});
