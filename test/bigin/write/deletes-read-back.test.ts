import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { results } from "../../support/replies.ts";
import {
  type Connected,
  people,
  type Reply,
  recordsIn,
  rowsByOutcome,
  status,
} from "../../support/writes.ts";

const module = "Contacts";
const dropped = { method: "DELETE", does: { kind: "drop" } } as const;

/** Makes new contacts and returns their ids. */
async function made({ call }: Pick<Connected, "call">, count: number): Promise<string[]> {
  const reply = await call.create(module, people(count));
  const groups = (reply["ids"] ?? []) as { ids: string[] }[];
  return [...results(reply).map(({ id }) => String(id)), ...groups.flatMap(({ ids }) => ids)];
}

/** The requests after the last delete. */
const after = ({ sent }: Pick<Connected, "sent">) =>
  sent.slice(sent.findLastIndex(({ method }) => method === "DELETE") + 1);

test.each([1, 3, 10, 30])(
  "of %i records that Bigin reports as deleted and that still exist, none counts as deleted",
  async (count) => {
    const connected = await connect({ replyTokens: 20_000 });
    const { call, sandbox } = connected;
    const ids = await made(connected, count);
    sandbox.addFault(dropped);
    const reply = await call.delete(module, ids);
    expect(reply).toMatchObject({ done: 0, failed: 0, unknown: count });
    expect(JSON.stringify(reply)).toContain("still there: check it before you rely on it");
    expect(reply["look_first"]).toContain("bigin_get_record");
    expect(ids.every((id) => sandbox.store.records(module).has(id))).toBe(true);
    expect(after(connected)).toHaveLength(1);
    const again = await call.delete(module, ids);
    expect(again).toMatchObject({ done: count });
  },
);

test("records of three chunks count as deleted only if reading back, one request a chunk, does not find them", async () => {
  const connected = await connect({ replyTokens: 20_000 });
  const ids = await made(connected, 150);
  connected.sandbox.addFault({ ...dropped, skip: 1 });
  const reply = await connected.call.delete(module, ids);
  const { deleted = [], unknown = [] } = rowsByOutcome(reply);
  expect([deleted.length, deleted.at(-1), unknown[0], unknown.length]).toEqual([100, 100, 101, 50]);
  expect(after(connected)).toHaveLength(2);
  const { write_id } = reply;
  const undo = await connected.call.undo(write_id);
  expect(undo["undone"]).toBe(100);
  const names = recordsIn(connected.sandbox, module).map((one) => one["Last_Name"]);
  expect(names.filter((name) => String(name).startsWith("Probe "))).toHaveLength(150);
});

test("if lists ignore ids, up to ten deletes are checked one by one, and of more the reply says that they are not", async () => {
  const connected = await connect({ ids: "ignored" });
  const { call, sandbox } = connected;
  const few = await made(connected, 3);
  sandbox.addFault(dropped);
  expect(await call.delete(module, few)).toMatchObject({ done: 0, unknown: 3 });
  expect(await call.delete(module, few)).toMatchObject({ done: 3 });
  const many = await made(connected, 20);
  const reply = await call.delete(module, many);
  expect(reply).toMatchObject({ done: 20 });
  expect(JSON.stringify(reply["notes"])).toContain("not read back");
});

test("deletes that cannot be read back are reported with a note that says why", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const ids = await made(connected, 2);
  const body = { code: "INTERNAL_ERROR", message: "no", details: {}, status: "error" };
  sandbox.addFault({
    method: "GET",
    path: /\/Contacts$/,
    times: 2,
    does: status(500, body),
  });
  const reply = await call.delete(module, ids);
  expect(reply).toMatchObject({ done: 2 });
  expect(JSON.stringify(reply["notes"])).toContain("not read back: no (INTERNAL_ERROR)");
});

test("a record whose undo Bigin confirms and that still exists does not count as deleted", async () => {
  const { call, sandbox } = await connect();
  const made = await call.create(module, people(2));
  sandbox.addFault(dropped);
  const undone: Reply = await call.undo(made["write_id"]);
  expect(undone["undone"]).toBe(0);
  expect(results(undone).map(({ outcome }) => outcome)).toEqual(["unknown", "unknown"]);
  expect(JSON.stringify(undone)).toContain("still there");
  expect(await call.undo(made["write_id"])).toMatchObject({
    undone: 2,
  });
});
