import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createSandbox } from "../../src/sandbox/app.ts";
import type { HttpOptions } from "../../src/transports/http.ts";
import { serveCatalogue } from "../support/callers.ts";
import {
  callTool,
  initialize,
  keptLog,
  mcpHeaders,
  modern,
  openSession,
  openSocket,
  post,
  start,
} from "../support/http.ts";
import { keyOf, leaks } from "../support/secrets.ts";
import { internals } from "./wild.ts";

const token = keyOf("token");
const other = keyOf("other");
const key = keyOf("maton");
const good = JSON.stringify(callTool("bigin_list_records", { module: "Contacts", per_page: 1 }));
const first = JSON.stringify(initialize("2025-11-25"));

const patience = { timeout: 20_000, interval: 5 };

const impatient = { headersMs: 300, requestMs: 500, idleSocketMs: 300 };

/** The real tools on the sandbox. */
async function serveHostile(limits: HttpOptions["limits"] = {}) {
  const { log, lines } = keptLog();
  const { fetch } = createSandbox({ key });
  const running = await serveCatalogue({
    log,
    fetch,
    key,
    authTokens: [token, other],
    limits: { ...limits, requestsPerMinute: 1_000_000 },
  });
  return { ...running, lines };
}

type Pairs = readonly (readonly [string, string])[];
interface Hostile {
  line: string;
  headers: Pairs;
  body: string | Buffer;
  /** False leaves out the Content-Length of the body. */
  framed?: boolean;
  hangUp?: boolean;
}

const host = ["Host", "127.0.0.1"] as const;
const auth = ["Authorization", `Bearer ${token}`] as const;
const json = Object.entries(mcpHeaders);
const base: Pairs = [host, auth, ...json];

/** The bytes of a request. Each character of a header is one byte. */
function written({ line, headers, body, framed = true }: Hostile): Buffer {
  const bytes = Buffer.from(body);
  const length = framed ? [["Content-Length", String(bytes.length)] as const] : [];
  const all = [...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line}\r\n${all.join("")}\r\n`, "latin1"), bytes]);
}

/** True if the first response other than "100 Continue" has arrived in full, or is a stream. */
function isAnswered(received: string): boolean {
  const text = received.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
  const [head = "", ...rest] = text.split("\r\n\r\n");
  if (rest.length === 0) return false;
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return length === undefined || rest.join("\r\n\r\n").length >= Number(length);
}

/** Sends bytes on a socket of their own. Returns what was received when there was a response or the socket was closed. */
async function exchange(url: string, bytes: Buffer | string, hangUp = false): Promise<string> {
  const one = openSocket(url);
  if (hangUp) one.socket.end(bytes);
  else one.socket.write(bytes);
  await vi.waitUntil(() => one.ended || isAnswered(one.received), patience);
  one.socket.destroy();
  return one.received;
}

const statusOf = (received: string) =>
  Number(/^HTTP\/1\.1 (?!100)(\d{3}) /m.exec(received)?.[1] ?? 0);

function expectClean(received: string, sent: Buffer | string): void {
  const shown = sent.toString("latin1").slice(0, 500);
  expect(statusOf(received), shown).toBeLessThan(500);
  expect(received, shown).not.toMatch(internals);
  expect(received, shown).not.toMatch(/<html|<!doctype/i);
  expect(leaks(received, token), shown).toEqual([]);
  expect(leaks(received, key), shown).toEqual([]);
}

/** Checks that a good call works, and that the log names every request and no secret. */
async function expectAlive({ url, lines }: Awaited<ReturnType<typeof serveHostile>>) {
  const Authorization = `Bearer ${token}`;
  const session = await openSession(url, { Authorization });
  const answer = await post(`${url}/mcp`, good, { Authorization, "Mcp-Session-Id": session });
  expect([answer.status, answer.body]).toEqual([200, expect.stringContaining("columns")]);
  for (const line of lines) expect(line["id"] ?? line["request"], line.message).toBeTruthy();
  const all = JSON.stringify(lines);
  for (const secret of [token, key]) expect(leaks(all, secret)).toEqual([]);
}

const post11 = "POST /mcp HTTP/1.1";
const opening = (headers: Pairs, more: Partial<Hostile> = {}): Hostile => ({
  line: post11,
  headers,
  body: first,
  ...more,
});
const plus = (...headers: Pairs) => opening([...base, ...headers]);
const unframed = (...headers: Pairs) => opening([...base, ...headers], { framed: false });
const listed = modern({ ...initialize("2026-07-28"), method: "tools/list", params: {} });
const absolute = opening(
  [["Host", "127.0.0.1:0"], auth, ...json, ...Object.entries(listed.headers)],
  { line: "POST http://127.0.0.1:0/mcp HTTP/1.1", body: JSON.stringify(listed.message) },
);
const to = (target: string, method = "POST") =>
  opening(base, { line: `${method} ${target} HTTP/1.1` });
const chunked = ["Transfer-Encoding", "chunked"] as const;
const many = (count: number): Pairs => Array.from({ length: count }, () => ["a", "b"] as const);
const bomb = gzipSync(Buffer.alloc(60_000_000, "["), { level: 9 });

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${headers.map((one) => `${one}\r\n`).join("")}\r\n`;
const typed = (type: string) =>
  opening([host, auth, ["Content-Type", type], ["Accept", mcpHeaders.Accept]]);

/** What is sent, by the statuses it may be answered with. Node's own parser is not tested, except for our answer to it. */
const cases: [statuses: number[], ...(Hostile | string)[]][] = [
  // Headers that must not repeat, in any order and case.
  [
    [400],
    plus(auth),
    plus(["authorization", "Bearer x"]),
    opening([host, ["Authorization", "Bearer x"], auth, ...json]),
    plus(["AUTHORIZATION", `Bearer ${other}`]),
    plus(["Host", "evil.example"]),
    plus(["Origin", "http://localhost"], ["Origin", "http://evil.example"]),
    plus(["Mcp-Session-Id", "a"], ["Mcp-Session-Id", "b"]),
    plus(["X-Bigin-Read-Only", "true"], ["X-Bigin-Read-Only", "no"]),
    plus(["X-Bigin-Toolsets", "records"], ["X-Bigin-Toolsets", "notes"]),
  ],
  // What the parser refuses is answered by us.
  [
    [400],
    plus(["Content-Length", "3"]),
    plus(["Authorization", "a\x01b"]),
    opening([host, ["Authorization", `Bearer\r\n ${token}`], ...json]),
    Buffer.from("16030100c8010000c40303", "hex").toString("latin1"), // TLS
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ],
  [
    [413],
    unframed(["Content-Length", "5000000000"]),
    opening([...base, chunked], { framed: false, body: `1;${"a".repeat(20_000)}\r\n{\r\n` }),
  ],
  [
    [431],
    plus(["X", "a".repeat(20_000)]),
    opening([...many(200), ...base]),
    opening([...base, ...many(2000), ["X-Bigin-Read-Only", "true"]]),
  ],
  // Where a request is for, and who sends it.
  [
    [403],
    opening([["Host", key]]),
    opening([host, ["Origin", `http://${token}`]]),
    opening([["Host", "evil.example"]], { line: `GET /${key} HTTP/1.1` }),
    get("/healthz"),
    get("/healthz").replace("1.1", "1.0"),
    ...["", "[::1", "evil@127.0.0.1", "127.0.0.1, evil.example", "127.0.0.1/x", "127.0.0.1#x"].map(
      (name) => get("/healthz", `Host: ${name}`),
    ),
  ],
  [[401], opening([host, ["Authorization", `Bearer ${token}\xff`], ...json])],
  [
    [200],
    plus(["X", "\xff\xfe"]),
    plus(["Expect", "100-continue"]),
    plus(["Expect", "anything"]),
    plus(["Connection", "Upgrade"], ["Upgrade", "websocket"]),
    to("http://127.0.0.1/mcp"),
    absolute,
    get("/healthz", "Host: 127.0.0.1").replace("1.1", "1.0"),
    to("/MCP"),
    to("/mcp/"),
    to("/mcp?x=[%zz&__proto__[a]=1"),
  ],
  [[400], to("http://evil.example/mcp"), to("http://[/mcp"), to("*", "OPTIONS"), to("\\mcp")],
  [
    [404],
    ...["//mcp", "/mcp/../healthz", "/mcp%00", "/mcp%ZZ", "/%6dcp%2f..", "/mcp;a", "/mcp/x"].map(
      (target) => to(target),
    ),
    to("/messages?sessionId=a&sessionId=b"),
    to("/messages?sessionId=__proto__"),
    ...["__proto__", "constructor", "../../x"].map((id) => plus(["Mcp-Session-Id", id])),
  ],
  // Headers of the protocol.
  [
    [400],
    plus(["Mcp-Session-Id", "\xc3\xa9\xff"]),
    plus(["Mcp-Protocol-Version", "2026-07-28"], ["Mcp-Method", "constructor"]),
    plus(["Mcp-Protocol-Version", "2026-07-28"], ["Mcp-Name", "\xff"]),
    plus(["Mcp-Method", key]),
  ],
  [[200, 400], plus(["Mcp-Protocol-Version", "__proto__"])],
  // Bodies.
  [
    [415],
    opening([...base, ["Content-Encoding", "gzip"]], { body: bomb }),
    plus(["Content-Encoding", "gzip, gzip"]),
    typed("\xff/\x80;;="),
  ],
  [[200, 400, 415], typed('application/json; charset="')],
];

const late = [unframed(["Content-Length", "9999"]), get("/healthz").slice(0, -4), "\r\n\r\n"];

/** Sends each request on a socket of its own and checks its response. */
async function expectStatuses(url: string, statuses: number[], requests: (Hostile | string)[]) {
  await Promise.all(
    requests.map(async (one) => {
      const bytes = typeof one === "string" ? Buffer.from(one, "latin1") : written(one);
      const received = await exchange(url, bytes);
      const name = `${bytes.toString("latin1").slice(0, 200)} -> ${received.slice(0, 200)}`;
      expect(statuses, name).toContain(statusOf(received));
      expectClean(received, bytes);
      expect(received, name).toMatch(/^x-request-id: [\w-]{36}\r$/im);
    }),
  );
}

test("hostile requests are answered or disconnected, and the next good call works", async () => {
  const served = await serveHostile();
  for (const [statuses, ...requests] of cases) await expectStatuses(served.url, statuses, requests);
  await expectAlive(served);
});

test("requests that do not arrive are answered with a 408", async () => {
  const { url } = await serveHostile(impatient);
  await expectStatuses(url, [408], late);
});

test("pipelined requests are answered in turn, and garbage after them closes the connection", async () => {
  const { url } = await start();
  const one = openSocket(url);
  const statuses = () =>
    [...one.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  const paths = ["/healthz", "/nowhere", "/healthz"];
  one.socket.write(paths.map((path) => get(path, "Host: 127.0.0.1")).join(""));
  await vi.waitUntil(() => statuses().length === 3 && one.received.endsWith("}"), patience);
  one.socket.write("\x01");
  await vi.waitUntil(() => one.ended, patience);
  expect(statuses()).toEqual(["200", "404", "200", "400"]);
});

test.each([
  ["--auth maton", "maton", [], ["X-Maton-Api-Key", "Authorization"]],
  ["--auth maton with tokens", "maton", [token, other], ["X-Maton-Api-Key", "Authorization"]],
  ["--auth token", "token", [token, other], ["Authorization"]],
] as const)(
  "%s: a repeated credential lets no one in, whatever the copies are",
  async (_, authMode, authTokens, names) => {
    const makers: unknown[] = [];
    const { url, sessions } = await start({
      auth: authMode,
      authTokens,
      makeServer: (caller) => {
        makers.push(caller);
        throw new Error("never made");
      },
    });
    const copy = fc.record({
      spell: fc.constantFrom(
        (name: string) => name,
        (name: string) => name.toLowerCase(),
        (name: string) => name.toUpperCase(),
      ),
      secret: fc.constantFrom(token, other, key, "x", ""),
      padding: fc.integer({ min: 0, max: 40 }),
    });
    const copies = fc.tuple(fc.constantFrom(...names), copy, copy);
    await fc.assert(
      fc.asyncProperty(copies, async ([name, ...both]) => {
        const isBearer = name === "Authorization";
        const repeated = both.flatMap(({ spell, secret, padding }) => [
          ...many(padding),
          [spell(name), isBearer ? `Bearer ${secret}` : secret] as const,
        ]);
        const headers = [host, ...json, ...(isBearer ? [] : [auth]), ...repeated];
        expect(statusOf(await exchange(url, written(opening(headers))))).toBe(400);
      }),
      { numRuns: 25 },
    );
    expect([makers, sessions()]).toEqual([[], 0]);
  },
);

const loaded = ["", "__proto__", "-1", "chunked", "\0", "\xff", ",", "\r\n\r\n", "\r\nHost: evil"];
const wildText = fc.oneof(
  fc.constantFrom(...loaded),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 })
    .map((codes) => String.fromCharCode(...codes)),
);
const names =
  `Host Origin Authorization X-Maton-Api-Key Maton-Connection Mcp-Session-Id Mcp-Protocol-Version Mcp-Method
  Mcp-Name Last-Event-ID Accept Content-Type Content-Length Transfer-Encoding Content-Encoding Connection Expect Upgrade
  X-Bigin-Read-Only X-Bigin-Toolsets TE Trailer Cookie __proto__ X-Request-Id`.split(/\s+/);
const values =
  `127.0.0.1 http://localhost ${key} 2026-07-28 2025-11-25 tools/call bigin_list_records application/json
  text/event-stream chunked 5 100-continue true records gzip identity close keep-alive websocket`.split(
    /\s+/,
  );
const targets = [
  "/mcp",
  "/mcp",
  "/sse",
  "/messages?sessionId=x",
  "/healthz",
  "//",
  "/mcp?__proto__=1",
];
const methods = ["POST", "POST", "GET", "DELETE", "HEAD", "OPTIONS", "TRACE", "PUT", "QUERY"];
const versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"];
const mostly = <T>(usual: readonly T[], rare: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constantFrom(...usual), weight: 5 }, { arbitrary: rare, weight: 1 });
const hostile: fc.Arbitrary<Hostile> = fc.record({
  line: fc
    .tuple(mostly(methods, wildText), mostly(targets, wildText), mostly(versions, wildText))
    .map((parts) => parts.join(" ")),
  headers: fc
    .tuple(
      mostly<Pairs>([base], fc.constantFrom([host], [auth], [])),
      fc.array(fc.tuple(mostly(names, wildText), mostly(values, wildText)), { maxLength: 4 }),
    )
    .map((parts) => parts.flat()),
  body: mostly<string>([first, good, "", "{}", "5\r\n{}   \r\n0\r\n\r\n"], wildText),
  framed: mostly([true], fc.constant(false)),
  hangUp: fc.boolean(),
});

test("any bytes in the form of a request are answered or disconnected, and the next good call works", async () => {
  const served = await serveHostile(impatient);
  const requests = fc.array(hostile, { minLength: 60, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(requests, async (all) => {
      await Promise.all(
        all.map(async (one) => {
          const bytes = written(one);
          expectClean(await exchange(served.url, bytes, one.hangUp), bytes);
        }),
      );
      await expectAlive(served);
    }),
    { numRuns: 3, endOnFailure: true },
  );
});
