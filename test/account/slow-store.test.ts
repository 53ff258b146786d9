import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { column, idsOf, results, writeIdOf } from "../support/replies.ts";
import { createSlowStore } from "../support/slow-store.ts";
import { named, people, record, writes } from "../support/writes.ts";

// What an account keeps may be in a file or a server one day, where every step takes time.

const module = "Contacts";
const one = { module, records: [{ Last_Name: "Slow" }] };

async function connectSlowly(options: Parameters<typeof connect>[0] = {}) {
  const store = createSlowStore();
  const connected = await connect({ ...options, createStore: () => store });
  return { ...connected, storeCalls: store.calls };
}

test("the journal on a slow store: writes at the same time are all listed, and each is undone once", async () => {
  const { call, client, sandbox, storeCalls } = await connectSlowly();
  const before = new Map(sandbox.store.records(module));
  const { id } = record(sandbox, module);
  const change = { module, records: [{ id, Title: "Slow" }] };
  const replies = await Promise.all([
    ...people(3).map((row) => call.create(module, [row])),
    call("bigin_update_records", change),
  ]);
  const made = replies.map(writeIdOf);
  expect(new Set(made).size).toBe(made.length);
  expect(column(await call("bigin_list_writes"), "write_id").toSorted()).toEqual(made.toSorted());
  const undos = await Promise.all(
    [...made, ...made].map((write_id) =>
      client.callTool({ name: "bigin_undo_write", arguments: { write_id } }),
    ),
  );
  expect(undos.filter(({ isError }) => !isError)).toHaveLength(made.length);
  const names = (records: typeof before) =>
    [...records.values()].map(({ Last_Name, Title }) => [Last_Name, Title]);
  expect(names(new Map(sandbox.store.records(module)))).toEqual(names(before));
  expect(storeCalls()).toBeGreaterThan(0);
});

test("idempotency on a slow store: one key, one insert, and the first result again", async () => {
  const connected = await connectSlowly();
  const { call, sandbox } = connected;
  const keyed = { ...one, idempotency_key: "k1" };
  const replies = await Promise.all([1, 2, 3].map(() => call("bigin_create_records", keyed)));
  const [first] = replies;
  expect(new Set(replies.flatMap(idsOf)).size).toBe(1);
  const again = await call("bigin_create_records", keyed);
  expect(results(again)).toEqual(results(first ?? {}));
  expect(again).toHaveProperty("repeated");
  expect(named(sandbox, module, "Last_Name", "Slow")).toHaveLength(1);
  expect(writes(connected)).toHaveLength(1);
});

test("an insert on a slow store whose response was lost is found by the retry", async () => {
  const { call, fail, sandbox } = await connectSlowly();
  const keyed = { ...one, idempotency_key: "k1" };
  sandbox.addFault({ method: "POST", path: /\/Contacts$/, does: { kind: "lost" } });
  await fail("bigin_create_records", keyed);
  expect(results(await call("bigin_create_records", keyed))).toMatchObject([
    { outcome: "created", id: named(sandbox, module, "Last_Name", "Slow")[0]?.id },
  ]);
  expect(named(sandbox, module, "Last_Name", "Slow")).toHaveLength(1);
});

test("sealed tokens on a slow store: of calls at the same time with one token, one is carried out", async () => {
  const { call, client, fail, sandbox } = await connectSlowly({ confirm: "writes" });
  const { confirm_token } = await call("bigin_create_records", one);
  const calls = await Promise.all(
    [1, 2, 3].map(() =>
      client.callTool({ name: "bigin_create_records", arguments: { ...one, confirm_token } }),
    ),
  );
  expect(calls.filter(({ isError }) => !isError)).toHaveLength(1);
  expect(named(sandbox, module, "Last_Name", "Slow")).toHaveLength(1);
  await fail("bigin_create_records", { ...one, confirm_token });
});

test("recent writes on a slow store: a search finds what was just written, before Bigin's index has it", async () => {
  const { call } = await connectSlowly({ searchLagMs: 15_000 });
  const ids = idsOf(await call("bigin_create_records", one));
  const found = await call.search(module, {
    filters: [{ field: "Last_Name", op: "equals", value: "Slow" }],
  });
  expect(column(found, "id")).toEqual(ids);
});
