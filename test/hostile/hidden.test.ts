import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createAuditLog } from "../../src/logging/audit-log.ts";
import { createLog } from "../../src/logging/log.ts";
import { sessionLinks } from "../../src/logging/redact.ts";
import { createSandbox, type Fault } from "../../src/sandbox/app.ts";
import { cleanText } from "../../src/shared/clean-text.ts";
import { tools } from "../../tools/index.ts";
import { type ConnectOptions, connect } from "../support/connect.ts";
import { everyToolset } from "../support/examples.ts";
import { newFile } from "../support/files.ts";
import { openStream, send, start, until } from "../support/http.ts";
import { status } from "../support/writes.ts";
import { calls } from "./every-call.ts";
import { hiddenCharacters, hiddenIn, laced, type Poison, poisoned, textsIn } from "./hidden.ts";

type Args = Record<string, unknown>;

const poisons: fc.Arbitrary<Poison> = fc.record({
  text: fc
    .uniqueArray(fc.constantFrom(...hiddenCharacters), { minLength: 1 })
    .map((characters) => characters.join("")),
  where: fc.constantFrom("start", "middle", "end"),
  spare: fc.boolean(),
  names: fc.boolean(),
});

/** The program's own log, which keeps its lines instead of printing them. */
function keptLog() {
  const lines: string[] = [];
  return {
    lines,
    log: createLog("debug", sessionLinks, { write: (line) => void lines.push(line) }),
  };
}

/** What some program takes for the end of a line. */
const lineEnds = [..."\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029"];

/** Every program takes a line for one line, and it hides nothing, neither as JSON nor once it is parsed. */
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
    "api_name param_name param expected_data_type id reason operator json_path"
      .split(" ")
      .map((name) => [name, `the ${name}`]),
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
    // Too long to wait for, so the request is not retried.
    headers: { "Retry-After": "90" },
    body: { error: { message: "no connection here", code: status, trace_id: "a-trace" } },
  })),
  status(207, { data: [zoho] }),
  status(400, { data: [{ ...zoho, code: "DUPLICATE_DATA" }] }),
  status(404, { message: "nothing", status: "error" }),
];

interface Step {
  /** The index of the call. */
  at: number;
  /** True if the caller hides something in its own arguments. */
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

/** A client that accepts every question, and a list of everything its server says. */
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

/** Makes calls against an upstream that hides something everywhere, and checks everything that comes out. */
async function play(poison: Poison, wanted: readonly Step[], options: ConnectOptions = {}) {
  const { lines, log } = keptLog();
  const file = newFile();
  const { sandbox, makeServer } = await connect({
    log,
    audit: createAuditLog(file),
    confirm: "destructive",
    toolsets: everyToolset,
    extraFields: 3,
    activateOnLook: 1,
    ...options,
    alter: (_, body) => (Object.keys(body).length > 0 ? poisoned(body, poison) : body),
  });
  const { client, said } = await listening(makeServer(), poison);
  const succeeded = new Set<string>();
  for (const { at, given, fault } of wanted) {
    const [name = "", args = {}] = calls[at]?.(sandbox) ?? [];
    if (fault) sandbox.addFault({ does: faults[fault.at] ?? { kind: "reset" }, skip: fault.skip });
    const unknown = name === "bigin_nothing";
    const asked = {
      name: given && unknown ? laced(name, poison) : name,
      arguments: given ? (poisoned(args, poison) as Args) : args,
    };
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
  // It keeps every character of what was written: hidden ones as escapes.
  for (const line of audit) expect([line, hiddenIn(line)]).toEqual([line, []]);
  return {
    succeeded,
    audit,
    methods: new Set(said.map((one) => (one as Args)["method"] ?? "reply")),
  };
}

test("no tool, question, progress message, log line or audit line contains hidden characters", async () => {
  // Line breaks are shown, so that no name with one in it would be recognised.
  const text = hiddenCharacters.filter((character) => cleanText(character) === "").join("");
  const poison: Poison = { text, where: "middle", spare: true, names: false };
  // The calls make a second one ACTIVE.
  const [connection = ""] = createSandbox().store.connections().keys();
  const all = calls.map((_, at): Step => ({ at, given: false, fault: undefined }));
  const { succeeded, audit, methods } = await play(poison, all, { connection });
  expect([...succeeded].toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
  expect(methods).toEqual(new Set(["reply", "notifications/progress", "elicitation/create"]));
  const audited = new Set(audit.map((line) => JSON.parse(line).tool));
  expect(audited).toEqual(
    new Set(tools.filter(({ effect }) => effect !== "read").map(({ name }) => name)),
  );
});

test("hidden characters never come out, wherever upstream, its errors or the caller hide them", async () => {
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

/** The beginning of a response, because a stream of events does not end. */
async function firstPart(url: string, headers: Record<string, string>) {
  const stream = await openStream(url, headers);
  await until(() => stream.ended || stream.received !== "");
  stream.hangUp();
  return { headers: stream.res.headers, body: stream.received };
}

test("hidden characters in headers and paths reach neither responses nor the log", async () => {
  const { lines, log } = keptLog();
  const { url } = await start({
    log,
    check: ({ toolsets }) => toolsets && `There is no toolset "${toolsets}".`,
  });
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const hidden = "\u0080\u0085\u009b\u00ad\u009d";
  const names =
    "Host Origin Mcp-Session-Id MCP-Protocol-Version Mcp-Method X-Bigin-Toolsets Maton-Connection Content-Type Accept";
  for (const name of names.split(" "))
    for (const path of ["/mcp", "/sse", "/messages?sessionId=x", `/%c2%ad%e2%80%ae%0a`])
      for (const method of ["GET", "POST"]) {
        const headers = {
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          [name]: `a${hidden}b`,
        };
        const target = `${url}${path}`;
        const answer =
          method === "GET"
            ? await firstPart(target, headers)
            : await send(target, { method, headers, body });
        const all = JSON.stringify(answer);
        expect([name, all, hiddenIn(all)]).toEqual([name, all, []]);
        for (const text of textsIn([answer.headers, answer.body]))
          expect([name, hiddenIn(text)]).toEqual([name, []]);
      }
  expect(lines.length).toBeGreaterThan(0);
  expectCleanLines(lines);
});
