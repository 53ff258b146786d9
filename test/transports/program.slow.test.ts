import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { Client, type ClientOptions } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, onTestFinished, test, vi } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools as allTools } from "../../tools/index.ts";
import { newFile } from "../support/files.ts";
import { connectClient, initialize, newestOnly } from "../support/http.ts";
import { programFile, type Running, run, serve } from "../support/program.ts";
import { idsOf } from "../support/replies.ts";

const info = { name: "test", version: "1" };
const stdio = {
  command: process.execPath,
  args: [programFile, "--sandbox"],
  stderr: "ignore" as const,
};
const offered = createCatalogue(allTools, { readOnly: false }).list();
const patience = { timeout: 10_000 };

/** The revisions, and the options with which the client of SDK 2 speaks each. */
const revisions: [revision: string, options: ClientOptions][] = [
  ...["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"].map(
    (revision): [string, ClientOptions] => [revision, { supportedProtocolVersions: [revision] }],
  ),
  ["2026-07-28", { versionNegotiation: { mode: "auto" } }],
  ["2026-07-28", newestOnly],
];

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  close(): Promise<void>;
}

/** What any client must be able to do on any transport: list the tools, write, read, confirm, and get a good error. */
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
  expect(tools).toHaveLength(offered.length);
  const records = [{ Last_Name: "Walker", Email: `walker.${Math.random()}@probe.example` }];
  const created = await call("bigin_create_records", { module: "Contacts", records });
  const [id = ""] = idsOf(created);
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

test("stdio: the client of SDK 1", async () => {
  const client = new OldClient(info);
  await client.connect(new OldStdio(stdio));
  await mainJob(client);
});

test.each(revisions)("stdio: the client of SDK 2 in revision %s %j", async (revision, options) => {
  const client = new Client(info, options);
  await client.connect(new StdioClientTransport(stdio));
  expect(client.getNegotiatedProtocolVersion()).toBe(revision);
  await mainJob(client);
});

// Every revision over HTTP is tested in streamable.test.ts, without the start of a program.
test("/mcp and /sse: the clients of both SDKs, in both eras", async () => {
  const { url } = await serve();
  for (const Transport of [OldHttp, OldSse]) {
    const path = Transport === OldSse ? "/sse" : "/mcp";
    const client = new OldClient(info);
    await client.connect(new Transport(new URL(path, url)));
    await mainJob(client);
  }
  await mainJob(await connectClient(url, "/mcp"));
  await mainJob(await connectClient(url, "/sse"));
  const newest = await connectClient(url, "/mcp", newestOnly);
  expect(newest.getNegotiatedProtocolVersion()).toBe("2026-07-28");
  await mainJob(newest);
});

/** Starts the program on stdio and initializes it. */
async function runStdio(...args: string[]): Promise<Running> {
  const program = run(["--sandbox", ...args]);
  program.send(initialize("2025-11-25"));
  await vi.waitFor(() => expect(program.stdout()).toContain('"id":1'), patience);
  return program;
}

test("stdout has only messages, whatever happens; the end of stdin ends the program", async () => {
  const program = await runStdio("--log-level", "debug");
  program.child.stdin.write("this is not JSON\n");
  program.send({
    id: 2,
    method: "tools/call",
    params: { name: "bigin_list_records", arguments: { module: "Nope" } },
  });
  await vi.waitFor(() => expect(program.stdout()).toContain('"id":2'), patience);
  for (const line of program.stdout().trim().split("\n"))
    expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  program.child.stdin.end();
  expect(await program.ended).toBe(0);
  const logged = program.stderr().trim().split("\n");
  for (const line of logged) expect(JSON.parse(line)).toHaveProperty("level");
  expect(logged.filter((line) => line.includes('"tool":"bigin_list_records"'))).toHaveLength(1);
});

test("SIGTERM ends the program, on stdio and over HTTP with a session open", async () => {
  const program = await runStdio();
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
  const server = await serve();
  await connectClient(server.url, "/sse");
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
});

/** Starts the program on stdio with these settings. The returned function calls `bigin_list_connections`. */
async function callWith(env: Record<string, string>) {
  const client = new Client(info);
  await client.connect(new StdioClientTransport({ ...stdio, args: [programFile], env }));
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools).toHaveLength(offered.length);
  return async () => {
    const { content, isError } = await client.callTool({
      name: "bigin_list_connections",
      arguments: {},
    });
    const [block] = content;
    return { isError, text: block?.type === "text" ? block.text : "" };
  };
}

const placeholder = ["$", "{MATON_API_KEY}"].join("");

test("without a key the tools are listed, and a call says where to get one", async () => {
  for (const env of [{}, { MATON_API_KEY: placeholder }]) {
    const call = await callWith(env);
    const { isError, text } = await call();
    expect(isError).toBe(true);
    expect(text).toContain("https://maton.ai/settings");
    expect(text).toContain("--sandbox");
  }
});

test("a key file is read again when it changes; the error for a missing one names it", async () => {
  const sandbox = run(["sandbox", "--port", "0"]);
  const [, url = ""] = await sandbox.says(/at (http:\S+)/);
  const file = newFile("key");
  const call = await callWith({ MATON_API_KEY_FILE: file, MATON_API_URL: url });
  expect((await call()).text).toContain(
    `The key file ${file}, named by MATON_API_KEY_FILE, does not exist.`,
  );
  writeFileSync(file, "wrong-key\n");
  expect((await call()).text).toContain("Maton did not accept the API key");
  writeFileSync(file, "sandbox\n");
  expect((await call()).text).toContain('"status":"ACTIVE"');
});

test("the program works with a sandbox on a port, where a connection is ACTIVE once its link was opened", async () => {
  const sandbox = run(["sandbox", "--port", "0"], { BIGIN_MCP_HOST: "0.0.0.0" });
  const [, url = ""] = await sandbox.says(/at (http:\S+)/);
  // The sandbox stays on this machine, whatever the host of the server is.
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const client = new Client(info);
  const env = { MATON_API_KEY: "sandbox", MATON_API_URL: url };
  await client.connect(new StdioClientTransport({ ...stdio, args: [programFile], env }));
  await mainJob(client);
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

test("a port in use gives one line and exit code 1, for the server and for the sandbox", async () => {
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

test("a host off loopback needs bearer tokens; without them the program ends with one line", async () => {
  const refused = run(["--transport", "http", "--sandbox", "--host", "0.0.0.0", "--port", "0"]);
  expect(await refused.ended).toBe(1);
  expect(refused.stderr().trim().split("\n")).toEqual([
    expect.stringContaining("BIGIN_MCP_AUTH_TOKENS"),
  ]);
  const token = "a-token-of-our-own-1";
  const { url } = await serve(["--sandbox", "--host", "0.0.0.0"], { BIGIN_MCP_AUTH_TOKENS: token });
  const local = url.replace("0.0.0.0", "127.0.0.1");
  expect((await fetch(`${local}/mcp`, { method: "POST", body: "{}" })).status).toBe(401);
  const client = await connectClient(local, "/mcp", {}, { Authorization: `Bearer ${token}` });
  expect((await client.listTools()).tools).toHaveLength(offered.length);
});

test("wrong settings give one line on stderr for each and exit code 1", async () => {
  const env = { BIGIN_MCP_AUTH_TOKENS: "short-secret", BIGIN_MCP_PORT: "http" };
  const program = run(["--transport", "http"], env);
  expect(await program.ended).toBe(1);
  expect(program.stderr().trimEnd().split("\n")).toEqual([
    expect.stringMatching(/^BIGIN_MCP_PORT is "http"; /),
    expect.stringMatching(/^BIGIN_MCP_AUTH_TOKENS is not usable; /),
  ]);
  expect(program.stderr()).not.toContain("short-secret");
  expect(program.stdout()).toBe("");
});

test("mcp.json starts the program as it is, and names the routes of a running one", async () => {
  const { mcpServers } = JSON.parse(
    readFileSync(new URL("../../mcp.json", import.meta.url), "utf8"),
  );
  const root = new URL("../..", import.meta.url).pathname;
  const client = new Client(info);
  await client.connect(
    new StdioClientTransport({ ...mcpServers.bigin, cwd: root, stderr: "ignore" }),
  );
  onTestFinished(() => client.close());
  expect((await client.listTools()).tools).toHaveLength(offered.length);
  expect([mcpServers["bigin-http"].url, mcpServers["bigin-sse"].url]).toEqual([
    "http://127.0.0.1:8787/mcp",
    "http://127.0.0.1:8787/sse",
  ]);
});
