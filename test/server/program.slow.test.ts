import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  type ClientOptions,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import {
  callsOf,
  callsOfOld,
  newClient,
  noUser,
  oldClient,
  type Question,
  resultOf,
} from "../support/clients.ts";
import { linesOf, newFile } from "../support/files.ts";
import { newestOnly } from "../support/http.ts";
import { programFile, serve } from "../support/program.ts";
import { idsOf } from "../support/replies.ts";

type Calls = ReturnType<typeof callsOf>;

const stdio = (...args: string[]) => ({
  command: process.execPath,
  args: [programFile, "--sandbox", ...args],
  stderr: "ignore" as const,
});

/** A user who accepts deletions and does not open pages: after an opened page the program waits two seconds. */
function createUser() {
  const questions: Question[] = [];
  const user = (question: Question) => {
    questions.push(question);
    return question.mode === "url" ? ("decline" as const) : ("accept" as const);
  };
  return { host: { declares: "both", user } as const, questions };
}

type Host = ReturnType<typeof createUser>["host"];
type Open = (host: Host) => Promise<Calls>;

/** Creates a contact, deletes it after the user accepted, and starts a connection. Returns the contact's id. */
async function makeCalls(open: Open): Promise<string | undefined> {
  const { host, questions } = createUser();
  const calls = await open(host);
  const call = async (name: string, args = {}) =>
    resultOf(await calls(name, args, new AbortController().signal)).reply;
  const records = [{ Last_Name: "Program" }];
  const ids = idsOf(await call("bigin_create_records", { module: "Contacts", records }));
  const removed = await call("bigin_delete_records", { module: "Contacts", ids });
  expect(removed).toMatchObject({ done: 1 });
  expect(await call("bigin_create_connection")).toMatchObject({ status: "PENDING" });
  expect(questions).toMatchObject([
    { message: expect.stringContaining("Delete 1 record of Contacts") },
    { mode: "url", url: expect.stringContaining("session_token") },
  ]);
  return ids[0];
}

async function openNew(
  host: Host,
  transport: Parameters<ReturnType<typeof newClient>["connect"]>[0],
  options: ClientOptions = {},
): Promise<Calls> {
  const client = newClient(host, options);
  await client.connect(transport);
  return callsOf(client);
}

async function openOld(
  host: Host,
  transport: Parameters<ReturnType<typeof oldClient>["connect"]>[0],
): Promise<Calls> {
  const client = oldClient(host);
  await client.connect(transport);
  return callsOfOld(client);
}

// All ways at the same time, each with its own program: most of the time they wait for Maton's rate limit.
test("the user is asked over every transport, in both eras, by the clients of both SDKs, and every write is in the audit log", async () => {
  const file = newFile();
  const overStdio = stdio("--audit-log", file);
  const over = async (path: string) => {
    const { url } = await serve(["--sandbox", "--audit-log", file]);
    return new URL(path, url);
  };
  const env = { BIGIN_AUDIT_LOG: file };
  const ways: Open[] = [
    (host) => openOld(host, new OldStdio(overStdio)),
    (host) => openNew(host, new StdioClientTransport({ ...stdio(), env })),
    (host) => openNew(host, new StdioClientTransport(overStdio), newestOnly),
    async (host) => openOld(host, new OldHttp(await over("/mcp"))),
    async (host) => openNew(host, new StreamableHTTPClientTransport(await over("/mcp"))),
    async (host) =>
      openNew(host, new StreamableHTTPClientTransport(await over("/mcp")), newestOnly),
    async (host) => openOld(host, new OldSse(await over("/sse"))),
    async (host) => openNew(host, new SSEClientTransport(await over("/sse"))),
  ];
  // Each program has the same sandbox, so each gets the same id.
  const ids = await Promise.all(ways.map(makeCalls));
  const lines = linesOf(file);
  expect(lines).toHaveLength(3 * ways.length);
  for (const [tool, outcome] of [
    ["bigin_create_records", "created"],
    ["bigin_delete_records", "deleted"],
  ] as const)
    expect(lines.filter((line) => line["tool"] === tool)).toEqual(
      ids.map(() => expect.objectContaining({ client: "test", outcome, ids: [ids[0]] })),
    );
  expect(lines.filter(({ tool }) => tool === "bigin_create_connection")).toHaveLength(ways.length);
}, 60_000);

test("--confirm is obeyed by the program", async () => {
  const replyTo = async (setting: string) => {
    const client = newClient(noUser);
    await client.connect(new StdioClientTransport(stdio("--confirm", setting)));
    const args = { module: "Contacts", records: [{ Last_Name: "Setting" }] };
    const { signal } = new AbortController();
    return resultOf(await callsOf(client)("bigin_create_records", args, signal)).reply;
  };
  const [none, writes] = await Promise.all(["none", "writes"].map(replyTo));
  expect(none).toMatchObject({ done: 1 });
  expect(writes).toMatchObject({ status: "confirmation_required" });
}, 60_000);

test("an audit line that was written in part is reported, and the next line starts on a line of its own", async () => {
  const file = newFile();
  const client = newClient(noUser);
  const start = stdio("--audit-log", file);
  // Files may have 4 KiB: the disk is full at a place of our choosing.
  const command = 'ulimit -S -f 4; exec "$0" "$@"';
  const transport = new StdioClientTransport({
    ...start,
    command: "bash",
    args: ["-c", command, start.command, ...start.args],
  });
  await client.connect(transport);
  const calls = callsOf(client);
  const create = async (text: string) => {
    const args = { module: "Contacts", records: [{ Last_Name: text }] };
    const result = await calls("bigin_create_records", args, new AbortController().signal);
    const { reply } = resultOf(result);
    expect(reply).toMatchObject({ done: 1 });
    return reply?.["not_logged"];
  };
  let problem: unknown;
  for (let at = 0; problem === undefined; at += 1) problem = await create(`Full${at}`);
  expect(problem).toContain("not in the audit log");
  execFileSync("bash", ["-c", 'prlimit --pid "$0" --fsize=unlimited:', String(transport.pid)]);
  expect(await create("After")).toBeUndefined();
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(() => JSON.parse(lines.at(-2) ?? "")).toThrow();
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    records: [{ sent: { Last_Name: "After" } }],
  });
}, 20_000);
