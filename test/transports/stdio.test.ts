import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client, type ClientOptions } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { callTool, initialize } from "../support/http.ts";

const program = fileURLToPath(new URL("../support/stdio-program.ts", import.meta.url));
const command = {
  command: process.execPath,
  args: ["--import", "tsx", program],
  stderr: "ignore" as const,
};
const info = { name: "test", version: "1" };
const olderVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/** The program as a host starts it, with all it wrote so far. */
function run() {
  const child: ChildProcessWithoutNullStreams = spawn(command.command, command.args);
  onTestFinished(() => void child.kill("SIGKILL"));
  const seen = { child, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    seen.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    seen.stderr += chunk;
  });
  return seen;
}

const patient = { timeout: 10_000 };

test("the client of sdk 1 works over stdio", async () => {
  const client = new OldClient(info);
  await client.connect(new OldStdio(command));
  onTestFinished(() => client.close());
  const result = await client.callTool({ name: "whoami", arguments: {} });
  expect(result["content"]).toMatchObject([{ text: "{}" }]);
});

const modes: { options: ClientOptions; version: string }[] = [
  { options: { versionNegotiation: { mode: "auto" } }, version: "2026-07-28" },
  { options: { versionNegotiation: { mode: { pin: "2026-07-28" } } }, version: "2026-07-28" },
  ...olderVersions.map((version) => ({
    options: { supportedProtocolVersions: [version] },
    version,
  })),
];

test.each(modes)(
  "the client of sdk 2 with $options speaks $version over stdio",
  async ({ options, version }) => {
    const client = new Client(info, options);
    await client.connect(new StdioClientTransport(command));
    onTestFinished(() => client.close());
    const result = await client.callTool({ name: "echo", arguments: { a: 1 } });
    expect(result.content).toMatchObject([{ text: '{"a":1}' }]);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
  },
);

test("nothing but protocol is on stdout, and the end of stdin ends the process, a call in flight or not", async () => {
  for (const last of [callTool("echo", { done: true }, 3), callTool("hang", {}, 3)]) {
    const seen = run();
    for (const message of [initialize("2025-06-18"), callTool("echo", {}, 2), last]) {
      seen.child.stdin.write(`${JSON.stringify(message)}\n`);
    }
    await vi.waitUntil(() => seen.stdout.includes('"id":2'), patient);
    seen.child.stdin.end();
    expect(await once(seen.child, "close")).toEqual([0, null]);
    for (const line of seen.stdout.trim().split("\n")) expect(JSON.parse(line).jsonrpc).toBe("2.0");
    expect(seen.stderr).toBe("closed\n");
  }
});

test("a program that calls close() on SIGTERM is told that the connection is closed", async () => {
  const seen = run();
  seen.child.stdin.write(`${JSON.stringify(initialize("2025-06-18"))}\n`);
  await vi.waitUntil(() => seen.stdout.includes("protocolVersion"), patient);
  seen.child.kill("SIGTERM");
  expect(await once(seen.child, "exit")).toEqual([0, null]);
  expect(seen.stderr).toBe("closed\n");
});

test("a client that closes stdout under the server ends the connection without a complaint", async () => {
  const seen = run();
  seen.child.stdin.write(`${JSON.stringify(initialize("2025-06-18"))}\n`);
  await vi.waitUntil(() => seen.stdout.includes("protocolVersion"), patient);
  seen.child.stdout.destroy();
  seen.child.stdin.on("error", () => {});
  const exited = once(seen.child, "exit");
  await vi.waitUntil(() => {
    seen.child.stdin.write(`${JSON.stringify(callTool("echo"))}\n`);
    return seen.child.exitCode !== null;
  }, patient);
  expect(await exited).toEqual([0, null]);
  expect(seen.stderr).toBe("closed\n");
});
