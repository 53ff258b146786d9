import type { ClientOptions } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import {
  callTool,
  connectClient,
  endpointOf,
  initialize,
  messageOf,
  modern,
  newestOnly,
  openStream,
  post,
  send,
  start,
  until,
} from "../support/http.ts";

const olderVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const headers = { "X-Maton-Api-Key": "key-1", "Maton-Connection": "conn-1" };
const caller = { matonKey: "key-1", connection: "conn-1" };

/** What every client must be able to do on every transport. */
async function exercise(client: {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<object>;
}) {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(["echo", "whoami", "hang"]);
  expect(await client.callTool({ name: "echo", arguments: { a: 1 } })).toMatchObject({
    content: [{ type: "text", text: '{"a":1}' }],
  });
  expect(await client.callTool({ name: "whoami", arguments: {} })).toMatchObject({
    content: [{ text: JSON.stringify(caller) }],
  });
}

test("the client of SDK 1 works over /mcp and ends its session", async () => {
  const { url, sessions } = await start({ auth: "maton" });
  const transport = new OldHttp(new URL(`${url}/mcp`), { requestInit: { headers } });
  const client = new OldClient({ name: "test", version: "1" });
  await client.connect(transport);
  await exercise(client);
  expect(transport.protocolVersion).toBe("2025-11-25");
  expect(sessions()).toBe(1);
  await transport.terminateSession();
  await client.close();
  expect(sessions()).toBe(0);
});

test("the client of SDK 1 works over /sse, and hanging up ends its session", async () => {
  const { url, sessions } = await start({ auth: "maton" });
  const client = new OldClient({ name: "test", version: "1" });
  await client.connect(new OldSse(new URL(`${url}/sse`), { requestInit: { headers } }));
  await exercise(client);
  expect(sessions()).toBe(1);
  await client.close();
  await until(() => sessions() === 0);
});

const negotiating: ClientOptions = { versionNegotiation: { mode: "auto" } };
const modes: [name: string, path: "/mcp" | "/sse", version: string, options: ClientOptions][] = [
  ["by default", "/mcp", "2025-11-25", {}],
  ["negotiating", "/mcp", "2026-07-28", negotiating],
  ["pinned", "/mcp", "2026-07-28", newestOnly],
  ["by default", "/sse", "2025-11-25", {}],
  ["negotiating", "/sse", "2025-11-25", negotiating],
];
for (const version of olderVersions)
  for (const path of ["/mcp", "/sse"] as const)
    modes.push([`with ${version}`, path, version, { supportedProtocolVersions: [version] }]);

test.each(modes)("SDK 2 %s works over %s and speaks %s", async (_, path, version, options) => {
  const { url, sessions } = await start({ auth: "maton" });
  const client = await connectClient(url, path, options, headers);
  await exercise(client);
  expect(client.getNegotiatedProtocolVersion()).toBe(version);
  expect(sessions()).toBe(version === "2026-07-28" ? 0 : 1);
});

test.each(olderVersions)("raw JSON-RPC of %s works over /mcp", async (version) => {
  const { url } = await start();
  const opened = await post(`${url}/mcp`, initialize(version));
  expect(messageOf(opened).result.protocolVersion).toBe(version);
  const session = String(opened.headers["mcp-session-id"]);
  expect(session).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  // The version header came with 2025-06-18.
  const all: Record<string, string> = { "Mcp-Session-Id": session };
  if (version >= "2025-06-18") all["MCP-Protocol-Version"] = version;
  const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
  expect((await post(`${url}/mcp`, initialized, all)).status).toBe(202);
  const called = await post(`${url}/mcp`, callTool("echo", { b: 2 }), all);
  expect(messageOf(called).result.content[0].text).toBe('{"b":2}');
  const ended = await send(`${url}/mcp`, { method: "DELETE", headers: all });
  expect(ended.status).toBe(200);
  expect((await post(`${url}/mcp`, callTool("echo"), all)).status).toBe(404);
});

test("a batch, which 2025-03-26 allows, is served", async () => {
  const { url } = await start();
  const opened = await post(`${url}/mcp`, initialize("2025-03-26"));
  const session = { "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  const batch = [callTool("echo", { n: 1 }, 11), callTool("echo", { n: 2 }, 12)];
  const { body } = await post(`${url}/mcp`, batch, session);
  expect(body).toContain('"id":11');
  expect(body).toContain('"id":12');
});

test.each(olderVersions)("raw JSON-RPC of %s works over /sse", async (version) => {
  const { url } = await start();
  const stream = await openStream(`${url}/sse`);
  expect(stream.res.headers["x-accel-buffering"]).toBe("no");
  const endpoint = await endpointOf(url, stream);
  expect((await post(endpoint, initialize(version))).status).toBe(202);
  await until(() => stream.received.includes(`"protocolVersion":"${version}"`));
  expect((await post(endpoint, callTool("echo", { c: 3 }))).status).toBe(202);
  await until(() => stream.received.includes('{\\"c\\":3}'));
});

test("a key in place of a protocol version is not repeated in the error", async () => {
  const { url } = await start();
  const secret = "sk-0123456789-abcdefghijklmnop";
  const { message, headers: all } = modern(callTool("echo"));
  const inBody = JSON.stringify(message).replace("2026-07-28", secret);
  for (const answer of [
    await post(`${url}/mcp`, inBody, all),
    await post(`${url}/mcp`, `[${inBody}]`),
    await post(`${url}/mcp`, message, { ...all, "Mcp-Protocol-Version": secret }),
  ]) {
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain(secret);
  }
});
