import {
  Client,
  type ClientOptions,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test } from "vitest";
import { createSandbox } from "../../src/sandbox/app.ts";
import { tools } from "../../tools/index.ts";
import { resultOf } from "../support/clients.ts";
import { callExample, everyToolset, examples, idsIn } from "../support/examples.ts";
import { newestOnly } from "../support/http.ts";
import { programFile, serve } from "../support/program.ts";

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

const info = { name: "test", version: "1" };
const args: string[] = ["--sandbox", "--toolsets", everyToolset.join(",")];
const stdio = {
  command: process.execPath,
  args: [programFile, ...args],
  stderr: "ignore" as const,
};

async function over(path: string): Promise<URL> {
  const { url } = await serve(args);
  return new URL(path, url);
}

async function oldClient(transport: Parameters<OldClient["connect"]>[0]): Promise<AnyClient> {
  const client = new OldClient(info);
  await client.connect(transport);
  return client;
}

async function newClient(
  transport: Parameters<Client["connect"]>[0],
  options: ClientOptions = {},
): Promise<AnyClient> {
  const client = new Client(info, options);
  await client.connect(transport);
  return client;
}

/** Every transport and both protocol eras, with the clients of both lines of the SDK. */
const ways: Readonly<Record<string, () => Promise<AnyClient>>> = {
  "stdio, SDK 1": () => oldClient(new OldStdio(stdio)),
  "stdio, SDK 2, 2026-07-28": () => newClient(new StdioClientTransport(stdio), newestOnly),
  "/mcp, SDK 1": async () => oldClient(new OldHttp(await over("/mcp"))),
  "/mcp, SDK 2, 2026-07-28": async () =>
    newClient(new StreamableHTTPClientTransport(await over("/mcp")), newestOnly),
  "/sse, SDK 1": async () => oldClient(new OldSse(await over("/sse"))),
  "/sse, SDK 2": async () => newClient(new SSEClientTransport(await over("/sse"))),
};

/** Calls every tool with its own examples. The client checks each reply against the advertised schema. */
async function callEveryTool(way: string, open: () => Promise<AnyClient>): Promise<void> {
  const client = await open();
  onTestFinished(() => client.close());
  const listed = (await client.listTools()).tools.map(({ name }) => name);
  expect(listed, way).toEqual(tools.map(({ name }) => name));
  // The program's own sandbox has the same records under the same ids.
  const sandbox = createSandbox();
  for (const [nth, example] of examples.entries())
    await callExample(
      async (name, given) => {
        const result = resultOf(await client.callTool({ name, arguments: given }));
        expect([way, name, given, result.error]).toEqual([way, name, given, ""]);
        return result.reply;
      },
      example,
      idsIn(sandbox, nth),
    );
}

// All at once: most of the time each program waits for Maton's rate limit.
test("every tool works with its examples over every transport, in both eras, and its replies fit their schemas", async () => {
  await Promise.all(Object.entries(ways).map(([way, open]) => callEveryTool(way, open)));
}, 60_000);
