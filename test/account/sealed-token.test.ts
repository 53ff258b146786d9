import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { connect } from "../support/connect.ts";
import { writeIdOf } from "../support/replies.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { type Connected, connectionIn, writes } from "../support/writes.ts";

type Call = Connected["call"];

const add = "bigin_create_records";
const one = { module: "Contacts", records: [{ Last_Name: "Token" }] };

const idsOf = ({ sandbox }: Connected, count: number) =>
  [...sandbox.store.records("Contacts").keys()].slice(0, count);
async function tokenFor(call: Call, name: string, args: Record<string, unknown>) {
  const reply = await call(name, args);
  expect(reply).toMatchObject({ status: "confirmation_required" });
  return String(reply["confirm_token"]);
}

/** A server on which every write needs a token, and a token that creates a contact. */
async function scene() {
  const connected = await connect({ confirm: "writes" });
  const confirm_token = await tokenFor(connected.call, add, one);
  return {
    ...connected,
    confirm_token,
    writes: () => writes(connected),
    /** Checks that the token is still valid. */
    async expectValid() {
      expect(await connected.call(add, { ...one, confirm_token })).toMatchObject({ done: 1 });
    },
  };
}

test("a token says when it expires, and is valid until then", async () => {
  fakeTimers(["Date"], new Date("2026-11-24T10:00:00Z"));
  const { call, fail, writes } = await scene();
  const reply = await call(add, one);
  expect(reply["expires_at"]).toBe("2026-11-24T10:05:00.000Z");
  const confirm_token = reply["confirm_token"];
  vi.setSystemTime(new Date("2026-11-24T10:05:00Z"));
  expect(await fail(add, { ...one, confirm_token })).toContain("older than five minutes");
  expect(writes()).toEqual([]);
  vi.setSystemTime(new Date("2026-11-24T10:04:59Z"));
  expect(await call(add, { ...one, confirm_token })).toMatchObject({ done: 1 });
});

test("a token confirms one write, also if two calls use it at the same time", async () => {
  const { client, fail, confirm_token, writes } = await scene();
  const both = await Promise.all(
    [1, 2].map(() => client.callTool({ name: add, arguments: { ...one, confirm_token } })),
  );
  expect(both.map(({ isError }) => isError ?? false).toSorted()).toEqual([false, true]);
  expect(await fail(add, { ...one, confirm_token })).toContain("used already");
  expect(writes()).toHaveLength(1);
});

test("an altered token is refused, and does not use the token up", async () => {
  const { call, fail, confirm_token, writes } = await scene();
  const at = fc.nat(confirm_token.length - 1);
  const text = fc.string({ minLength: 1, maxLength: 3 });
  const change = fc.oneof(
    fc
      .tuple(at, text)
      .map(([n, by]) => confirm_token.slice(0, n) + by + confirm_token.slice(n + 1)),
    fc.tuple(at, text).map(([n, by]) => confirm_token.slice(0, n) + by + confirm_token.slice(n)),
    at.map((n) => confirm_token.slice(0, n)),
    text.map((tail) => `${confirm_token}.${tail}`),
  );
  const every = [...confirm_token].map((was, n, all) =>
    all.with(n, was === "A" ? "B" : "A").join(""),
  );
  for (const altered of every)
    expect(await fail(add, { ...one, confirm_token: altered }), altered).toContain("Not done");
  await fc.assert(
    fc.asyncProperty(
      change.filter((altered) => altered !== confirm_token && altered !== ""),
      async (altered) => {
        expect(await fail(add, { ...one, confirm_token: altered })).toContain("Not done");
      },
    ),
    { numRuns: 50 },
  );
  expect(writes()).toEqual([]);
  expect(await call(add, { ...one, confirm_token })).toMatchObject({ done: 1 });
});

test("a token fits one tool, its arguments and its connection; another call does not use it up", async () => {
  const { call, fail, confirm_token, writes, sandbox } = await scene();
  const pending = connectionIn(sandbox, "PENDING");
  for (let look = 0; look < 3; look += 1)
    await call("bigin_get_connection", { connection_id: pending });
  const others: [string, Record<string, unknown>][] = [
    ["bigin_upsert_records", { ...one, duplicate_check_fields: ["Email"] }],
    [add, { ...one, module: "Accounts", records: [{ Account_Name: "Token" }] }],
    [add, { ...one, records: [{ Last_Name: "Tokens" }] }],
    [add, { ...one, records: [...one.records, ...one.records] }],
    [add, { ...one, check_duplicates: true }],
    [add, { ...one, trigger: [] }],
    [add, { ...one, connection_id: pending }],
  ];
  for (const [name, args] of others) {
    const told = await fail(name, { ...args, confirm_token });
    expect(told, JSON.stringify(args)).toContain("does not match");
  }
  expect(writes()).toEqual([]);
  const named = { ...one, connection_id: connectionIn(sandbox, "ACTIVE") };
  expect(await call(add, { ...named, confirm_token })).toMatchObject({ done: 1 });
});

test("a token for an upsert fits only the fields that it matches on", async () => {
  const { call, fail } = await scene();
  const rows = [{ Last_Name: "Match", Email: "m@probe.example", Mobile: "123" }];
  const by = (...duplicate_check_fields: string[]) => ({ duplicate_check_fields });
  const { confirm_token } = await call.upsert("Contacts", rows, by("Email"));
  const told = await fail.upsert("Contacts", rows, { ...by("Mobile"), confirm_token });
  expect(told).toContain("does not match");
});

test("another account cannot use a token, nor can the program after a restart", async () => {
  const { as, restart, call, confirm_token, writes } = await scene();
  for (const other of [await as("another-key"), await restart()])
    expect(await other.fail(add, { ...one, confirm_token })).toContain("not made by this server");
  expect(writes()).toEqual([]);
  expect(await call(add, { ...one, confirm_token })).toMatchObject({ done: 1 });
});

test.each([1, 12])("a token is invalid after one of its %i records was changed", async (count) => {
  const connected = await connect({ confirm: "destructive" });
  const { call, fail } = connected;
  const ids = idsOf(connected, count);
  const { confirm_token } = await call.delete("Contacts", ids);
  await call.update("Contacts", [{ id: ids.at(-1), Title: "Changed meanwhile" }]);
  const told = await fail.delete("Contacts", ids, { confirm_token });
  expect(told).toContain("a record has changed since");
  expect(writes(connected)).toHaveLength(1);
});

test("a dry run accepts any token, and uses none up", async () => {
  const { call, confirm_token, writes } = await scene();
  for (const token of [confirm_token, "wrong"])
    expect(await call(add, { ...one, confirm_token: token, dry_run: true })).toMatchObject({
      status: "dry_run",
    });
  expect(writes()).toEqual([]);
  expect(await call(add, { ...one, confirm_token })).toMatchObject({ done: 1 });
});

test("with an idempotency key a used token is not an error: the first result is returned", async () => {
  const { call, fail, confirm_token, writes, sandbox } = await scene();
  const before = sandbox.store.records("Contacts").size;
  const args = { ...one, idempotency_key: "k1" };
  expect(await call(add, args)).toMatchObject({ status: "confirmation_required" });
  const [first, second] = await Promise.all(
    [1, 2].map(() => call(add, { ...args, confirm_token })),
  );
  expect(second?.["results"]).toEqual(first?.["results"]);
  expect(await call(add, { ...args, confirm_token })).toMatchObject({
    results: first?.["results"],
    repeated: expect.any(String),
  });
  expect(await fail(add, { ...one, idempotency_key: "k2", confirm_token })).toContain(
    "used already",
  );
  expect(writes()).toHaveLength(1);
  expect(sandbox.store.records("Contacts").size).toBe(before + 1);
});

test("a token for a connection or for an undo fits no other connection or write", async () => {
  const { call, fail, sandbox } = await connect({ confirm: "destructive" });
  const [failed, pending] = [connectionIn(sandbox, "FAILED"), connectionIn(sandbox, "PENDING")];
  const remove = "bigin_delete_connection";
  const forFailed = await tokenFor(call, remove, { connection_id: failed });
  const wrong = { connection_id: pending, confirm_token: forFailed };
  expect(await fail(remove, wrong)).toContain("does not match");
  const forPending = await tokenFor(call, remove, { connection_id: pending });
  for (let look = 0; look < 3; look += 1)
    await call("bigin_get_connection", { connection_id: pending });
  const changed = { connection_id: pending, confirm_token: forPending };
  expect(await fail(remove, changed)).toContain("does not match");
  expect(await call(remove, { connection_id: failed, confirm_token: forFailed })).toMatchObject({
    outcome: "deleted",
  });
  expect(sandbox.store.connections().has(pending)).toBe(true);

  const named = { ...one, connection_id: connectionIn(sandbox, "ACTIVE") };
  const [first, second] = [await call(add, named), await call(add, named)];
  const undo = (write: typeof first) => ({
    write_id: writeIdOf(write),
    connection_id: named.connection_id,
  });
  const confirm_token = await tokenFor(call, "bigin_undo_write", undo(first));
  const other = { ...undo(second), confirm_token };
  expect(await fail("bigin_undo_write", other)).toContain("does not match");
  expect(await call("bigin_undo_write", { ...undo(first), confirm_token })).toMatchObject({
    undone: 1,
  });
});
