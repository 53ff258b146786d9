import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { newFile } from "../support/files.ts";
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
import { recordsIn } from "../support/writes.ts";
import { heldUpstream } from "./door.ts";

const list = callTool("bigin_list_records", { module: "Contacts", per_page: 1 });
const create = callTool("bigin_create_records", {
  module: "Contacts",
  records: [{ Last_Name: "Last" }],
});
const isList = (method: string, path: string) => method === "GET" && path.includes("/Contacts?");
const isWrite = (method: string) => method === "POST";

function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 20_000, interval: 10 });
}

/** Until the port is closed. */
function untilClosed(url: string): Promise<void> {
  const isClosed = () => expect(send(`${url}/healthz`)).rejects.toThrow();
  return vi.waitFor(isClosed, { timeout: 20_000 });
}

function auditFile(): string {
  return newFile();
}

function auditIn(file: string): unknown {
  return JSON.parse(readFileSync(file, "utf8"));
}

async function started(program: Running): Promise<void> {
  program.send(initialize("2025-11-25"));
  await until(() => program.stdout().includes('"id":1'));
}

test("SIGTERM: the call in progress is answered, further ones are refused, and streams end", async () => {
  const { env, open, held } = await heldUpstream(isList);
  const { url, child, ended, stderr } = await serve([], env);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const stream = await openStream(`${url}/sse`);
  // Sent in two parts: its connection is open before the signal, its message arrives after it.
  const late = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(" "));
      await until(() => held() === 1);
      child.kill("SIGTERM");
      await untilClosed(url);
      controller.enqueue(new TextEncoder().encode(JSON.stringify({ ...list, id: 3 })));
      controller.close();
    },
  });
  const first = post(`${url}/mcp`, list, session);
  const init = { method: "POST", headers: { ...mcpHeaders, ...session }, body: late };
  const response = await fetch(`${url}/mcp`, { ...init, duplex: "half" } as RequestInit);
  expect(await response.text()).toContain("The server is stopping");
  expect(child.exitCode).toBeNull();
  open();
  expect(messageOf(await first)).toMatchObject({ id: 2, result: { structuredContent: {} } });
  expect(await ended).toBe(0);
  await until(() => stream.ended);
  expect(stderr()).toContain('"tool":"bigin_list_records"');
});

test.each(["SIGINT", "SIGHUP"] as const)(
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

test("stdio: a parent that is killed leaves no orphan", async () => {
  // The host in between starts the program as hosts do, prints its process id, and is killed.
  const host = `const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(programFile)}, "--sandbox"], { stdio: ["pipe", "pipe", "ignore"] });
child.stdout.once("data", () => console.log(child.pid));
child.stdin.write(${JSON.stringify(`${JSON.stringify(initialize("2025-11-25"))}\n`)});`;
  const parent = spawn(process.execPath, ["-e", host]);
  onTestFinished(() => void parent.kill("SIGKILL"));
  let printed = "";
  parent.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await until(() => printed.includes("\n"));
  const pid = Number(printed);
  expect(isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await until(() => !isAlive(pid));
});

/** A process that has ended, but whose parent has not asked for its exit code, does not count. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

// The rest run at the same time, because some of them last as long as the program waits.

test.concurrent("SIGTERM: a read and a write that get no response end after ten seconds, the write as unknown", async ({
  onTestFinished: atEnd,
}) => {
  const { env, held } = await heldUpstream(
    (method, path) => isList(method, path) || isWrite(method),
    atEnd,
  );
  const file = auditFile();
  const { url, child, ended } = await serve(["--audit-log", file], env, atEnd);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const calls = [list, { ...create, id: 3 }].map((call) =>
    post(`${url}/mcp`, call, session).catch(() => "cut"),
  );
  await until(() => held() === 2);
  const start = performance.now();
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(performance.now() - start).toBeGreaterThan(9_000);
  expect(auditIn(file)).toMatchObject({ outcome: "unknown" });
  await Promise.all(calls);
});

test.concurrent("a second signal ends the program without waiting for the call in progress", async ({
  onTestFinished: atEnd,
}) => {
  const { env, held } = await heldUpstream(isList, atEnd);
  const { url, child, ended, stderr } = await serve(["--log-level", "debug"], env, atEnd);
  const session = { "Mcp-Session-Id": await openSession(url) };
  const call = post(`${url}/mcp`, list, session).catch(() => "cut");
  await until(() => held() === 1);
  child.kill("SIGTERM");
  await untilClosed(url);
  child.kill("SIGTERM");
  expect(await ended).toBe(1);
  expect([await call, stderr()]).toEqual(["cut", expect.stringContaining("listening")]);
});

test.concurrent.for(["stdin", "SIGTERM"] as const)(
  "stdio, end by %s: a write in progress ends, and has its line in the audit log",
  async (how, { onTestFinished: atEnd }) => {
    const { env, sandbox, open, held } = await heldUpstream(isWrite, atEnd);
    const file = auditFile();
    const program = run(["--audit-log", file], env, atEnd);
    await started(program);
    program.send(create);
    await until(() => held() === 1);
    if (how === "stdin") program.child.stdin.end();
    else program.child.kill("SIGTERM");
    open();
    expect(await program.ended).toBe(0);
    expect(auditIn(file)).toMatchObject({ outcome: "created" });
    const contacts = recordsIn(sandbox, "Contacts");
    expect(contacts.filter((one) => one["Last_Name"] === "Last")).toHaveLength(1);
  },
);

test.concurrent("stdio: a write that gets no response is cut, and its line says that its outcome is unknown", async ({
  onTestFinished: atEnd,
}) => {
  const { env, held } = await heldUpstream(isWrite, atEnd);
  const file = auditFile();
  const program = run(["--audit-log", file], env, atEnd);
  await started(program);
  program.send(create);
  await until(() => held() === 1);
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  expect(auditIn(file)).toMatchObject({ outcome: "unknown" });
});

test.concurrent("stdio: a read in progress does not delay the end", async ({
  onTestFinished: atEnd,
}) => {
  const { env, held } = await heldUpstream(isList, atEnd);
  const program = run([], env, atEnd);
  await started(program);
  program.send(list);
  await until(() => held() > 0);
  const start = performance.now();
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(10_000);
});
