import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import {
  callsOf,
  callsOfOld,
  modern,
  newClient,
  oldClient,
  type Question,
  told,
} from "../support/people.ts";
import { programFile, serve } from "../support/program.ts";

type Calls = ReturnType<typeof callsOf>;

const logFile = () => join(mkdtempSync(join(tmpdir(), "bigin-audit-")), "audit.log");
const linesOf = (file: string): Record<string, unknown>[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const stdio = (...args: string[]) => ({
  command: process.execPath,
  args: [programFile, "--sandbox", ...args],
  stderr: "ignore" as const,
});

function whoAgrees() {
  const questions: Question[] = [];
  const person = (question: Question) => {
    questions.push(question);
    // Not opened: once it is, the program looks again only after two seconds.
    return question.mode === "url" ? ("decline" as const) : ("accept" as const);
  };
  return { host: { says: "both", person } as const, questions };
}

/** A contact made and, once the person agreed, deleted; and a connection whose page they did not open. */
async function askedTwice(calls: Calls, questions: Question[]) {
  const call = async (name: string, args = {}) =>
    told(await calls(name, args, new AbortController().signal)).reply;
  const records = [{ Last_Name: "Program" }];
  const made = await call("bigin_create_records", { module: "Contacts", records });
  const ids = (made["results"] as { id: string }[]).map(({ id }) => id);
  expect(await call("bigin_delete_records", { module: "Contacts", ids })).toMatchObject({
    done: 1,
  });
  expect(await call("bigin_create_connection")).toMatchObject({ status: "PENDING" });
  expect(questions.splice(0)).toMatchObject([
    { message: expect.stringContaining("Delete 1 record of Contacts") },
    { mode: "url", url: expect.stringContaining("session_token") },
  ]);
  return ids;
}

test("stdio: a person is asked in both eras, by the clients of both lines, and the log has it all", async () => {
  const { host, questions } = whoAgrees();
  const file = logFile();
  const old = oldClient(host);
  await old.connect(new OldStdio(stdio("--audit-log", file)));
  const [first] = await askedTwice(callsOfOld(old), questions);
  for (const options of [{}, modern]) {
    const client = newClient(host, options);
    const { args, ...start } = stdio();
    const env = { BIGIN_AUDIT_LOG: file };
    await client.connect(new StdioClientTransport({ ...start, args, env }));
    await askedTwice(callsOf(client), questions);
  }
  const lines = linesOf(file);
  expect(lines.slice(0, 3)).toMatchObject([
    { client: "people", tool: "bigin_create_records", outcome: "created", ids: [first] },
    { client: "people", tool: "bigin_delete_records", outcome: "deleted", ids: [first] },
    { client: "people", tool: "bigin_create_connection", outcome: "created" },
  ]);
  const tools = lines.map(({ client, tool }) => `${client} ${tool}`);
  expect(tools).toEqual([1, 2, 3].flatMap(() => tools.slice(0, 3)));
}, 20_000);

test("/mcp and /sse: a person is asked in both eras, by the clients of both lines", async () => {
  const { host, questions } = whoAgrees();
  const file = logFile();
  const { url } = await serve(["--sandbox", "--audit-log", file]);
  const [mcp, sse] = [new URL(`${url}/mcp`), new URL(`${url}/sse`)];
  for (const transport of [new OldHttp(mcp), new OldSse(sse)]) {
    const client = oldClient(host);
    await client.connect(transport);
    await askedTwice(callsOfOld(client), questions);
  }
  for (const [transport, options] of [
    [new StreamableHTTPClientTransport(mcp), {}],
    [new StreamableHTTPClientTransport(mcp), modern],
    [new SSEClientTransport(sse), {}],
  ] as const) {
    const client = newClient(host, options);
    await client.connect(transport);
    await askedTwice(callsOf(client), questions);
  }
  expect(linesOf(file)).toHaveLength(15);
}, 20_000);

test("--confirm decides in the program too", async () => {
  for (const [setting, expected] of [
    ["none", "done"],
    ["writes", "status"],
  ] as const) {
    const client = newClient({ says: "nothing", person: () => "decline" });
    await client.connect(new StdioClientTransport(stdio("--confirm", setting)));
    const args = { module: "Contacts", records: [{ Last_Name: "Setting" }] };
    const { reply } = told(
      await callsOf(client)("bigin_create_records", args, new AbortController().signal),
    );
    expect(reply).toHaveProperty(expected);
  }
}, 20_000);

test("a line that the disk did not take whole is told, and is not glued to the next one", async () => {
  const file = logFile();
  const client = newClient({ says: "nothing", person: () => "decline" });
  const start = stdio("--audit-log", file);
  // A file may have 4 KiB: what a disk that fills up does, at a place of our choosing.
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
    const { reply } = told(result);
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
