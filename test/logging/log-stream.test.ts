import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { expect, test } from "vitest";
import { callTool, initialize, until } from "../support/http.ts";
import { programFile, run } from "../support/program.ts";

const call = callTool("bigin_list_modules");
/** Not a message: it is logged in a line of several thousand characters. */
const odd = { a: 1 };

test.each(["stdin", "SIGTERM", "SIGHUP"] as const)(
  "stdio: if stderr is not read, neither calls nor the exit by %s are delayed",
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

test("lines that are not read are dropped and counted, and a late reader gets whole lines", async () => {
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
    return program.stderr().includes("lines were dropped");
  });
  await until(answered);
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  const lines = program.stderr().trimEnd().split("\n");
  const logged = lines.map((line) => JSON.parse(line) as { msg: string });
  const dropped = logged.map(({ msg }) =>
    Number(/^(\d+) log lines were dropped/.exec(msg)?.[1] ?? 0),
  );
  const notes = dropped.filter((count) => count > 0);
  const total = logged.length - notes.length + notes.reduce((sum, count) => sum + count, 0);
  expect([notes.length > 0, total]).toEqual([true, 400 + calls]);
});

test("stdio: with stderr on a full disk, lines are lost and nothing else", async () => {
  const child = spawn(process.execPath, [programFile, "--sandbox"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", openSync("/dev/full", "w")],
  });
  let answers = "";
  child.stdout?.on("data", (chunk) => {
    answers += chunk;
  });
  const send = (message: object) =>
    child.stdin?.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  send(initialize("2025-11-25"));
  for (const id of [2, 3]) {
    for (const _ of [1, 2, 3]) send(odd);
    send({ ...call, id });
    await until(() => answers.includes(`"id":${id}`));
  }
  child.stdin?.end();
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
});
