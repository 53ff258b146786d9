import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { ServedSandbox } from "../../src/sandbox/serve.ts";
import { newFile } from "../support/files.ts";
import { callTool, initialize, openSession, post, until } from "../support/http.ts";
import { run, serve } from "../support/program.ts";
import {
  crashOnSignal,
  expectNoLeak,
  key,
  printed,
  spellings,
  upstream,
} from "../support/secrets.ts";

const bearer = "token-of-the-team-0123456789";
const spelled = Object.values(spellings).map((spell) => spell(key));

/** An error of Bigin with the key in every place. */
const error = (said: string) => ({
  code: "INVALID_DATA",
  message: `no ${said}`,
  status: "error",
  details: { api_name: said, id: said },
});
const contacts = spelled.map((said, at) => ({
  id: `76181340000006320${10 + at}`,
  Last_Name: said,
  Description: `a ${said} b`,
}));

/** What upstream returns, one after the other, when it is asked for contacts. */
const answers: { status: number; body: unknown; headers?: Record<string, string> }[] = [
  { status: 200, body: { data: contacts } },
  ...spelled.map((said) => ({ status: 400, body: error(said) })),
  // With a Retry-After that is too long to wait for, so that the request is not retried.
  { status: 502, body: `<html>${key}</html>`, headers: { "retry-after": "90" } },
  { status: 400, body: { error: { code: 400, message: `Bearer ${key}`, trace_id: key } } },
  { status: 302, body: "", headers: { location: `http://127.0.0.1/?key=${key}` } },
  { status: 200, body: `{"data": "${key}`, headers: { "x-key": key } },
];

const wrongArguments = [
  { module: key },
  { module: "Contacts", [key]: 1 },
  { module: "Contacts", fields: [key] },
  { module: "Contacts", page_token: key },
  { module: "Contacts", connection_id: key },
];
const clientMeta = (version: string, name: string) => ({
  "io.modelcontextprotocol/protocolVersion": version,
  "io.modelcontextprotocol/clientInfo": { name, version: name },
  "io.modelcontextprotocol/clientCapabilities": {},
});
const list = callTool("bigin_list_records", {
  module: "Contacts",
  fields: ["First_Name", "Last_Name", "Description"],
});

/** Messages in which an agent or its developer has put the key in the wrong place. */
function misplacedMessages(): (object | string)[] {
  const records = [{ Last_Name: key, Description: `${bearer} ${key}` }];
  return [
    ...wrongArguments.map((args) => callTool("bigin_list_records", args)),
    callTool("bigin_create_records", { module: "Contacts", records, idempotency_key: key }),
    callTool("bigin_create_records", {
      module: "Contacts",
      records: [{ Last_Name: "x", [key]: key }],
    }),
    callTool("bigin_list_writes"),
    callTool("bigin_list_writes", { write_id: key }),
    callTool(key),
    callTool("bigin_list_users", { [key]: key, type: key }),
    `{"${key}`,
    { jsonrpc: "2.0", id: 3, method: key, params: { name: key } },
    { jsonrpc: "2.0", id: 4, method: "tools/list", [key]: key },
    { jsonrpc: "2.0", id: 5, method: "tools/list", params: { _meta: clientMeta(key, "a") } },
    {
      jsonrpc: "2.0",
      id: 6,
      method: "tools/list",
      params: { _meta: clientMeta("2026-07-28", key) },
    },
    { jsonrpc: "2.0", id: 7, method: "tools/list", params: { _meta: { [key]: key } } },
    { ...list, params: { ...list.params, _meta: clientMeta("2026-07-28", key) } },
    {
      jsonrpc: "2.0",
      id: 8,
      method: "initialize",
      params: { protocolVersion: key, capabilities: {}, clientInfo: { name: key, version: key } },
    },
    { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 9999, reason: key } },
  ];
}

async function overHttp(auth: "token" | "maton") {
  const { url: MATON_API_URL, sandbox } = await upstream();
  const audit = newFile();
  const own: Record<string, string> =
    auth === "token" ? { MATON_API_KEY: key, BIGIN_MCP_AUTH_TOKENS: bearer } : {};
  const args = ["--auth", auth, "--log-level", "debug", "--audit-log", audit];
  const program = await serve(args, { MATON_API_URL, ...own });
  const headers: Record<string, string> =
    auth === "token" ? { Authorization: `Bearer ${bearer}` } : { "X-Maton-Api-Key": key };
  const session = { ...headers, "Mcp-Session-Id": await openSession(program.url, headers) };
  const seen: string[] = [];
  let id = 100;
  const send = async (given: object | string, more = {}, path = "/mcp") => {
    id += 1;
    // Two requests with the same id at the same time would get each other's answers.
    const message = typeof given === "object" && "id" in given ? { ...given, id } : given;
    const answer = await post(`${program.url}${path}`, message, { ...session, ...more });
    seen.push(JSON.stringify(answer));
  };
  for (const does of answers) {
    sandbox.addFault({ path: /v2\/Contacts$/, does: { kind: "status", ...does } });
    await send(list);
  }
  sandbox.addFault({
    method: "POST",
    path: /v2\/Contacts$/,
    does: { kind: "status", status: 207, body: { data: spelled.map(error) } },
  });
  await send(
    callTool("bigin_create_records", {
      module: "Contacts",
      records: spelled.map((_, at) => ({ Last_Name: `x${at}` })),
    }),
  );
  const modern = { "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list" };
  await Promise.all([
    ...misplacedMessages().flatMap((message) => [send(message), send(message, modern)]),
    ...[
      "MCP-Protocol-Version",
      "Mcp-Method",
      "Mcp-Name",
      "Mcp-Session-Id",
      "X-Bigin-Toolsets",
      "Maton-Connection",
      "Host",
      "Origin",
      "Content-Type",
      "Accept",
    ].map((name) => send(list, { [name]: key })),
    ...[
      `/mcp?${key}`,
      `/mcp?key=${encodeURIComponent(key)}`,
      `/${key}`,
      `/sse?${key}`,
      `/messages?sessionId=${key}`,
    ].map((path) => send(list, {}, path)),
  ]);
  program.child.kill("SIGTERM");
  expect(await program.ended).toBe(0);
  return { seen, program, audit: readFileSync(audit, "utf8") };
}

test("over HTTP a key from upstream or a caller, in any spelling and place, is not printed", async () => {
  const both = await Promise.all([overHttp("token"), overHttp("maton")]);
  for (const [at, { seen, program, audit }] of both.entries()) {
    const all = [...seen, program.stdout(), program.stderr(), audit];
    expectNoLeak(all, key);
    if (at === 0) expectNoLeak(all, bearer);
    expect(seen.join("\n")).toContain("[key]");
    expect(seen.join("\n")).toContain("no [key] (INVALID_DATA, api_name [key]");
    expect(audit).toContain('"outcome":"created"');
    expect(audit).toContain("[key]");
  }
});

async function overStdio({ url }: ServedSandbox, audit: string, env: Record<string, string> = {}) {
  const args = ["--log-level", "debug", "--audit-log", audit];
  const program = run(args, { MATON_API_URL: url, MATON_API_KEY: key, ...env });
  program.send(initialize("2025-11-25"));
  await until(() => program.stdout().includes("protocolVersion"));
  return program;
}

const writeWithKey = (id: number) =>
  callTool("bigin_create_records", { module: "Contacts", records: [{ Last_Name: key }] }, id);

test("over stdio no key is printed after misplaced keys, a signal or a crash during a call", async () => {
  const served = await upstream();
  const { sandbox } = served;
  const [misplaced, stopped, crashed] = await Promise.all(
    ["misplaced", "stopped", "crashed"].map(async (name) => {
      const audit = newFile();
      const env = name === "crashed" ? { NODE_OPTIONS: `--import=${crashOnSignal}` } : {};
      return { audit, program: await overStdio(served, audit, env) };
    }),
  );
  if (!misplaced || !stopped || !crashed) throw new Error("three programs were not started");
  for (const message of misplacedMessages())
    misplaced.program.child.stdin.write(
      `${typeof message === "string" ? message : JSON.stringify(message)}\n`,
    );
  misplaced.program.send(callTool("bigin_list_users", {}, 99));
  await until(() => misplaced.program.stdout().includes('"id":99'));
  misplaced.program.child.stdin.end();
  // Otherwise its writes would meet the faults meant for the others.
  await misplaced.program.ended;
  for (const { program } of [stopped, crashed]) {
    sandbox.addFault({ method: "POST", path: /v2\/Contacts$/, does: { kind: "hang" } });
    const before = sandbox.requests.length;
    program.send(writeWithKey(10));
    await until(() => sandbox.requests.slice(before).some(({ method }) => method === "POST"));
  }
  stopped.program.child.kill("SIGTERM");
  crashed.program.child.kill("SIGUSR2");
  expect(
    await Promise.all([misplaced, stopped, crashed].map(({ program }) => program.ended)),
  ).toEqual([0, 0, 1]);
  expect(crashed.program.stderr()).toContain('"msg":"crashed"');
  expect(crashed.program.stderr()).toContain("bad [key]");
  const audits = [misplaced, stopped].map(({ audit }) => readFileSync(audit, "utf8"));
  expect(audits[1]).toContain('"outcome":"unknown"');
  for (const { program } of [misplaced, stopped, crashed]) expectNoLeak(printed(program), key);
  expectNoLeak(audits, key);
});
