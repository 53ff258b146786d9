import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Log } from "../../src/logging/log.ts";
import { createSandbox } from "../../src/sandbox/app.ts";
import { createServer } from "../../src/server/server.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import type { HttpOptions } from "../../src/transports/http.ts";
import { tools } from "../../tools/index.ts";
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

/** The real server and catalogue on the sandbox. Whoever stays silent is dropped within seconds. */
async function serveHostile(options: Partial<HttpOptions> = {}) {
  const sandbox = createSandbox({ key });
  const accounts = createAccounts({
    ...{ gatewayUrl: "https://gateway.maton.ai", controlUrl: "https://ctrl.maton.ai" },
    ...{
      userAgent: "bigin-mcp/test",
      fetch: sandbox.fetch,
      limits: { perSecond: 1e6, atOnce: 10 },
    },
  });
  const { log, lines } = keptLog();
  const catalogue = createCatalogue(tools, { readOnly: false });
  const running = await start({
    ...{ log, authTokens: [token, other] },
    limits: { headersMs: 1000, requestMs: 1500, idleSocketMs: 500, requestsPerMinute: 1_000_000 },
    makeServer: (caller) =>
      createServer({
        ...{ version: "0.0.0", replyTokens: 6000, confirm: "destructive", catalogue },
        ...{ log: log as Log, caller: caller.id, connection: caller.connection },
        account: async () => accounts.of(caller.matonKey ?? key),
      }),
    ...options,
  });
  return { ...running, lines };
}

type Pairs = readonly (readonly [string, string])[];
interface Hostile {
  line: string;
  headers: Pairs;
  body: string | Buffer;
  /** Content-Length is what the body has, unless the headers tell another. */
  framed?: boolean;
  hangUp?: boolean;
}

const host = ["Host", "127.0.0.1"] as const;
const auth = ["Authorization", `Bearer ${token}`] as const;
const json = Object.entries(mcpHeaders);
const base: Pairs = [host, auth, ...json];

/** A request in bytes: header values are taken as bytes, whatever they hold. */
function written({ line, headers, body, framed = true }: Hostile): Buffer {
  const bytes = Buffer.from(body);
  const length = framed ? [["Content-Length", String(bytes.length)] as const] : [];
  const all = [...headers, ...length].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line}\r\n${all.join("")}\r\n`, "latin1"), bytes]);
}

/** Whether the first answer that is not "100 Continue" is there as a whole, or is a stream. */
function isAnswered(received: string): boolean {
  const text = received.replace(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n/, "");
  const [head = "", ...rest] = text.split("\r\n\r\n");
  if (rest.length === 0) return false;
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  return length === undefined || rest.join("\r\n\r\n").length >= Number(length);
}

/** Sends bytes on a socket of their own, and gives back what came once there was an answer or an end. */
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

/** What a good caller on a connection of its own finds after all that, and what the log says. */
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
  ...{ line: post11, headers, body: first },
  ...more,
});
const plus = (...headers: Pairs) => opening([...base, ...headers]);
const unframed = (...headers: Pairs) => opening([...base, ...headers], { framed: false });
const listed = modern({ ...initialize("2026-07-28"), method: "tools/list", params: {} });
/** Port 0 is no more than a name here: it is the form that is tried. */
const absolute = opening(
  [["Host", "127.0.0.1:0"], auth, ...json, ...Object.entries(listed.headers)],
  { line: "POST http://127.0.0.1:0/mcp HTTP/1.1", body: JSON.stringify(listed.message) },
);
const to = (target: string, method = "POST") =>
  opening(base, { line: `${method} ${target} HTTP/1.1` });
const chunked = ["Transfer-Encoding", "chunked"] as const;
const many = (count: number): Pairs => Array.from({ length: count }, () => ["a", "b"] as const);
const bomb = gzipSync(Buffer.alloc(60_000_000, "["), { level: 9 });

/** What is sent, and with which statuses it may be answered; 0 is a connection closed without a word. */
const cases: [string, Hostile | string, ...number[]][] = [
  ["two good Authorizations", plus(auth), 400],
  ["a bad Authorization behind the good one", plus(["authorization", "Bearer x"]), 400],
  [
    "a bad Authorization before it",
    opening([host, ["Authorization", "Bearer x"], auth, ...json]),
    400,
  ],
  ["another's Authorization", plus(["AUTHORIZATION", `Bearer ${other}`]), 400],
  ["two Hosts", plus(["Host", "evil.example"]), 400],
  ["two Origins", plus(["Origin", "http://localhost"], ["Origin", "http://evil.example"]), 400],
  ["two sessions", plus(["Mcp-Session-Id", "a"], ["Mcp-Session-Id", "b"]), 400],
  [
    "two wishes to be narrowed",
    plus(["X-Bigin-Read-Only", "true"], ["X-Bigin-Read-Only", "no"]),
    400,
  ],
  [
    "toolsets in two headers",
    plus(["X-Bigin-Toolsets", "records"], ["X-Bigin-Toolsets", "notes"]),
    400,
  ],
  ["two equal lengths", plus(["Content-Length", String(first.length)]), 400],
  ["two lengths", plus(["Content-Length", "3"]), 400],
  ["a negative length", unframed(["Content-Length", "-1"]), 400],
  ["a length in words", unframed(["Content-Length", "many"]), 400],
  ["a length too small", unframed(["Content-Length", "5"]), 400],
  ["a length too large", unframed(["Content-Length", "9999"]), 408],
  ["a length of 5 GB", unframed(["Content-Length", "5000000000"]), 413],
  ["a length beyond numbers", unframed(["Content-Length", "9".repeat(30)]), 400],
  ["a length and chunks", plus(chunked), 400],
  [
    "chunks of garbage",
    opening([...base, chunked], { framed: false, body: "zz\r\n{\r\n0\r\n\r\n" }),
    400,
  ],
  [
    "a chunk with a long extension",
    opening([...base, chunked], { framed: false, body: `1;${"a".repeat(20_000)}\r\n{\r\n` }),
    413,
  ],
  ["an unknown transfer encoding", unframed(["Transfer-Encoding", "x"]), 400],
  ["headers of 20 kB", plus(["X", "a".repeat(20_000)]), 431],
  ["a session id of 100 kB", plus(["Mcp-Session-Id", "a".repeat(100_000)]), 431],
  ["200 headers", opening([...many(200), ...base]), 431],
  [
    "2,000 headers before the one that narrows",
    opening([...base, ...many(2000), ["X-Bigin-Read-Only", "true"]]),
    431,
  ],
  ["NUL in a header", plus(["X", "a\0b"]), 400],
  ["a control character in a header", plus(["Authorization", "a\x01b"]), 400],
  ["a control character in a name", plus(["X\x02", "a"]), 400],
  ["a folded header", opening([host, ["Authorization", `Bearer\r\n ${token}`], ...json]), 400],
  ["a space before the colon", plus(["X ", "a"]), 400],
  ["no name", plus(["", "a"]), 400],
  ["high bytes in a header", plus(["X", "\xff\xfe"]), 200],
  [
    "high bytes behind the token",
    opening([host, ["Authorization", `Bearer ${token}\xff`], ...json]),
    401,
  ],
  ["lines that end without CR", "GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", 400],
  ["a key as Host", opening([["Host", key]]), 403],
  ["a token as Origin", opening([host, ["Origin", `http://${token}`]]), 403],
  ["a key as path", opening([["Host", "evil.example"]], { line: `GET /${key} HTTP/1.1` }), 403],
  ["no Host", "GET /healthz HTTP/1.1\r\n\r\n", 403],
  ...["", "[::1", "evil@127.0.0.1", "127.0.0.1, evil.example", "127.0.0.1/x", "127.0.0.1#x"].map(
    (name): [string, string, number] => [
      `Host "${name}"`,
      `GET /healthz HTTP/1.1\r\nHost: ${name}\r\n\r\n`,
      403,
    ],
  ),
  ["Expect: 100-continue", plus(["Expect", "100-continue"]), 200],
  ["Expect: anything", plus(["Expect", "anything"]), 200],
  ["an upgrade", plus(["Connection", "Upgrade"], ["Upgrade", "websocket"]), 200],
  ["HTTP/2 in clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["an absolute address", to("http://127.0.0.1/mcp"), 200],
  ["an absolute address in 2026-07-28", absolute, 200],
  ["another host's address", to("http://evil.example/mcp"), 400],
  ["an address that is none", to("http://[/mcp"), 400],
  ["an asterisk", to("*", "OPTIONS"), 400],
  ...[
    "//mcp",
    "/mcp/../healthz",
    "/./mcp",
    "/mcp%00",
    "/mcp%ZZ",
    "/%6dcp%2f..",
    "/mcp;a",
    "/mcp#x",
    "/mcp/x",
  ].map((target): [string, Hostile, number] => [target, to(target), 404]),
  ...["/MCP", "/mcp/", "/mcp?x=[%zz&__proto__[a]=1"].map((target): [string, Hostile, number] => [
    target,
    to(target),
    200,
  ]),
  ["two session ids in the address", to("/messages?sessionId=a&sessionId=b"), 404],
  ["a session id that is a prototype", to("/messages?sessionId=__proto__"), 404],
  ["a path with a backslash", to("\\mcp"), 400],
  ["HTTP/1.0 without a Host", "GET /healthz HTTP/1.0\r\n\r\n", 403],
  ["HTTP/1.0", "GET /healthz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", 200],
  ["HTTP/0.9", "GET /healthz\r\n", 408],
  ["HTTP/3.7", "GET /healthz HTTP/3.7\r\nHost: 127.0.0.1\r\n\r\n", 400],
  ["TLS", Buffer.from("16030100c8010000c40303", "hex").toString("latin1"), 400],
  ["line ends", "\r\n\r\n\r\n", 408],
  ...["TRACE", "OPTIONS", "HEAD", "PUT", "QUERY"].map((method): [string, Hostile, number] => [
    method,
    opening(base, { line: `${method} /mcp HTTP/1.1`, body: "" }),
    405,
  ]),
  ["CONNECT", to("evil.example:443", "CONNECT"), 0],
  ["a method that is none", to("/mcp", "FETCH"), 400],
  ["a method in small letters", to("/mcp", "post"), 400],
  ...["__proto__", "constructor", "\xc3\xa9\xff", "../../x", "null"].map(
    (id): [string, Hostile, number] => [
      `session ${id}`,
      plus(["Mcp-Session-Id", id]),
      /^[\x20-\x7e]*$/.test(id) ? 404 : 400,
    ],
  ),
  ["a version that is a prototype", plus(["Mcp-Protocol-Version", "__proto__"]), 200, 400],
  [
    "headers of the newest revision that mean nothing",
    plus(
      ["Mcp-Protocol-Version", "2026-07-28"],
      ["Mcp-Method", "constructor"],
      ["Mcp-Name", "\xff"],
    ),
    400,
  ],
  ["a key in the place of a method", plus(["Mcp-Method", key]), 400],
  ["a gzip bomb", opening([...base, ["Content-Encoding", "gzip"]], { body: bomb }), 415],
  ["gzip that is none", plus(["Content-Encoding", "gzip"]), 415],
  ["brotli that is none", plus(["Content-Encoding", "br"]), 415],
  ["an unknown encoding", plus(["Content-Encoding", "compress"]), 415],
  ["an encoding twice over", plus(["Content-Encoding", "gzip, gzip"]), 415],
  [
    "an unknown charset",
    opening([host, auth, ["Content-Type", "application/json; charset=koi8-r"]]),
    415,
  ],
  [
    "a charset that is none",
    opening([
      host,
      auth,
      ["Content-Type", 'application/json; charset="'],
      ["Accept", mcpHeaders.Accept],
    ]),
    200,
    400,
    415,
  ],
  ["a type that is none", opening([host, auth, ["Content-Type", "\xff/\x80;;="]]), 415],
];

test("hostile requests are answered or cut, and the next good call works", async () => {
  const served = await serveHostile();
  await Promise.all(
    cases.map(async ([name, sent, ...statuses]) => {
      const bytes = typeof sent === "string" ? Buffer.from(sent, "latin1") : written(sent);
      const received = await exchange(served.url, bytes);
      expect(statuses, `${name}: ${received.slice(0, 300)}`).toContain(statusOf(received));
      expectClean(received, bytes);
      if (received !== "") expect(received, name).toMatch(/^x-request-id: [\w-]{36}\r$/im);
    }),
  );
  await expectAlive(served);
});

test("pipelined requests are answered in turn, and garbage behind them ends the connection", async () => {
  const { url } = await serveHostile({ limits: {} });
  const one = openSocket(url);
  const statuses = () =>
    [...one.received.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  const health = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const nowhere = health.replace("healthz", "nowhere");
  one.socket.write(
    Buffer.concat([Buffer.from(health), written(opening(base)), Buffer.from(nowhere)]),
  );
  await vi.waitUntil(() => statuses().length === 3 && one.received.endsWith("}"), patience);
  one.socket.write("\x01");
  await vi.waitUntil(() => one.ended, patience);
  expect(statuses()).toEqual(["200", "200", "404", "400"]);
});

test.each([
  ["--auth maton", { auth: "maton", authTokens: [] }, ["X-Maton-Api-Key", "Authorization"]],
  ["--auth maton with tokens", { auth: "maton" }, ["X-Maton-Api-Key"]],
  ["--auth token", { auth: "token" }, []],
] as const)("%s: a credential that is there twice lets nobody in", async (_, options, names) => {
  const makers: unknown[] = [];
  const { url, sessions } = await serveHostile({
    ...options,
    authTokens: "authTokens" in options ? [] : [token, other],
    makeServer: (caller) => {
      makers.push(caller);
      throw new Error("never made");
    },
  });
  const value = {
    "X-Maton-Api-Key": (one: string) => one,
    Authorization: (one: string) => `Bearer ${one}`,
  };
  const pairs = [...names, "Authorization" as const];
  const padding = fc.integer({ min: 0, max: 40 });
  const spelled = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase());
  const secret = fc.constantFrom(token, other, key, "x", "");
  await fc.assert(
    fc.asyncProperty(
      fc
        .constantFrom(...pairs)
        .chain((name) => fc.tuple(fc.constant(name), spelled(name), spelled(name))),
      fc.tuple(secret, secret, padding, padding),
      async ([name, one, two], [a, b, before, between]) => {
        const headers: Pairs = [
          ...[host, ...json, ...many(before)],
          ...(name === "Authorization" ? [] : [auth]),
          ...[[one, value[name](a)] as const, ...many(between), [two, value[name](b)] as const],
        ];
        expect(statusOf(await exchange(url, written(opening(headers))))).toBe(400);
      },
    ),
    { numRuns: 25 },
  );
  expect([makers, sessions()]).toEqual([[], 0]);
});

const wildText = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "__proto__",
    "0",
    "-1",
    "chunked",
    "gzip",
    "close",
    "\0",
    "\x7f",
    "\xff",
    " ",
    ",",
    "\r\n\r\n",
    "\r\nHost: evil",
  ),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 30 })
    .map((codes) => String.fromCharCode(...codes)),
);
const names = [
  ...["Host", "Origin", "Authorization", "X-Maton-Api-Key", "Maton-Connection", "Mcp-Session-Id"],
  ...["Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID", "Accept", "Content-Type"],
  ...["Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection", "Expect", "Upgrade"],
  ...[
    "X-Bigin-Read-Only",
    "X-Bigin-Toolsets",
    "TE",
    "Trailer",
    "Cookie",
    "__proto__",
    "X-Request-Id",
  ],
];
const values = [
  ...[
    "127.0.0.1",
    "http://localhost",
    `Bearer ${token}`,
    key,
    "2026-07-28",
    "2025-11-25",
    "tools/call",
  ],
  ...[
    "bigin_list_records",
    "application/json",
    "text/event-stream",
    "chunked",
    "5",
    "100-continue",
    "true",
  ],
  ...[
    "records",
    "gzip",
    "identity",
    "close",
    "keep-alive",
    "websocket",
    "application/json; charset=utf-16",
  ],
];
const mostly = <T>(usual: readonly T[], rare: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constantFrom(...usual), weight: 5 }, { arbitrary: rare, weight: 1 });
const hostile: fc.Arbitrary<Hostile> = fc.record({
  line: fc
    .tuple(
      mostly(
        ["POST", "POST", "GET", "DELETE", "HEAD", "OPTIONS", "TRACE", "PUT", "QUERY"],
        wildText,
      ),
      mostly(
        ["/mcp", "/mcp", "/sse", "/messages?sessionId=x", "/healthz", "//", "/mcp?a[__proto__]=1"],
        wildText,
      ),
      mostly(["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"], wildText),
    )
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

test("any bytes in the shape of a request are answered or cut, and the next good call works", async () => {
  const served = await serveHostile();
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 60, maxLength: 60 }), async (all) => {
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
