import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test, vi } from "vitest";
import type { Fault } from "../../../src/sandbox/app.ts";
import { connect } from "../../support/connect.ts";
import { results, table } from "../../support/replies.ts";
import {
  mapping,
  named,
  namesLike,
  onWrite,
  payload,
  people,
  type Reply,
  record,
  recordsIn,
  rowsByOutcome,
  status,
  withEmail,
  writes,
} from "../../support/writes.ts";

const module = "Contacts";
const busy = { error: { message: "slow down", code: 429 } };
const later = status(429, busy, { "Retry-After": "90" });
const span = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("250 rows are sent in three requests, in order, and every row has an outcome", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const reply = await call.create(module, people(250));
  expect(writes(connected).map((one) => payload(one)?.length)).toEqual([100, 100, 50]);
  expect(reply).toMatchObject({ done: 250, failed: 0 });
  expect(rowsByOutcome(reply)).toEqual({ created: span(1, 250) });
  expect(namesLike(sandbox, "Probe").toSorted()).toEqual(
    people(250)
      .map((one) => one.Last_Name)
      .toSorted(),
  );
});

test("the ids of a grouped reply belong to its rows", async () => {
  const { call, sandbox } = await connect();
  const reply = await call.create(module, people(420));
  const [{ ids = [] } = {}] = reply["ids"] as { ids?: string[] }[];
  expect(ids).toHaveLength(420 - Number(reply["rows_left"] ?? 0));
  expect(ids.length).toBeGreaterThan(300);
  ids.forEach((id, at) => {
    const kept = sandbox.store.records(module).get(String(id));
    expect(kept?.["Last_Name"]).toBe(`Probe ${at + 1}`);
  });
});

/** A failure of the second of three requests, whether its rows were written, and how the reply counts them. */
const troubles: [string, Fault["does"], number, boolean, "unknown" | "not_sent"][] = [
  ["an answer lost after it was carried out", { kind: "lost" }, 1, true, "unknown"],
  ["a broken connection", { kind: "reset" }, 1, false, "unknown"],
  ["half an answer", { kind: "truncate" }, 1, true, "unknown"],
  ["a 500 in the middle", status(500, "Internal Server Error"), 1, false, "unknown"],
  ["a 503 in the middle", status(503, "busy"), 1, false, "unknown"],
  ["a lasting 429", later, 9, false, "not_sent"],
];

test.each(troubles)(
  "%s: the reply reports exactly what happened",
  async (_name, does, times, isThere, said) => {
    const { call, sandbox } = await connect();
    sandbox.addFault(onWrite(module, does, { skip: 1, times }));
    const reply = await call.create(module, people(250));
    const stored = namesLike(sandbox, "Probe");
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored).toHaveLength(isThere ? 200 : 100);
    expect(rowsByOutcome(reply)).toEqual(
      said === "unknown"
        ? { created: span(1, 100), unknown: span(101, 200), not_sent: span(201, 250) }
        : { created: span(1, 100), not_sent: span(101, 250) },
    );
    expect(reply).toMatchObject({
      done: 100,
      failed: 0,
      ...(said === "unknown" && {
        unknown: 100,
        look_first: expect.stringContaining("list_records"),
      }),
    });
    if (does.kind === "status" && does.status === 429)
      expect(reply).toMatchObject({ retry_after_s: 90 });
  },
);

test.each(troubles)(
  "%s: send_again can be sent as it is, and has only rows that were not written",
  async (_name, does, times, isThere, said) => {
    const { call, sandbox } = await connect({ replyTokens: 20_000 });
    sandbox.addFault(onWrite(module, does, { skip: 1, times: Math.min(times, 1) }));
    const reply = await call.create(module, people(250));
    const again = await call("bigin_create_records", {
      module,
      ...(reply["send_again"] as Reply),
    });
    expect(again).toMatchObject({ failed: 0 });
    const stored = namesLike(sandbox, "Probe");
    expect(new Set(stored).size).toBe(stored.length);
    expect(stored).toHaveLength(said === "not_sent" || isThere ? 250 : 150);
  },
);

test("a temporary 429 is waited for, and nothing is sent twice", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  sandbox.addFault(onWrite(module, status(429, busy, { "Retry-After": "0" }), { skip: 1 }));
  const reply = await call.create(module, people(250));
  expect(reply).toMatchObject({ done: 250 });
  expect(writes(connected)).toHaveLength(4);
  const stored = namesLike(sandbox, "Probe");
  expect([new Set(stored).size, stored.length]).toEqual([250, 250]);
});

test("a failure of the first request: unknown rows are told from rows that were not sent", async () => {
  const { call, fail, sandbox } = await connect();
  sandbox.addFault(onWrite(module, { kind: "lost" }));
  const reply = await call.create(module, people(150));
  expect(rowsByOutcome(reply)).toEqual({ unknown: span(1, 100), not_sent: span(101, 150) });
  expect(reply).toMatchObject({ done: 0, failed: 0, unknown: 100, not_sent: 50 });
  expect(namesLike(sandbox, "Probe")).toHaveLength(100);
  sandbox.addFault(onWrite(module, later, { times: 9 }));
  expect(await fail.create(module, people(150, "Never"))).toContain("retry_after_s: 90");
  expect(namesLike(sandbox, "Never")).toEqual([]);
});

test("failed rows do not hide others in any chunk", async () => {
  const { call, sandbox } = await connect({ replyTokens: 20_000 });
  const Email = withEmail(sandbox)["Email"];
  const bad = [0, 7, 99, 100, 249];
  const records = people(250).map((row, at) => (bad.includes(at) ? { ...row, Email } : row));
  const reply = await call.create(module, records);
  expect(reply).toMatchObject({
    done: 245,
    failed: 5,
    send_again: { records: bad.map((at) => records[at]) },
  });
  expect(rowsByOutcome(reply)["failed"]).toEqual(bad.map((at) => at + 1));
  expect(namesLike(sandbox, "Probe")).toHaveLength(245);
});

test("a chunk whose rows all fail (HTTP 400) stops the next one only with stop_on_error", async () => {
  const { call, sandbox } = await connect({ replyTokens: 20_000 });
  const Email = withEmail(sandbox)["Email"];
  const records = (name: string) =>
    people(250, name).map((row, at) => (at >= 100 && at < 200 ? { ...row, Email } : row));
  const all = await call.create(module, records("All"));
  expect(all).toMatchObject({ done: 150, failed: 100 });
  expect(rowsByOutcome(all)["failed"]).toEqual(span(101, 200));
  expect(namesLike(sandbox, "All")).toHaveLength(150);
  const stopped = await call.create(module, records("Stop"), { stop_on_error: true });
  expect(stopped).toMatchObject({ done: 100, failed: 100, not_sent: 50 });
  expect(rowsByOutcome(stopped)["not_sent"]).toEqual(span(201, 250));
  expect(namesLike(sandbox, "Stop")).toHaveLength(100);
});

test("if every row of every chunk fails the call fails, with each reason once", async () => {
  const { fail, sandbox } = await connect();
  const Email = withEmail(sandbox)["Email"];
  const records = people(150).map((row) => ({ ...row, Email }));
  const told = await fail.create(module, records);
  expect(told).toContain("Nothing in Contacts was changed. Rows 1-150: ");
  expect(told).toContain("DUPLICATE_DATA");
  expect(countTokens(told)).toBeLessThan(200);
  const stopped = await fail.create(module, records, { stop_on_error: true });
  expect(stopped).toContain("Rows 101-150: Not sent: a row before it failed");
  expect(namesLike(sandbox, "Probe")).toEqual([]);
});

test("updates and deletes in chunks: a failure in the middle is reported as the store shows it", async () => {
  const { call, sandbox } = await connect({ replyTokens: 20_000 });
  const ids = [...sandbox.store.records(module).keys()].slice(0, 150);
  sandbox.addFault(onWrite(module, { kind: "lost" }, { method: "PUT", skip: 1 }));
  const records = ids.map((id) => ({ id, Title: "Mover" }));
  const updated = await call.update(module, records);
  expect(updated).toMatchObject({ done: 150, notes: [expect.stringContaining("50 records")] });
  expect(updated).not.toHaveProperty("send_again");
  sandbox.addFault(onWrite(module, later, { method: "DELETE", skip: 1 }));
  const deleted = await call.delete(module, ids);
  expect(deleted).toMatchObject({ done: 100, not_sent: 50, send_again: { ids: ids.slice(100) } });
  expect(ids.map((id) => sandbox.store.records(module).has(id))).toEqual(
    ids.map((_, at) => at >= 100),
  );
  await call("bigin_delete_records", { module, ...(deleted["send_again"] as Reply) });
  expect(ids.some((id) => sandbox.store.records(module).has(id))).toBe(false);
});

test("notes of many parents: a failure for one parent leaves the outcomes of the others", async () => {
  const { call, sandbox } = await connect();
  const parents = [0, 1, 2].map((nth) => record(sandbox, module, nth).id);
  sandbox.addFault({ method: "POST", path: /Notes$/, skip: 1, does: { kind: "lost" } });
  const reply = await call.create(
    "Notes",
    parents.map((id, at) => ({
      Note_Content: `Probe ${at + 1}`,
      Parent_Id: id,
      $se_module: "Contacts",
    })),
  );
  expect(results(reply).map((one) => one["outcome"])).toEqual(["created", "unknown", "not_sent"]);
  const stored = recordsIn(sandbox, "Notes")
    .map((one) => one["Note_Content"])
    .filter((text) => String(text).startsWith("Probe"));
  expect(stored).toEqual(["Probe 1", "Probe 2"]);
});

test("progress is reported between chunks", async () => {
  const { client } = await connect();
  const seen: [number, number | undefined][] = [];
  await client.callTool(
    { name: "bigin_create_records", arguments: { module, records: people(250) } },
    { onprogress: ({ progress, total }) => void seen.push([progress, total]) },
  );
  expect(seen).toEqual([
    [100, 250],
    [200, 250],
  ]);
});

test("a cancelled call sends no further chunk, and bigin_list_writes shows what was done", async () => {
  const connected = await connect();
  const { client, call, sandbox } = connected;
  const abort = new AbortController();
  const pending = client.callTool(
    { name: "bigin_create_records", arguments: { module, records: people(250) } },
    { signal: abort.signal, onprogress: () => abort.abort("enough") },
  );
  await expect(pending).rejects.toThrow();
  const listed = async () => table(await call("bigin_list_writes")).rows;
  await vi.waitFor(async () => expect(await listed()).toHaveLength(1));
  const [[id, , tool, where, records, names, outcomes] = []] = await listed();
  const done = namesLike(sandbox, "Probe").length;
  expect([100, 200]).toContain(done);
  expect([id, tool, where, records]).toEqual(["w1", "bigin_create_records", module, 250]);
  expect(names).toBe("Probe 1, Probe 2, Probe 3 and 247 more");
  expect(outcomes).toBe(`${done} created, ${250 - done} not_sent`);
  expect(writes(connected)).toHaveLength(done / 100);
});

test.each([
  [18, { done: 300, not_sent: 150 }],
  [24, { done: 200, unknown: 100, not_sent: 150 }],
])("with requests of %i s none is sent after 50 s", async (seconds, told) => {
  const { call, sandbox } = await connect({ replyTokens: 20_000 });
  await call.list(module, { per_page: 1 });
  const real = sandbox.fetch;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  sandbox.fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.method === "POST") await vi.advanceTimersByTimeAsync(seconds * 1000);
    return real(request);
  };
  try {
    const reply = await call.create(module, people(450));
    expect(reply).toMatchObject(told);
    expect(JSON.stringify(reply)).toContain("the time of one call was up");
    expect((reply["send_again"] as { records: Reply[] }).records).toEqual(people(450).slice(300));
    expect(namesLike(sandbox, "Probe")).toHaveLength(told.done);
  } finally {
    vi.useRealTimers();
  }
});

test.each([6_000, 1_000])("500 rows stay within %i tokens, each counted", async (budget) => {
  const { call, sandbox } = await connect({ replyTokens: budget });
  const made = await call.create(module, people(500));
  expect(made).toMatchObject({ done: 500 });
  const records = recordsIn(sandbox, module)
    .filter((one) => String(one["Last_Name"]).startsWith("Probe "))
    .map(({ id }, at) => ({ id, Title: `Title ${at}` }));
  for (const reply of [made, await call.update(module, records)]) {
    expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(budget);
    const listed = ((reply["ids"] ?? []) as { ids: string[] }[]).flatMap((one) => one.ids).length;
    expect(results(reply).length + listed + Number(reply["rows_left"] ?? 0)).toBe(500);
    expect(Object.values(rowsByOutcome(reply)).flat().length).toBeGreaterThan(0);
  }
});

/** How many rows a reply covers: one by one, in groups, and counted. */
function rowsTold(reply: Reply): number {
  const told = Object.values(rowsByOutcome(reply)).flat();
  return new Set(told).size + Number(reply["rows_left"] ?? 0);
}

test.each([500, 1_000, 6_000])(
  "a reply for 500 rows, every other one a duplicate, stays within %i tokens, each shown or counted",
  async (budget) => {
    const { call, sandbox } = await connect({ replyTokens: budget });
    const emails = Array.from({ length: 500 }, (_, at) => `person.${at}@many.example`);
    const known = emails.slice(0, 250).map((Email, at) => ({ Last_Name: `Known ${at}`, Email }));
    await call.create(module, known);
    const mixed = (name: string) =>
      people(500, name).map((row, at) => ({
        ...row,
        Email: at % 2 === 0 ? emails[at / 2] : emails[250 + (at - 1) / 2],
      }));
    const checked = await call.create(module, mixed("Checked"), { check_duplicates: true });
    expect(countTokens(JSON.stringify(checked))).toBeLessThanOrEqual(budget);
    expect(checked).toMatchObject({ done: 250, exists: 250 });
    expect(rowsTold(checked)).toBe(500);
    const ids = recordsIn(sandbox, module)
      .filter((one) => String(one["Last_Name"]).startsWith("Known "))
      .map((one) => one.id);
    const groups = (checked["ids"] ?? []) as { rows: string; existing?: string[] }[];
    for (const { existing = [] } of groups) for (const id of existing) expect(ids).toContain(id);
    // Now all exist, so Bigin refuses the even rows and the odd ones.
    const free = mixed("Refused").map((row, at) =>
      at % 2 === 0 ? row : { Last_Name: `Free ${at}` },
    );
    const refused = await call.create(module, free);
    expect(countTokens(JSON.stringify(refused))).toBeLessThanOrEqual(budget);
    expect(refused).toMatchObject({ done: 250, failed: 250 });
    expect(rowsTold(refused)).toBe(500);
    expect(refused["send_again"]).toBeDefined();
  },
);

test("a row with an undocumented status is unknown, and a retry with its idempotency key does not create it twice", async () => {
  const { call, sandbox } = await connect({
    alter: mapping(/\/Contacts$/, "data", (row) => ({
      ...row,
      ...(row["status"] === "success" && { status: "maybe" }),
    })),
  });
  const args = { module, records: [{ Last_Name: "Perhaps" }], idempotency_key: "perhaps" };
  expect(await call("bigin_create_records", args)).toMatchObject({ done: 0, unknown: 1 });
  const again = await call("bigin_create_records", args);
  expect([again, named(sandbox, module, "Last_Name", "Perhaps").length]).toEqual([again, 1]);
});

test("a response that names another record is not trusted: the record is looked up", async () => {
  const { call, sandbox } = await connect({
    alter: mapping(/\/Contacts/, "data", (row) => ({
      ...row,
      ...(row["status"] === "success" && { details: { id: "7618134000000999999" } }),
    })),
  });
  const { id } = record(sandbox, module);
  const updated = await call.update(module, [{ id, Description: "changed" }]);
  expect(results(updated)).toMatchObject([{ id, outcome: "updated" }]);
  const deleted = await call.delete(module, [id]);
  expect(results(deleted)).toMatchObject([{ id, outcome: "deleted" }]);
});
