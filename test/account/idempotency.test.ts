import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Fault } from "../../src/sandbox/app.ts";
import { addresses, connect, connectTo } from "../support/connect.ts";
import { idsOf, results, writeIdOf } from "../support/replies.ts";
import {
  named,
  namesLike,
  onWrite,
  people,
  rowsByOutcome,
  status,
  writes,
} from "../support/writes.ts";

const module = "Contacts";
const create = "bigin_create_records";
const one = { module, records: [{ Last_Name: "Once", Title: "Chair" }], idempotency_key: "k1" };
const once = ({ sandbox }: Awaited<ReturnType<typeof connect>>) =>
  named(sandbox, module, "Last_Name", "Once").length;

test("a repeated key returns the first result, also if the arguments come in another order", async () => {
  const connected = await connect();
  const { call } = connected;
  const first = await call(create, one);
  const again = await call(create, one);
  expect(again).toEqual({ ...first, repeated: expect.stringContaining("first result") });
  const records = [{ Title: "Chair", Last_Name: "Once" }];
  expect(await call(create, { idempotency_key: "k1", records, module })).toEqual(again);
  expect(once(connected)).toBe(1);
  expect(writes(connected)).toHaveLength(1);
});

test("two calls with one key at the same time share one insert", async () => {
  const connected = await connect();
  const replies = await Promise.all([1, 2, 3].map(() => connected.call(create, one)));
  expect(new Set(replies.flatMap(idsOf)).size).toBe(1);
  expect(once(connected)).toBe(1);
});

test("a key belongs to its arguments, its tool and its connection", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  await call(create, one);
  expect(await fail(create, { ...one, records: [{ Last_Name: "Twice" }] })).toContain(
    "This idempotency_key was used for another call",
  );
  expect(await fail(create, { ...one, trigger: [] })).toContain("used for another call");
  const other = { Last_Name: "Other tool", Email: "other@tool.example" };
  await call.upsert(module, [other], { idempotency_key: "k1" });
  expect(named(sandbox, module, "Last_Name", "Other tool")).toHaveLength(1);
  expect([once(connected), named(sandbox, module, "Last_Name", "Twice").length]).toEqual([1, 0]);
});

test("a session with another default connection does not get the first result", async () => {
  const { sandbox } = await connect();
  const [known] = sandbox.store.connections().values();
  if (!known) throw new Error("the sandbox has no connection");
  const second = "11111111-2222-4333-8444-555555555555";
  const seen: (string | null)[] = [];
  const accounts = createAccounts({
    ...addresses,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (request.method === "POST") seen.push(request.headers.get("maton-connection"));
      const headers = new Headers(request.headers);
      headers.set("maton-connection", known.connection_id);
      return sandbox.fetch(new Request(request, { headers }));
    },
    limits: { perSecond: 1_000_000, atOnce: 10 },
  });
  const account = async () => accounts.of("sandbox");
  const over = (connection: string) => connectTo(account, { readOnly: false, connection });
  const [mine, other] = [await over(known.connection_id), await over(second)];
  await mine.call(create, one);
  expect(await other.call(create, one)).not.toHaveProperty("repeated");
  expect(seen).toEqual([known.connection_id, second]);
});

test("neither a dry run nor a call that is known to have done nothing uses a key up", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  await call(create, { ...one, dry_run: true });
  sandbox.addFault(onWrite(module, status(429, "later", { "Retry-After": "90" }), { times: 1 }));
  await fail(create, one);
  expect(once(connected)).toBe(0);
  await call(create, { ...one, records: [{ Last_Name: "Once", Title: "Other" }] });
  expect(once(connected)).toBe(1);
});

const lossy: [string, Fault["does"]][] = [
  ["a lost response", { kind: "lost" }],
  ["half a response", { kind: "truncate" }],
];

test.each(lossy)("after %s a retry finds what the first attempt created", async (_name, does) => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  sandbox.addFault(onWrite(module, does));
  await fail(create, one);
  expect(once(connected)).toBe(1);
  const [{ id } = {}] = named(sandbox, module, "Last_Name", "Once") as { id?: string }[];
  const problem = expect.stringContaining("earlier call");
  expect(results(await call(create, one))).toMatchObject([{ outcome: "created", id, problem }]);
  expect(once(connected)).toBe(1);
  expect(await call(create, one)).toHaveProperty("repeated");
  expect(writes(connected)).toHaveLength(1);
});

test("if the connection broke before anything was done, the retry inserts", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  sandbox.addFault(onWrite(module, { kind: "reset" }));
  await fail(create, one);
  expect(once(connected)).toBe(0);
  expect(results(await call(create, one))).toMatchObject([{ outcome: "created" }]);
  expect(once(connected)).toBe(1);
});

/** How Bigin may change the name it was sent. */
const alterations: [string, (name: string) => string][] = [
  ["trimmed", (name) => name.trim()],
  ["in another case", (name) => name.trim().toUpperCase()],
  ["with its spaces joined", (name) => name.trim().replace(/\s+/g, " ")],
  ["cut", (name) => name.slice(0, 40)],
];

test.each(alterations)("a record stored with its name %s is created once", async (_name, alter) => {
  const { call, fail, sandbox } = await connect();
  const Last_Name = "  Altered  name of somebody whose name is rather long ";
  const real = sandbox.fetch;
  sandbox.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.method !== "POST") return real(request);
    const body = (await request.text()).replace(Last_Name, alter(Last_Name));
    await real(new Request(request.url, { method: "POST", headers: request.headers, body }));
    throw new TypeError("fetch failed");
  };
  const args = { module, records: [{ Last_Name, Title: "Chair" }], idempotency_key: "k1" };
  await fail(create, args);
  sandbox.fetch = real;
  const [made] = named(sandbox, module, "Title", "Chair").toReversed();
  const again = await call(create, args);
  expect(again).toMatchObject({ done: 0, unknown: 1 });
  expect(results(again)).toMatchObject([{ outcome: "unknown", existing: [made?.id] }]);
  expect(named(sandbox, module, "Last_Name", made?.["Last_Name"])).toHaveLength(1);
  expect(named(sandbox, module, "Last_Name", Last_Name)).toHaveLength(0);
});

test("a record that somebody else created meanwhile is not taken for that of the first attempt", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  sandbox.addFault(onWrite(module, { kind: "reset" }));
  await fail(create, one);
  const same = await call.create(module, one.records);
  expect(results(await call(create, one))[0]?.["id"]).not.toBe(results(same)[0]?.["id"]);
  expect(once(connected)).toBe(2);
});

test.each(lossy)(
  "250 rows, %s to the second request: a retry completes the work, and creates nothing twice",
  async (_name, does) => {
    const { call, sandbox } = await connect();
    const args = { module, records: people(250), idempotency_key: "many" };
    sandbox.addFault(onWrite(module, does, { skip: 1 }));
    const first = await call(create, args);
    expect(first).toMatchObject({ done: 100, unknown: 100, not_sent: 50, write_id: "w1" });
    const second = await call(create, args);
    expect(second).toMatchObject({ done: 250, failed: 0 });
    expect(rowsByOutcome(second)["created"]).toHaveLength(250);
    const stored = namesLike(sandbox, "Probe");
    expect([new Set(stored).size, stored.length]).toEqual([250, 250]);
    // Each write undoes its own part; together they undo everything.
    await call.undo(writeIdOf(second));
    expect(namesLike(sandbox, "Probe")).toHaveLength(100);
    await call.undo("w1");
    expect(namesLike(sandbox, "Probe")).toEqual([]);
  },
);

test("an upsert whose response was lost is not repeated, not even for a row without a value to compare", async () => {
  const { call, fail, sandbox } = await connect();
  const args = {
    module,
    records: [{ Last_Name: "No address" }, { Last_Name: "One", Email: "one@probe.example" }],
    idempotency_key: "u1",
  };
  sandbox.addFault({ method: "POST", path: /upsert$/, does: { kind: "lost" } });
  await fail("bigin_upsert_records", args);
  const again = await call("bigin_upsert_records", args);
  expect(again).toMatchObject({ done: 2, failed: 0 });
  expect(named(sandbox, module, "Last_Name", "No address")).toHaveLength(1);
  expect(named(sandbox, module, "Email", "one@probe.example")).toHaveLength(1);
});

test.each([create, "bigin_upsert_records"])(
  "%s: records of a first attempt whose response was lost are reported as created, and can be undone",
  async (tool) => {
    const { call, fail, sandbox } = await connect();
    const count = sandbox.store.records(module).size;
    const args = {
      module,
      records: ["Lo", "Hi"].map((name) => ({ Last_Name: name, Email: `${name}@lost.example` })),
      idempotency_key: "once",
      ...(tool === create && { check_duplicates: true }),
    };
    sandbox.addFault({ method: "POST", path: /Contacts(\/upsert)?$/, does: { kind: "lost" } });
    await fail(tool, args);
    const again = await call(tool, args);
    expect(results(again)).toMatchObject([{ outcome: "created" }, { outcome: "created" }]);
    expect(sandbox.store.records(module).size).toBe(count + 2);
    await call.undo(writeIdOf(again));
    expect(sandbox.store.records(module).size).toBe(count);
  },
);
