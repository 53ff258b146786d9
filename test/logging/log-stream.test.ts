import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { callTool, initialize, until } from "../support/http.ts";
import { programFile, run } from "../support/program.ts";

const call = callTool("bigin_list_modules");
/** No message at all: costs a line of several thousand characters. */
const odd = { a: 1 };

test.each(["stdin", "SIGTERM", "SIGHUP"] as const)(
  "stdio: a stderr that nobody reads holds up neither calls nor the end by %s",
  async (how) => {
    const program = run(["--sandbox"]);
    program.child.stderr.pause();
    program.send(initialize("2025-11-25"));
    for (let sent = 0; sent < 400; sent += 1) program.send(odd);
    program.send(call);
    await until(() => program.stdout().includes('"id":2'));
    const ended = new Promise((resolve) => program.child.once("exit", resolve));
    if (how === "stdin") program.child.stdin.end();
    else program.child.kill(how);
    expect(await ended).toBe(0);
  },
);

test("what nobody reads is counted, and a reader that wakes up gets whole lines", async () => {
  const program = run(["--sandbox"]);
  program.child.stderr.pause();
  program.send(initialize("2025-11-25"));
  for (let sent = 0; sent < 400; sent += 1) program.send(odd);
  let calls = 0;
  const answered = () => program.stdout().includes(`"id":${calls + 1}`);
  const callOnce = () => {
    calls += 1;
    program.send({ ...call, id: calls + 1 });
  };
  callOnce();
  await until(answered);
  program.child.stderr.resume();
  await until(() => {
    if (answered()) callOnce();
    return program.stderr().includes("left out here");
  });
  await until(answered);
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  const lines = program.stderr().trimEnd().split("\n");
  const told = lines.map((line) => JSON.parse(line) as { msg: string });
  const lost = told.map(({ msg }) => Number(/^(\d+) lines are left out/.exec(msg)?.[1] ?? 0));
  const notes = lost.filter((count) => count > 0);
  const total = told.length - notes.length + notes.reduce((sum, count) => sum + count, 0);
  expect([notes.length > 0, total]).toEqual([true, 400 + calls]);
});

test("stdio: a full disk behind stderr costs lines and nothing else", async () => {
  const child = spawn(process.execPath, [programFile, "--sandbox"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", openSync("/dev/full", "w")],
  });
  let told = "";
  child.stdout?.on("data", (chunk) => {
    told += chunk;
  });
  const send = (message: object) =>
    child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  send(initialize("2025-11-25"));
  for (const id of [2, 3]) {
    for (const _ of [1, 2, 3]) send(odd);
    send({ ...call, id });
    await until(() => told.includes(`"id":${id}`));
  }
  child.stdin?.end();
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
});
