import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import { expect, onTestFinished, test, vi } from "vitest";
import { programFile, run, serve } from "../support/program.ts";

const info = { name: "test", version: "1" };
const stdio = {
  command: process.execPath,
  args: [programFile, "--sandbox"],
  stderr: "ignore" as const,
};
const olderEras = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const older: [string, ClientOptions][] = olderEras.map((era) => [
  era,
  { supportedProtocolVersions: [era] },
]);
const modern: [string, ClientOptions][] = [
  ["2026-07-28", { versionNegotiation: { mode: "auto" } }],
  ["2026-07-28", { versionNegotiation: { mode: { pin: "2026-07-28" } } }],
];
const initialize = {
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: info },
};

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

/** The main job in short, as any client on any transport must be able to do it. */
async function mainJob(client: AnyClient) {
  onTestFinished(() => client.close());
  const call = async (name: string, args: Record<string, unknown>) => {
    const result = (await client.callTool({ name, arguments: args })) as {
      isError?: boolean;
      content: { text: string }[];
      structuredContent: Record<string, unknown>;
    };
    expect(result.isError, result.content[0]?.text).toBeFalsy();
    expect(JSON.parse(result.content[0]?.text ?? "")).toEqual(result.structuredContent);
    return result.structuredContent;
  };
  const { tools } = await client.listTools();
  expect(tools.length).toBe(19);
  const records = [{ Last_Name: "Walker", Email: `walker.${Math.random()}@probe.example` }];
  const created = await call("bigin_create_records", { module: "Contacts", records });
  const [{ id } = { id: "" }] = created["results"] as { id: string }[];
  expect(await call("bigin_get_record", { module: "Contacts", id })).toMatchObject({
    record: records[0],
  });
  const remove = { module: "Contacts", ids: [id] };
  const { status, confirm_token } = await call("bigin_delete_records", remove);
  expect(status).toBe("confirmation_required");
  expect(await call("bigin_delete_records", { ...remove, confirm_token })).toMatchObject({
    done: 1,
  });
  await expect(client.callTool({ name: "bigin_get_recrod", arguments: {} })).rejects.toThrow(
    "bigin_get_record",
  );
}

test("stdio: the client of sdk 1", async () => {
  const client = new OldClient(info);
  await client.connect(new OldStdio(stdio));
  await mainJob(client);
});

test.each([...older, ...modern])("stdio: the client of sdk 2, %s", async (era, options) => {
  const client = new Client(info, options);
  await client.connect(new StdioClientTransport(stdio));
  expect(client.getNegotiatedProtocolVersion()).toBe(era);
  await mainJob(client);
});

test("/mcp: both clients in every era, on one server", async () => {
  const { url } = await serve();
  const old = new OldClient(info);
  await old.connect(new OldHttp(new URL(`${url}/mcp`)));
  await mainJob(old);
  for (const [era, options] of [...older.slice(1), ...modern]) {
    const client = new Client(info, options);
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    expect(client.getNegotiatedProtocolVersion()).toBe(era);
    await mainJob(client);
  }
});

test("/sse: both clients in every era that SSE has, on one server", async () => {
  const { url } = await serve();
  const old = new OldClient(info);
  await old.connect(new OldSse(new URL(`${url}/sse`)));
  await mainJob(old);
  for (const [era, options] of older) {
    const client = new Client(info, options);
    await client.connect(new SSEClientTransport(new URL(`${url}/sse`)));
    expect(client.getNegotiatedProtocolVersion()).toBe(era);
    await mainJob(client);
  }
});

test("stdout carries nothing but the protocol, whatever happens", async () => {
  const program = run(["--sandbox", "--log-level", "debug"]);
  program.send(initialize);
  program.child.stdin.write("this is not JSON\n");
  program.send({
    id: 2,
    method: "tools/call",
    params: { name: "bigin_list_records", arguments: { module: "Nope" } },
  });
  await vi.waitFor(() => expect(program.stdout()).toContain('"id":2'), { timeout: 10_000 });
  for (const line of program.stdout().trim().split("\n"))
    expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  // What is logged is written beside the work; at the end all of it has been.
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  const logged = program.stderr().trim().split("\n");
  for (const line of logged) expect(JSON.parse(line)).toHaveProperty("level");
  expect(logged.filter((line) => line.includes('"tool":"bigin_list_records"'))).toHaveLength(1);
});

test("stdio ends with its stdin, and on SIGTERM", async () => {
  const first = run(["--sandbox"]);
  first.send(initialize);
  await vi.waitFor(() => expect(first.stdout()).toContain('"id":1'), { timeout: 10_000 });
  first.child.stdin.end();
  expect(await first.ended).toBe(0);
  const second = run(["--sandbox"]);
  second.send(initialize);
  await vi.waitFor(() => expect(second.stdout()).toContain('"id":1'), { timeout: 10_000 });
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
});

test("HTTP ends on SIGTERM, with a session open", async () => {
  const program = await serve();
  const client = new Client(info);
  await client.connect(new SSEClientTransport(new URL(`${program.url}/sse`)));
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
});

async function callWith(env: Record<string, string>, name = "bigin_list_connections") {
  const client = new Client(info);
  await client.connect(new StdioClientTransport({ ...stdio, args: [programFile], env }));
  onTestFinished(() => client.close());
  const { tools } = await client.listTools();
  expect(tools.length).toBe(19);
  return async () => {
    const { content, isError } = await client.callTool({ name, arguments: {} });
    const [block] = content;
    return { isError, text: block?.type === "text" ? block.text : "" };
  };
}

const placeholder = ["$", "{MATON_API_KEY}"].join("");

test("without a key the tools are listed, and a call says where to get one", async () => {
  for (const env of [{}, { MATON_API_KEY: placeholder }, { MATON_API_KEY: " " }]) {
    const call = await callWith(env as Record<string, string>);
    const { isError, text } = await call();
    expect(isError).toBe(true);
    expect(text).toContain("https://maton.ai/settings");
    expect(text).toContain("--sandbox");
  }
});

test("a key file is read again when it changes; a missing one is told by name", async () => {
  const sandbox = run(["sandbox", "--port", "0"]);
  const [, url = ""] = await sandbox.says(/at (http:\S+)/);
  const file = join(mkdtempSync(join(tmpdir(), "bigin-mcp-")), "key");
  const call = await callWith({ MATON_API_KEY_FILE: file, MATON_API_URL: url });
  expect((await call()).text).toContain(
    `The key file ${file}, named by MATON_API_KEY_FILE, does not exist.`,
  );
  writeFileSync(file, "wrong-key\n");
  expect((await call()).text).toContain("Maton did not accept the API key");
  writeFileSync(file, "sandbox\n");
  expect((await call()).text).toContain('"status":"ACTIVE"');
});

/** A client of the program on a sandbox behind a port. */
async function onServedSandbox() {
  const sandbox = run(["sandbox", "--port", "0"]);
  const [, url = ""] = await sandbox.says(/at (http:\S+)/);
  const client = new Client(info);
  const env = { MATON_API_KEY: "sandbox", MATON_API_URL: url };
  await client.connect(new StdioClientTransport({ ...stdio, args: [programFile], env }));
  onTestFinished(() => client.close());
  return client;
}

test("the sandbox on a port serves the same program by one setting", async () => {
  await mainJob(await onServedSandbox());
});

test("the link of a new connection arrives whole, and the connection is ACTIVE once it was opened", async () => {
  const client = await onServedSandbox();
  const made = await client.callTool({ name: "bigin_create_connection", arguments: {} });
  const { url: link, connection_id } = made.structuredContent as Record<string, string>;
  expect((await fetch(link ?? "")).status).toBe(200);
  const after = await client.callTool({
    name: "bigin_get_connection",
    arguments: { connection_id },
  });
  expect(after.structuredContent).toMatchObject({ status: "ACTIVE" });
  expect(JSON.stringify(after)).not.toContain("session_token");
});

test("the sandbox on a port stays on this machine, whatever host the server is set to", async () => {
  const sandbox = run(["sandbox", "--port", "0"], { BIGIN_MCP_HOST: "0.0.0.0" });
  expect((await sandbox.says(/at (http:\S+):/))[1]).toBe("http://127.0.0.1");
});

test("a port in use is one clear line and exit code 1, for the server and for the sandbox", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once("listening", resolve));
  const address = taken.address();
  const port = String(typeof address === "object" && address ? address.port : 0);
  for (const args of [
    ["--transport", "http", "--sandbox", "--port", port],
    ["sandbox", "--port", port],
  ]) {
    const program = run(args);
    expect(await program.ended).toBe(1);
    expect(program.stderr().trim().split("\n")).toEqual([expect.stringContaining(port)]);
    expect(program.stderr()).toMatch(/in use/);
  }
});

test("a host off loopback is refused with one line unless bearer tokens are set", async () => {
  const refused = run(["--transport", "http", "--sandbox", "--host", "0.0.0.0", "--port", "0"]);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr().trim().split("\n")).toEqual([
    expect.stringContaining("BIGIN_MCP_AUTH_TOKENS"),
  ]);
  const token = "a-token-of-our-own-1";
  const { url } = await serve(["--sandbox", "--host", "0.0.0.0"], { BIGIN_MCP_AUTH_TOKENS: token });
  const local = url.replace("0.0.0.0", "127.0.0.1");
  expect((await fetch(`${local}/mcp`, { method: "POST", body: "{}" })).status).toBe(401);
  const client = new OldClient(info);
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new OldHttp(new URL(`${local}/mcp`), { requestInit }));
  await mainJob(client);
});

test.each<[string[], Record<string, string>, string]>([
  [
    ["--transport", "carrier-pigeon"],
    {},
    '--transport is "carrier-pigeon"; it must be one of stdio, http, sse.',
  ],
  [
    [],
    { BIGIN_LOG_LEVEL: "loud" },
    'BIGIN_LOG_LEVEL is "loud"; it must be one of debug, info, warn, error, silent.',
  ],
  [
    [],
    { BIGIN_MCP_PORT: "http" },
    'BIGIN_MCP_PORT is "http"; it must be a port number from 0 to 65535.',
  ],
  [[], { BIGIN_READ_ONLY: "maybe" }, 'BIGIN_READ_ONLY is "maybe"; it must be true or false.'],
  [
    [],
    { MATON_GATEWAY_URL: "https://maton.ai.evil.example" },
    "it must be https on maton.ai, or an address of this machine",
  ],
  [["--gateway-url", "http://gateway.maton.ai"], {}, "--gateway-url is"],
  [
    [],
    { BIGIN_MCP_AUTH_TOKENS: "short-secret" },
    "BIGIN_MCP_AUTH_TOKENS is not usable; each token must have at least 16 characters.",
  ],
  ...["$" + "{TOKENS}", "good-token-of-16-chars,$" + "{TOKENS}", " , ", ""].map(
    (tokens): [string[], Record<string, string>, string] => [
      ["--transport", "http"],
      { BIGIN_MCP_AUTH_TOKENS: tokens },
      "BIGIN_MCP_AUTH_TOKENS is not usable; set at least one token",
    ],
  ),
  [["--reed-only"], {}, "unknown option '--reed-only'"],
  [["sing"], {}, 'There is no command "sing". Commands: sandbox, demo, tools, call'],
  [["demo", "twice"], {}, "too many arguments for 'demo'"],
])("settings that are wrong are one clear line each: %j %j", async (args, env, line) => {
  const program = run(args, env);
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toContain(line);
  expect(program.stderr()).not.toContain("short-secret");
  expect(program.stderr()).not.toMatch(/^\s+at /m);
  expect(program.stdout()).toBe("");
});

test("mcp.json starts the program as it stands, and names the routes of a running one", async () => {
  const { mcpServers } = JSON.parse(
    readFileSync(new URL("../../mcp.json", import.meta.url), "utf8"),
  );
  const root = new URL("../..", import.meta.url).pathname;
  const client = new Client(info);
  await client.connect(
    new StdioClientTransport({ ...mcpServers.bigin, cwd: root, stderr: "ignore" }),
  );
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools.length).toBe(19);
  expect([mcpServers["bigin-http"].url, mcpServers["bigin-sse"].url]).toEqual([
    "http://127.0.0.1:8787/mcp",
    "http://127.0.0.1:8787/sse",
  ]);
});
