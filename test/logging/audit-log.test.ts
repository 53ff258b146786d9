import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { createAccounts } from "../../src/account/account.ts";
import { createAuditLog } from "../../src/logging/audit-log.ts";
import { createLog } from "../../src/logging/log.ts";
import { createServer } from "../../src/server/server.ts";
import { Failure } from "../../src/shared/failure.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { defineTool } from "../../src/tool/define.ts";
import { callsByHand, clientOver, eras, type Host, resultOf } from "../support/clients.ts";
import { addresses, connect } from "../support/connect.ts";
import { folder, linesOf, newFile } from "../support/files.ts";
import { idsOf, table } from "../support/replies.ts";
import { fakeTimers } from "../support/simulated-time.ts";
import { connectionIn, people, status } from "../support/writes.ts";

const contact = (name: string) => ({ module: "Contacts", records: [{ Last_Name: name }] });
/** A server with an audit log, and the lines in it. */
async function withAuditLog(options: Parameters<typeof connect>[0] = {}, file = newFile()) {
  const connected = await connect({ confirm: "none", audit: createAuditLog(file), ...options });
  const { sandbox, sent } = connected;
  return {
    ...connected,
    file,
    lines: () => linesOf(file),
    last: () => linesOf(file).at(-1),
    writes: () => sent.filter(({ method }) => method !== "GET").length,
    connectionOf: (status: string) => connectionIn(sandbox, status),
    ids: [...sandbox.store.records("Contacts").keys()],
  };
}

test("each writing tool leaves one line: when, who, where, what, before and after", async () => {
  const { call, lines, connectionOf, ids } = await withAuditLog();
  const [, second = "", third = ""] = ids;
  const made = await call("bigin_create_records", contact("Audit"));
  const [id] = idsOf(made);
  await call.update("Contacts", [{ id, Title: "Clerk" }]);
  const { write_id } = await call.update("Contacts", [{ id, Title: "Chief" }]);
  await call.upsert("Contacts", [{ Last_Name: "Up", Email: "up@probe.example" }]);
  await call.delete("Contacts", [second, third]);
  await call.undo(write_id);
  const { connection_id } = await call("bigin_create_connection");
  await call("bigin_delete_connection", { connection_id });

  const all = lines();
  expect(all.map(({ tool, outcome }) => [tool, outcome])).toEqual([
    ["bigin_create_records", "created"],
    ["bigin_update_records", "updated"],
    ["bigin_update_records", "updated"],
    ["bigin_upsert_records", "created"],
    ["bigin_delete_records", "deleted"],
    ["bigin_undo_write", "restored"],
    ["bigin_create_connection", "created"],
    ["bigin_delete_connection", "deleted"],
  ]);
  for (const { time, account, client } of all) {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect([account, client]).toEqual([expect.stringMatching(/^[0-9a-f]{12}$/), "test"]);
  }
  const active = connectionOf("ACTIVE");
  for (const line of all.slice(0, 6))
    expect(line).toMatchObject({ connection: active, module: "Contacts" });
  expect(all[0]).toMatchObject({
    ids: [id],
    write_id: "w1",
    records: [{ id, after: { Last_Name: "Audit" } }],
  });
  expect(all[2]).toMatchObject({
    ids: [id],
    records: [
      { id, before: { Title: "Clerk" }, sent: { Title: "Chief" }, after: { Title: "Chief" } },
    ],
  });
  const gone = [second, third];
  const records = gone.map((id) => ({ id, before: { id } }));
  expect(all[4]).toMatchObject({ ids: gone, records });
  expect(all[5]).toMatchObject({
    undoes: write_id,
    ids: [id],
    records: [{ id, before: { Title: "Chief" }, sent: { Title: "Clerk" } }],
  });
  expect(all[7]).toMatchObject({ ids: [connection_id], before: { status: "PENDING" } });
});

const full = status(400, { code: "INVALID_DATA", details: {}, message: "no", status: "error" });

test("a write that failed, or may have failed, has a line with the ids and what was sent", async () => {
  const { fail, sandbox, last, lines, ids, connectionOf } = await withAuditLog();
  const [id = ""] = ids;
  const records = [{ id, Title: "Lost" }];
  sandbox.addFault({ method: "PUT", path: /Contacts/, does: { kind: "reset" } });
  await fail.update("Contacts", records);
  expect(last()).toMatchObject({
    tool: "bigin_update_records",
    outcome: "unknown",
    ids: [id],
    records: [{ id, before: { id }, sent: { Title: "Lost" } }],
  });
  sandbox.addFault({ method: "POST", path: /Contacts/, does: full });
  await fail("bigin_create_records", contact("Refused"));
  const refused = { outcome: "failed", failure: "rejected" };
  expect(last()).toMatchObject({
    ...refused,
    about: ["create", "Contacts", {}, [[{ Last_Name: "Refused" }, null, null, null]]],
  });
  sandbox.addFault({ method: "POST", path: /Contacts/, does: { kind: "lost" } });
  await fail("bigin_create_records", contact("Lost"));
  expect(last()).toMatchObject({ outcome: "unknown", records: [{ sent: { Last_Name: "Lost" } }] });
  sandbox.addFault({ method: "DELETE", path: /connections/, does: { kind: "lost" } });
  const connection_id = connectionOf("FAILED");
  await fail("bigin_delete_connection", { connection_id });
  expect(last()).toMatchObject({ outcome: "unknown", about: [connection_id, "FAILED"] });
  expect(lines()).toHaveLength(4);
});

test("a call that sends nothing leaves no line", async () => {
  const { call, fail, file, makeServer, ids } = await withAuditLog({ confirm: "destructive" });
  const [id = ""] = ids;
  const remove = { module: "Contacts", ids: [id] };
  await call.list("Contacts");
  await call("bigin_list_connections");
  await call("bigin_create_records", { ...contact("Dry"), dry_run: true });
  await fail.create("Contacts", [{ First_Name: "No last name" }]);
  await call("bigin_delete_records", remove);
  await fail("bigin_delete_records", { ...remove, confirm_token: "wrong" });
  const host: Host = { declares: "forms", user: () => "decline" };
  for (const way of eras) {
    const { call: asked } = await clientOver(way, makeServer, host);
    expect((await asked("bigin_delete_records", remove)).error).toContain("declined");
  }
  expect(readFileSync(file, "utf8")).toBe("");
});

test.each(eras)("%s: an accepted write leaves one line, with the client's name", async (way) => {
  const { makeServer, lines, ids } = await withAuditLog({ confirm: "destructive" });
  const { call } = await clientOver(way, makeServer, { declares: "forms", user: () => "accept" });
  await call("bigin_delete_records", { module: "Contacts", ids: ids.slice(0, 1) });
  expect(lines()).toMatchObject([{ client: "test", outcome: "deleted" }]);
});

test("no key, token or session link is in it", async () => {
  const key = `v2.key-"quoted"\\slashed`;
  const { as, file } = await withAuditLog({ confirm: "writes", activateOnLook: false });
  const { call, makeServer } = await as(key);
  const secrets = [key, JSON.stringify(key).slice(1, -1)];
  const carryOut = async (name: string, args: Record<string, unknown>) => {
    const { confirm_token } = await call(name, args);
    secrets.push(String(confirm_token));
    return call(name, { ...args, confirm_token });
  };
  const { url, connection_id } = await carryOut("bigin_create_connection", {});
  secrets.push(String(new URL(String(url)).searchParams.get("session_token")));
  const records = [{ Last_Name: `Key ${key}`, Description: `open ${url} with ${key}` }];
  const { write_id } = await carryOut("bigin_create_records", { module: "Contacts", records });
  await carryOut("bigin_undo_write", { write_id });
  await carryOut("bigin_delete_connection", { connection_id });
  const modern = callsByHand(makeServer);
  const accept = { inputResponses: { answer: { action: "accept" } } };
  const { requestState } = await modern("bigin_create_connection", {});
  const page = await modern("bigin_create_connection", {}, { requestState, ...accept });
  expect(page).toMatchObject({ resultType: "input_required" });
  secrets.push(requestState, page.requestState);
  const log = readFileSync(file, "utf8");
  expect(log.split("\n").length).toBeGreaterThan(4);
  expect(log).toContain("Key [key]");
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10);
    expect(log).not.toContain(secret);
  }
});

test.each([
  ["in a directory that is missing", () => join(folder(), "missing", "audit.log"), "ENOENT"],
  ["that is a directory", folder, "EISDIR"],
  [
    "below a file",
    () => {
      const file = join(folder(), "file");
      writeFileSync(file, "");
      return join(file, "audit.log");
    },
    "ENOTDIR",
  ],
  [
    "that is a pipe without a reader",
    () => {
      const pipe = join(folder(), "pipe");
      execFileSync("bash", ["-c", 'mkfifo "$0"', pipe]);
      return pipe;
    },
    "ENXIO",
  ],
  ["on a disk that is always full", () => "/dev/full", "it is not a regular file"],
  ["of the kernel, which is read-only", () => "/proc/version", ""],
])("a log %s stops writes before anything is sent, and only them", async (_name, place, why) => {
  const { call, fail, writes, ids } = await withAuditLog({}, place());
  const remove = { module: "Contacts", ids: ids.slice(0, 1) };
  for (const [name, args] of [
    ["bigin_create_records", contact("Unlogged")],
    ["bigin_delete_records", remove],
    ["bigin_create_connection", {}],
  ] as const) {
    const problem = await fail(name, args);
    expect(problem).toContain("The audit log");
    expect(problem).toContain(`cannot be written: ${why}`);
    expect(problem).toContain("Nothing was sent.");
  }
  expect(writes()).toBe(0);
  expect(await call("bigin_delete_records", { ...remove, dry_run: true })).toMatchObject({
    status: "dry_run",
  });
  expect((await call.list("Contacts", { per_page: 1 }))["rows"]).toHaveLength(1);
});

test("a write that could not be logged asks no user and uses no token", async () => {
  const file = newFile();
  const { call, fail, lines, writes, makeServer } = await withAuditLog({ confirm: "writes" }, file);
  const { confirm_token } = await call("bigin_create_records", contact("Twice"));
  rmSync(file, { force: true });
  mkdirSync(file);
  for (const more of [{}, { confirm_token }])
    expect(await fail("bigin_create_records", { ...contact("Twice"), ...more })).toContain(
      "EISDIR",
    );
  for (const way of eras) {
    const user = vi.fn(() => "accept" as const);
    const { call: asked } = await clientOver(way, makeServer, { declares: "forms", user });
    expect((await asked("bigin_create_records", contact("Asked"))).error).toContain("EISDIR");
    expect(user).not.toHaveBeenCalled();
  }
  rmSync(file, { recursive: true });
  expect(await call("bigin_create_records", { ...contact("Twice"), confirm_token })).toMatchObject({
    done: 1,
  });
  expect([writes(), lines().length]).toEqual([1, 1]);
});

test("a new log is readable by its owner only, an existing one is appended to", async () => {
  const first = await withAuditLog();
  await first.call("bigin_create_records", contact("First"));
  expect(statSync(first.file).mode & 0o777).toBe(0o600);
  const second = await withAuditLog({}, first.file);
  await second.call("bigin_create_records", contact("Second"));
  expect(second.lines()).toHaveLength(2);
});

test("simultaneous writes, also of two programs, never mix their lines", async () => {
  const file = newFile();
  const programs = [await withAuditLog({}, file), await withAuditLog({}, file)];
  const text = "x".repeat(30_000);
  const records = (at: number) =>
    Array.from({ length: 20 }, () => ({ Last_Name: `P${at}`, Description: text }));
  await Promise.all(
    programs.flatMap(({ call }) =>
      [1, 2, 3, 4, 5].map((at) => call.create("Contacts", records(at))),
    ),
  );
  const all = linesOf(file);
  expect(all).toHaveLength(10);
  expect(all.every(({ ids }) => Array.isArray(ids) && ids.length === 20)).toBe(true);
});

test("a call cancelled halfway has its line and its journal entry, with what was done", async () => {
  const { client, call, sandbox, lines, writes } = await withAuditLog();
  await call.list("Contacts", { per_page: 1 });
  sandbox.addFault({ method: "POST", path: /Contacts/, skip: 1, does: { kind: "hang" } });
  const records = Array.from({ length: 250 }, (_, at) => ({ Last_Name: `C${at}` }));
  const cancel = new AbortController();
  fakeTimers(["setTimeout", "clearTimeout"]);
  const answer = client.callTool(
    { name: "bigin_create_records", arguments: { module: "Contacts", records } },
    { signal: cancel.signal },
  );
  const ended = expect(answer).rejects.toThrow();
  await vi.waitFor(() => expect(writes()).toBe(2));
  cancel.abort("enough");
  await ended;
  await vi.advanceTimersByTimeAsync(2_100);
  await vi.waitFor(() => expect(lines()).toHaveLength(1));
  vi.useRealTimers();
  const [line] = lines();
  const count = (wanted: string) =>
    line?.records?.filter(({ outcome }) => outcome === wanted).length;
  expect([count("created"), count("unknown"), count("not_sent")]).toEqual([100, 100, 50]);
  expect(line?.["write_id"]).toBe("w1");
  const [listed = []] = table(await call("bigin_list_writes")).rows;
  const outcomes = expect.stringContaining("100 created");
  expect(listed.toSpliced(1, 1)).toEqual([
    ...["w1", "bigin_create_records", "Contacts", 250, expect.any(String)],
    ...[outcomes, 0],
  ]);
});

test("a bug during a write has its line, and a retry with the same key looks before it writes", async () => {
  const file = newFile();
  const earlier: boolean[] = [];
  const broken = defineTool({
    name: "bigin_create_bugs",
    title: "Create bugs",
    description: "Breaks while it writes.",
    toolset: "connections",
    scope: "account",
    effect: "create",
    inserts: true,
    examples: [{}],
    input: z.strictObject({}),
    output: z.looseObject({}),
    plan: async () => ({ plan: {}, records: 1, summary: "Break.", preview: {}, bound: ["b1"] }),
    commit: async (_plan, _context, committing) => {
      earlier.push(committing.earlier !== undefined);
      throw new TypeError("a bug");
    },
  });
  const accounts = createAccounts(addresses);
  const makeServer = () =>
    createServer({
      version: "0.0.0",
      connection: undefined,
      replyTokens: 6000,
      confirm: "none",
      catalogue: createCatalogue([broken], { readOnly: false }),
      account: async () => accounts.of("key"),
      audit: createAuditLog(file),
      log: createLog("silent"),
    });
  const call = callsByHand(makeServer);
  for (const _ of [1, 2])
    expect(resultOf(await call("bigin_create_bugs", { idempotency_key: "k" })).error).toContain(
      "bug in bigin-mcp",
    );
  expect(linesOf(file)).toMatchObject(
    [1, 2].map(() => ({ outcome: "unknown", about: ["b1"], failure: "bug" })),
  );
  expect(earlier).toEqual([false, true]);
});

test("an audit log that fails after the write does not hide what was written", async () => {
  const audit = {
    ready: async () => undefined,
    append: async () => {
      throw new Failure({ origin: "server", kind: "audit_failed", message: "the disk is full." });
    },
  };
  const { call, sandbox } = await connect({ audit });
  const reply = await call.create("Contacts", people(3));
  expect(reply).toMatchObject({ done: 3, write_id: "w1", not_logged: "the disk is full." });
  const ids = idsOf(reply);
  expect(ids).toHaveLength(3);
  for (const id of ids) expect(sandbox.store.records("Contacts").has(id)).toBe(true);
});
