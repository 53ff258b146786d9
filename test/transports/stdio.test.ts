import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { callTool, initialize } from "../support/http.ts";

const program = fileURLToPath(new URL("../support/stdio-program.ts", import.meta.url));
const patience = { timeout: 10_000 };

/** An echo server on stdio, which has answered `initialize`, with all it wrote so far. */
async function run() {
  const args = ["--import", "tsx", program];
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const seen = { child, stdout: "", stderr: "", send };
  function send(message: object) {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  }
  child.stdout.on("data", (chunk) => {
    seen.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    seen.stderr += chunk;
  });
  send(initialize("2025-06-18"));
  await vi.waitUntil(() => seen.stdout.includes("protocolVersion"), patience);
  return seen;
}

// The clients of both SDKs, in every revision, are tested on the built program: program.slow.test.ts.

test("the end of stdin ends the connection, with a call in progress or without; stdout has only messages", async () => {
  for (const last of [callTool("echo", { done: true }, 3), callTool("hang", {}, 3)]) {
    const seen = await run();
    seen.send(callTool("whoami", {}, 2));
    seen.send(last);
    await vi.waitUntil(() => seen.stdout.includes('"id":2'), patience);
    seen.child.stdin.end();
    expect(await once(seen.child, "close")).toEqual([0, null]);
    const messages = seen.stdout.trim().split("\n");
    for (const line of messages) expect(JSON.parse(line).jsonrpc).toBe("2.0");
    const { result } = JSON.parse(messages.find((line) => line.includes('"id":2')) ?? "");
    expect(result.content[0].text).toBe("{}");
    expect(seen.stderr).toBe("closed\n");
  }
});

test("close() ends the connection, here on SIGTERM", async () => {
  const seen = await run();
  seen.child.kill("SIGTERM");
  expect(await once(seen.child, "close")).toEqual([0, null]);
  expect(seen.stderr).toBe("closed\n");
});

test("a client that closes stdout ends the connection, which is not an error", async () => {
  const seen = await run();
  seen.child.stdout.destroy();
  seen.child.stdin.on("error", () => {});
  const exited = once(seen.child, "exit");
  await vi.waitUntil(() => {
    seen.send(callTool("echo"));
    return seen.child.exitCode !== null;
  }, patience);
  expect(await exited).toEqual([0, null]);
  expect(seen.stderr).toBe("closed\n");
});
