import {
  Client,
  type ClientOptions,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test } from "vitest";
import {
  callTool,
  endpointOf,
  initialize,
  messageOf,
  openStream,
  post,
  send,
  start,
  until,
} from "../support/http.ts";

const olderVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const callerHeaders = { "X-Maton-Api-Key": "key-1", "Maton-Connection": "conn-1" };
const caller = { matonKey: "key-1", connection: "conn-1" };
const info = { name: "test", version: "1" };

/** What every client, on every transport, must get. */
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

test("the client of sdk 1 works over /mcp, and ends its session", async () => {
  const { url, sessions } = await start({ auth: "maton" });
  const transport = new OldHttp(new URL(`${url}/mcp`), { requestInit: { headers: callerHeaders } });
  const client = new OldClient(info);
  await client.connect(transport);
  await exercise(client);
  expect(transport.protocolVersion).toBe("2025-11-25");
  expect(sessions()).toBe(1);
  await transport.terminateSession();
  await client.close();
  expect(sessions()).toBe(0);
});

test("the client of sdk 1 works over /sse, and hanging up ends its session", async () => {
  const { url, sessions } = await start({ auth: "maton" });
  const requestInit = { headers: callerHeaders };
  const client = new OldClient(info);
  await client.connect(new OldSse(new URL(`${url}/sse`), { requestInit }));
  await exercise(client);
  expect(sessions()).toBe(1);
  await client.close();
  await until(() => sessions() === 0);
});

const modes: { name: string; options: ClientOptions; over: string; expected: string }[] = [
  { name: "by default", options: {}, over: "/mcp", expected: "2025-11-25" },
  {
    name: "negotiating",
    options: { versionNegotiation: { mode: "auto" } },
    over: "/mcp",
    expected: "2026-07-28",
  },
  {
    name: "pinned",
    options: { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    over: "/mcp",
    expected: "2026-07-28",
  },
  { name: "by default", options: {}, over: "/sse", expected: "2025-11-25" },
  {
    name: "negotiating",
    options: { versionNegotiation: { mode: "auto" } },
    over: "/sse",
    expected: "2025-11-25",
  },
  ...olderVersions.flatMap((version) =>
    ["/mcp", "/sse"].map((over) => ({
      name: `offering only ${version}`,
      options: { supportedProtocolVersions: [version] },
      over,
      expected: version,
    })),
  ),
];

test.each(modes)("the client of sdk 2 $name speaks $expected over $over", async (mode) => {
  const { url, sessions } = await start({ auth: "maton" });
  const requestInit = { headers: callerHeaders };
  const target = new URL(mode.over, url);
  const client = new Client(info, mode.options);
  await client.connect(
    mode.over === "/sse"
      ? new SSEClientTransport(target, { requestInit })
      : new StreamableHTTPClientTransport(target, { requestInit }),
  );
  onTestFinished(() => client.close());
  await exercise(client);
  expect(client.getNegotiatedProtocolVersion()).toBe(mode.expected);
  expect(sessions()).toBe(mode.expected === "2026-07-28" ? 0 : 1);
});

test.each(olderVersions)("raw JSON-RPC of %s works over /mcp", async (version) => {
  const { url } = await start();
  const opened = await post(`${url}/mcp`, initialize(version));
  expect(messageOf(opened).result.protocolVersion).toBe(version);
  const session = String(opened.headers["mcp-session-id"]);
  expect(session).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  // The version header came with 2025-06-18.
  const headers: Record<string, string> = { "Mcp-Session-Id": session };
  if (version >= "2025-06-18") headers["MCP-Protocol-Version"] = version;
  const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
  expect((await post(`${url}/mcp`, initialized, headers)).status).toBe(202);
  const called = await post(`${url}/mcp`, callTool("echo", { b: 2 }), headers);
  expect(messageOf(called).result.content[0].text).toBe('{"b":2}');
  const ended = await send(`${url}/mcp`, { method: "DELETE", headers });
  expect(ended.status).toBe(200);
  expect((await post(`${url}/mcp`, callTool("echo"), headers)).status).toBe(404);
});

test("a batch, which 2025-03-26 allows, is answered", async () => {
  const { url } = await start();
  const opened = await post(`${url}/mcp`, initialize("2025-03-26"));
  const headers = { "Mcp-Session-Id": String(opened.headers["mcp-session-id"]) };
  const batch = [callTool("echo", { n: 1 }, 11), callTool("echo", { n: 2 }, 12)];
  const { body } = await post(`${url}/mcp`, batch, headers);
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

test("two callers of 2026-07-28 on one server are each served as themselves", async () => {
  const { url } = await start({ auth: "maton" });
  const names = await Promise.all(
    ["alice", "bob"].map(async (name) => {
      const client = new Client(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
      const requestInit = { headers: { "X-Maton-Api-Key": name } };
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }),
      );
      onTestFinished(() => client.close());
      return client.callTool({ name: "whoami", arguments: {} });
    }),
  );
  expect(names.map(({ content }) => content)).toMatchObject([
    [{ text: '{"matonKey":"alice"}' }],
    [{ text: '{"matonKey":"bob"}' }],
  ]);
});
