import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAuditLog } from "../../src/logging/audit-log.ts";
import { createLog } from "../../src/logging/log.ts";
import { sessionLinks } from "../../src/logging/redact.ts";
import type { Fault } from "../../src/sandbox/app.ts";
import { cleanText } from "../../src/shared/clean-text.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { send, start } from "../support/http.ts";
import { calls, idsIn } from "./every-call.ts";
import { hiddenIn, hiddenSigns, laced, type Poison, poisoned, textsIn } from "./hidden.ts";

type Args = Record<string, unknown>;

const poisons: fc.Arbitrary<Poison> = fc.record({
  text: fc
    .uniqueArray(fc.constantFrom(...hiddenSigns), { minLength: 1, maxLength: hiddenSigns.length })
    .map((signs) => signs.join("")),
  where: fc.constantFrom("start", "middle", "end"),
  spare: fc.boolean(),
  names: fc.boolean(),
});

const toolNames = createCatalogue(tools, { readOnly: false })
  .list()
  .map(({ name }) => name)
  .toSorted();

/** A log as the program has it, whose lines are kept instead of printed. */
function keptLog() {
  const lines: string[] = [];
  return {
    lines,
    log: createLog("debug", sessionLinks, { write: (line) => void lines.push(line) }),
  };
}

/** Where one program or another cuts a text into lines. */
const lineEnds = [
  "\n",
  "\r",
  "\v",
  "\f",
  "\u001c",
  "\u001d",
  "\u001e",
  "\u0085",
  "\u2028",
  "\u2029",
];

/** Every line is one line for everybody, and holds nothing hidden, read or unread. */
function expectCleanLines(lines: readonly string[]) {
  for (const line of lines) {
    expect(line.endsWith("\n")).toBe(true);
    const shown = line.slice(0, -1);
    expect(lineEnds.filter((end) => shown.includes(end))).toEqual([]);
    for (const text of [shown, ...textsIn(JSON.parse(line))])
      expect([text, hiddenIn(text)]).toEqual([text, []]);
  }
}

const zoho = {
  code: "INVALID_DATA",
  message: "the value is wrong",
  status: "error",
  details: Object.fromEntries(
    [
      "api_name",
      "param_name",
      "param",
      "expected_data_type",
      "id",
      "reason",
      "operator",
      "json_path",
    ].map((name) => [name, `the ${name}`]),
  ),
};
const faults: Fault["does"][] = [
  ...[400, 401, 403, 404, 429, 500].map((status) => ({
    kind: "status" as const,
    status,
    headers: { "Retry-After": "90" },
    body: zoho,
  })),
  ...[400, 401, 404, 429, 500, 503].map((status) => ({
    kind: "status" as const,
    status,
    // So that nobody waits and asks again.
    headers: { "Retry-After": "90" },
    body: { error: { message: "no connection here", code: status, trace_id: "a-trace" } },
  })),
  { kind: "status", status: 207, body: { data: [zoho] } },
  { kind: "status", status: 400, body: { data: [{ ...zoho, code: "DUPLICATE_DATA" }] } },
  { kind: "status", status: 404, body: { message: "nothing", status: "error" } },
];

interface Step {
  /** Which of the calls. */
  at: number;
  /** Whether the caller hides something in its own arguments. */
  given: boolean;
  fault: { at: number; skip: number } | undefined;
}

const fault = fc.record({ at: fc.nat(faults.length - 1), skip: fc.nat(3) });
const steps = fc.array(
  fc.record({
    at: fc.nat(calls.length - 1),
    given: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true)),
    fault: fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, fault),
  }),
  { minLength: 6, maxLength: 14 },
);

/** A client that answers every question with yes, and everything its server says. */
async function listening(
  server: ReturnType<Awaited<ReturnType<typeof connect>>["makeServer"]>,
  poison: Poison,
) {
  const client = new Client(
    { name: laced("client", poison), version: laced("1", poison) },
    { capabilities: { elicitation: { form: {}, url: {} } } },
  );
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: {} }));
  const [near, far] = InMemoryTransport.createLinkedPair();
  const said: unknown[] = [];
  const really = far.send.bind(far);
  far.send = (message, options) => {
    said.push(message);
    return really(message, options);
  };
  await Promise.all([server.connect(far), client.connect(near)]);
  return { client, said };
}

/** Makes the calls against an upstream that hides something everywhere, and looks at all that comes out. */
async function play(poison: Poison, wanted: readonly Step[]) {
  const { lines, log } = keptLog();
  const file = join(mkdtempSync(join(tmpdir(), "bigin-hidden-")), "audit.log");
  const { sandbox, makeServer } = await connect({
    ...{
      log,
      audit: createAuditLog(file),
      confirm: "destructive",
      extraFields: 3,
      activateOnLook: 1,
    },
    alter: (_, body) => (Object.keys(body).length > 0 ? poisoned(body, poison) : body),
  });
  const { client, said } = await listening(makeServer(), poison);
  const succeeded = new Set<string>();
  for (const { at, given, fault } of wanted) {
    const [name = "", args = {}] = calls[at]?.(idsIn(sandbox)) ?? [];
    if (fault) sandbox.addFault({ does: faults[fault.at] ?? { kind: "reset" }, skip: fault.skip });
    const asked = given
      ? {
          name: name === "bigin_nothing" ? laced(name, poison) : name,
          arguments: poisoned(args, poison) as Args,
        }
      : { name, arguments: args };
    const { isError } = await client
      .callTool(asked, { onprogress: () => {} })
      .catch(() => ({ isError: true }));
    if (!isError) succeeded.add(name);
  }
  for (const text of textsIn(said)) expect([text, hiddenIn(text)]).toEqual([text, []]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(lines.length).toBeGreaterThan(0);
  expectCleanLines(lines);
  const audit = readIfThere(file);
  // It loses nothing of what was written, and so says what is hidden in it with escapes.
  for (const line of audit) expect([line, hiddenIn(line)]).toEqual([line, []]);
  return {
    succeeded,
    audit,
    methods: new Set(said.map((one) => (one as Args)["method"] ?? "reply")),
  };
}

test("nothing hidden comes out of any tool, its questions, its progress, the log or the audit log", async () => {
  // Line breaks are shown as such, and no name is known again by them.
  const text = hiddenSigns.filter((sign) => cleanText(sign) === "").join("");
  const poison: Poison = { text, where: "middle", spare: true, names: false };
  const all = calls.map((_, at): Step => ({ at, given: false, fault: undefined }));
  const { succeeded, audit, methods } = await play(poison, all);
  expect([...succeeded].toSorted()).toEqual(toolNames);
  expect(methods).toEqual(new Set(["reply", "notifications/progress", "elicitation/create"]));
  expect(audit.length).toBeGreaterThan(3);
  expect(JSON.parse(audit[0] ?? "")).toMatchObject({ tool: "bigin_create_connection" });
});

test("nothing hidden comes out, wherever upstream, its errors or the caller hide it", async () => {
  await fc.assert(
    fc.asyncProperty(poisons, steps, async (poison, wanted) => void (await play(poison, wanted))),
    { numRuns: 25 },
  );
});

function readIfThere(file: string): string[] {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

test("headers and paths with something hidden in them come neither into answers nor into the log", async () => {
  const { lines, log } = keptLog();
  const { url } = await start({
    log,
    check: ({ toolsets }) => toolsets && `There is no toolset "${toolsets}".`,
  });
  const signs = ["\u0080", "\u0085", "\u009b", "\u00ad", "\u009d"].join("");
  for (const name of [
    "Host",
    "Origin",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "X-Bigin-Toolsets",
    "Maton-Connection",
    "Content-Type",
    "Accept",
  ])
    for (const path of ["/mcp", "/sse", "/messages?sessionId=x", `/%c2%ad%e2%80%ae%0a`])
      for (const method of ["GET", "POST"]) {
        const headers = {
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          [name]: `a${signs}b`,
        };
        const answer = await send(`${url}${path}`, {
          method,
          headers,
          body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
        });
        const all = JSON.stringify(answer);
        expect([name, all, hiddenIn(all)]).toEqual([name, all, []]);
        for (const text of textsIn([answer.headers, answer.body]))
          expect([name, hiddenIn(text)]).toEqual([name, []]);
      }
  expect(lines.length).toBeGreaterThan(0);
  expectCleanLines(lines);
});
