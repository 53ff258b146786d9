import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import {
  callTool,
  initialize,
  mcpHeaders,
  messageOf,
  openSession,
  openStream,
  post,
  send,
} from "../support/http.ts";
import { programFile, type Running, run, serve } from "../support/program.ts";
import { heldUpstream } from "./door.ts";

const list = callTool("bigin_list_records", { module: "Contacts", per_page: 1 });
const create = callTool("bigin_create_records", {
  module: "Contacts",
  records: [{ Last_Name: "Last" }],
});
const seen = (condition: () => boolean) =>
  vi.waitUntil(condition, { timeout: 20_000, interval: 10 });

const isList = (method: string, path: string) => method === "GET" && path.includes("/Contacts?");
const isWrite = (method: string) => method === "POST";

async function started(program: Running) {
  program.send(initialize("2025-11-25"));
  await seen(() => program.stdout().includes('"id":1'));
}

test("SIGTERM: a call under way is answered, no further one is taken, streams end, and the exit code is 0", async () => {
  const { env, open, held } = await heldUpstream(isList);
  const { url, child, ended } = await serve([], env);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const stream = await openStream(`${url}/sse`);
  const answer = post(`${url}/mcp`, list, session);
  await seen(() => held() === 1);
  child.kill("SIGTERM");
  await seen(() => held() === 1);
  // The port is closed: only the call under way is still served.
  await vi.waitFor(() => expect(send(`${url}/healthz`)).rejects.toThrow(), { timeout: 10_000 });
  expect(child.exitCode).toBeNull();
  open();
  expect(messageOf(await answer)).toMatchObject({ id: 2, result: { structuredContent: {} } });
  expect(await ended).toBe(0);
  await seen(() => stream.ended);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s: the line of a call that has just ended is in the log",
  async (signal) => {
    const { url, child, ended, stderr } = await serve();
    const session = { "Mcp-Session-Id": await openSession(url) };
    messageOf(await post(`${url}/mcp`, list, session));
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(stderr()).toContain('"tool":"bigin_list_records"');
  },
);

test("asked a second time, the program ends without waiting for what is under way", async () => {
  const { env, held } = await heldUpstream(isList);
  const { url, child, ended, stderr } = await serve(["--log-level", "debug"], env);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const answer = post(`${url}/mcp`, list, session).catch(() => "cut");
  await seen(() => held() === 1);
  child.kill("SIGTERM");
  await vi.waitFor(() => expect(send(`${url}/healthz`)).rejects.toThrow(), { timeout: 10_000 });
  child.kill("SIGTERM");
  expect(await ended).toBe(1);
  expect([await answer, stderr()]).toEqual(["cut", expect.stringContaining("listening")]);
});

test("SIGTERM: a call on a connection that is open already is refused in words", async () => {
  const { env, open, held } = await heldUpstream(isList);
  const { url, child, ended } = await serve([], env);
  const stream = await openStream(`${url}/sse`);
  const session = { "Mcp-Session-Id": await openSession(url) };
  // Sent in two parts, so that its connection is there before the signal.
  const late = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(" "));
      await seen(() => held() === 1);
      child.kill("SIGTERM");
      await vi.waitFor(() => expect(send(`${url}/healthz`)).rejects.toThrow(), {
        timeout: 10_000,
      });
      controller.enqueue(new TextEncoder().encode(JSON.stringify({ ...list, id: 3 })));
      controller.close();
    },
  });
  const first = post(`${url}/mcp`, list, session);
  const init = { method: "POST", headers: { ...mcpHeaders, ...session }, body: late };
  const refused = await (
    await fetch(`${url}/mcp`, { ...init, duplex: "half" } as RequestInit)
  ).text();
  expect(refused).toContain("The server is stopping and takes no further calls.");
  open();
  expect(messageOf(await first)).toMatchObject({ id: 2 });
  expect(await ended).toBe(0);
  expect(stream.ended).toBe(true);
});

test("SIGTERM: a call that does not end is waited for within a bound", async () => {
  const { env, held } = await heldUpstream(isList);
  const { url, child, ended } = await serve([], env);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const answer = post(`${url}/mcp`, list, session).catch(() => "cut");
  await seen(() => held() === 1);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  await answer;
}, 30_000);

test("SIGTERM over HTTP: a write that is not answered is cut, and its line says that it is in doubt", async () => {
  const { env, held } = await heldUpstream(isWrite);
  const file = join(mkdtempSync(join(tmpdir(), "bigin-mcp-")), "audit.log");
  const { url, child, ended } = await serve(["--audit-log", file], env);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const answer = post(`${url}/mcp`, create, session).catch(() => "cut");
  await seen(() => held() === 1);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ outcome: "unknown" });
  await answer;
});

test.each(["stdin", "SIGTERM"] as const)(
  "stdio, end by %s: a write under way ends, and has its line in the audit log",
  async (how) => {
    const { env, sandbox, open, held } = await heldUpstream(isWrite);
    const file = join(mkdtempSync(join(tmpdir(), "bigin-mcp-")), "audit.log");
    const program = run(["--audit-log", file], env);
    await started(program);
    program.send(create);
    await seen(() => held() === 1);
    if (how === "stdin") program.child.stdin.end();
    else program.child.kill("SIGTERM");
    open();
    expect(await program.ended).toBe(0);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ outcome: "created" });
    const made = [...sandbox.store.records("Contacts").values()];
    expect(made.filter((one) => one["Last_Name"] === "Last")).toHaveLength(1);
  },
);

test("stdio: a write that is not answered is cut, and its line says that it is in doubt", async () => {
  const { env, held } = await heldUpstream(isWrite);
  const file = join(mkdtempSync(join(tmpdir(), "bigin-mcp-")), "audit.log");
  const program = run(["--audit-log", file], env);
  await started(program);
  program.send(create);
  await seen(() => held() === 1);
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ outcome: "unknown" });
});

test("stdio: a read under way holds nothing up", async () => {
  const { env, held } = await heldUpstream(isList);
  const program = run([], env);
  await started(program);
  program.send(list);
  await seen(() => held() > 0);
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
});

test("stdio: a parent that is killed leaves no orphan", async () => {
  // The host in between starts the program as hosts do, tells its number, and is killed.
  const host = `const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(programFile)}, "--sandbox"], { stdio: ["pipe", "pipe", "ignore"] });
child.stdout.once("data", () => console.log(child.pid));
child.stdin.write(${JSON.stringify(`${JSON.stringify(initialize("2025-11-25"))}\n`)});`;
  const parent = spawn(process.execPath, ["-e", host]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  let told = "";
  parent.stdout.on("data", (chunk) => {
    told += chunk;
  });
  await seen(() => told.includes("\n"));
  const pid = Number(told);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await seen(() => !isAlive(pid));
});

/** A process that has ended and waits for a parent to ask after it is gone all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
