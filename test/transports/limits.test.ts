import { once } from "node:events";
import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Caller } from "../../src/transports/auth.ts";
import { createRateLimit, defaultLimits } from "../../src/transports/limits.ts";
import { makeEchoServer } from "../support/echo.ts";
import {
  bytesOf,
  bytesOfPost,
  callTool,
  endpointOf,
  initialize,
  keptLog,
  modern,
  openSession,
  openSocket,
  openStream,
  post,
  send,
  start,
  until,
} from "../support/http.ts";
import { fakeTimers } from "../support/simulated-time.ts";

test("a caller over the rate limit gets a 429 with the time to wait; others are not affected", async () => {
  const { url } = await start({ auth: "maton", limits: { requestsPerMinute: 3 } });
  const ask = (name: string) =>
    post(`${url}/mcp`, initialize("2025-11-25"), { "X-Maton-Api-Key": name });
  const answers = [await ask("ada"), await ask("ada"), await ask("ada"), await ask("ada")];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  const wait = Number(answers[3]?.headers["retry-after"]);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(60);
  expect((await ask("bob")).status).toBe(200);
});

test("the rate limit starts again after a minute, and forgets the first callers when there are too many", () => {
  fakeTimers(["performance"]);
  const count = createRateLimit({ ...defaultLimits, requestsPerMinute: 1, countedCallers: 100 });
  const isRefused = (caller: string) => {
    try {
      count(caller);
      return false;
    } catch {
      return true;
    }
  };
  expect([isRefused("ada"), isRefused("ada")]).toEqual([false, true]);
  vi.advanceTimersByTime(59_000);
  expect(isRefused("ada")).toBe(true);
  vi.advanceTimersByTime(1_000);
  expect([isRefused("ada"), isRefused("ada")]).toEqual([false, true]);
  for (let at = 0; at < 99; at += 1) count(`made up ${at}`);
  expect(isRefused("ada")).toBe(true);
  count("one more");
  expect([isRefused("ada"), isRefused("made up 98")]).toEqual([false, true]);
});

/** Sends text one character at a time, over and over, until the socket is closed. */
function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.writable) socket.write(text[at % text.length] ?? "");
    at += 1;
  }, 3);
  socket.once("close", () => clearInterval(timer));
  onTestFinished(() => clearInterval(timer));
}

const head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
const slowHeaders = `${head}X-Slow: ${"a".repeat(9000)}`;
const hang = modern(callTool("hang"));

const slowClients: Record<string, (one: ReturnType<typeof openSocket>) => unknown> = {
  "says nothing": () => undefined,
  "sends its headers slowly": ({ socket }) => drip(socket, slowHeaders),
  "sends its body slowly": ({ socket }) => {
    socket.write(`${head}Content-Length: 99999\r\n\r\n`);
    drip(socket, "[");
  },
  "holds back the body of a refused request": ({ socket }) =>
    socket.write(`${head.replace("/mcp", "/x")}Content-Length: 9\r\n\r\n`),
  "says nothing after a response": ({ socket }) => socket.write(bytesOf("GET /healthz")),
  "hangs up in its body": ({ socket }) => socket.end(`${head}Content-Length: 9\r\n\r\n[`),
  "hangs up on a stream": ({ socket }) => socket.end(bytesOf("GET /sse")),
  "hangs up during a call": ({ socket }) => socket.end(bytesOfPost(hang.message, hang.headers)),
};

test("slow clients, and those that hang up, are disconnected and leave no session", async () => {
  const limits = { headersMs: 60, requestMs: 120, idleSocketMs: 60 };
  const { url, sessions } = await start({ limits });
  const clients = Object.entries(slowClients).map(([name, act]) => {
    const one = openSocket(url);
    act(one);
    return [name, one] as const;
  });
  const connected = () => clients.filter(([, one]) => !one.ended).map(([name]) => name);
  await vi.waitFor(() => expect(connected()).toEqual([]), 5000);
  await until(() => sessions() === 0);
  expect((await send(`${url}/healthz`)).status).toBe(200);
});

/** More than the operating system buffers for a client that does not read. */
const bytes = 20_000_000;
const filling = "x".repeat(bytes);
const disconnected = "disconnected a client that does not read";

/** A server with a tool that has a long result, and one that sends a long notification on the session's own stream. */
function makeLongServer(caller: Caller) {
  const server = makeEchoServer(caller);
  server.registerCapabilities({ logging: {} });
  server.setRequestHandler("tools/call", async ({ params: { name } }, { mcpReq }) => {
    const log = { method: "notifications/message", params: { level: "info", data: filling } };
    if (name === "announce") await server.notification(log);
    if (name === "hang") await once(mcpReq.signal, "abort");
    return { content: [{ type: "text", text: name === "long" ? filling : "" }] };
  });
  return server;
}

const long = modern(callTool("long"));

/** An `/sse` stream that is not read from, and how to ask for a long result on it. */
async function openUnreadSse(url: string) {
  const one = openSocket(url);
  one.socket.write(bytesOf("GET /sse"));
  const endpoint = await endpointOf(url, one);
  await post(endpoint, initialize("2024-11-05"));
  one.socket.pause();
  return { one, ask: () => post(endpoint, callTool("long")) };
}

/** How to ask for something long without reading it. Each returns the socket that is not read from. */
const unread: Record<string, (url: string) => Promise<ReturnType<typeof openSocket>>> = {
  "a response of 2026-07-28": async (url) => {
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(long.message, long.headers));
    return one;
  },
  "a response in a session": async (url) => {
    const session = { "Mcp-Session-Id": await openSession(url) };
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(callTool("long"), session));
    return one;
  },
  "a response, but goes on sending": async (url) => {
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(long.message, long.headers));
    drip(one.socket, slowHeaders);
    return one;
  },
  "the stream of a session": async (url) => {
    const session = { "Mcp-Session-Id": await openSession(url) };
    const one = openSocket(url);
    one.socket.write(bytesOf("GET /mcp", { ...session, Accept: "text/event-stream" }));
    await until(() => one.received.includes("\r\n\r\n"));
    one.socket.pause();
    await post(`${url}/mcp`, callTool("announce"), session);
    return one;
  },
  "an /sse stream": async (url) => {
    const { one, ask } = await openUnreadSse(url);
    await ask();
    return one;
  },
};

test.each(Object.entries(unread))(
  "a client that does not read %s is disconnected",
  async (_, open) => {
    const { log, lines } = keptLog();
    const { url } = await start({ log, limits: { unreadMs: 60 }, makeServer: makeLongServer });
    const one = await open(url);
    await until(() => lines.length > 0);
    one.socket.resume();
    await until(() => one.ended);
    expect(one.received.length).toBeLessThan(bytes);
    const id = expect.stringMatching(/^[\w-]{36}$/);
    expect(lines).toMatchObject([{ id, message: disconnected }]);
    // If the client went on sending, the system drops what it had not read yet, the id included.
    if (one.received !== "") expect(one.received).toContain(lines[0]?.id);
    expect((await send(`${url}/healthz`)).status).toBe(200);
  },
);

/** An `/sse` stream with two results waiting. The client reads one when the test says so, and so does the server check. */
async function readInSteps(unreadBytes: number) {
  fakeTimers(["setInterval"]);
  const { log, lines } = keptLog();
  const limits = { unreadBytes, unreadMs: 4_000_000, keepAliveMs: 1_000_000_000 };
  const { url } = await start({ log, limits, makeServer: makeLongServer });
  const { one, ask } = await openUnreadSse(url);
  await ask();
  await ask();
  let upTo = 0;
  one.socket.on("data", () => {
    if (one.received.length > upTo) one.socket.pause();
  });
  return {
    lines,
    check: (times: number) => vi.advanceTimersByTime(times * 1_000_000),
    async read() {
      upTo += bytes + 10_000;
      one.socket.resume();
      await until(() => one.received.length > upTo);
      // Waiting results are written together: this one is written when the client has read those before it.
      await ask();
    },
  };
}

test("a client that reads something between the checks stays connected; one that reads nothing does not", async () => {
  const { lines, check, read } = await readInSteps(1e9);
  for (const _ of [1, 2]) {
    check(3);
    await read();
  }
  check(3);
  expect(lines).toEqual([]);
  check(2);
  expect(lines).toMatchObject([{ message: disconnected }]);
});

test("a client with too much buffered at every check is disconnected, though it reads something", async () => {
  const { lines, check, read } = await readInSteps(1_000_000);
  check(2);
  await read();
  check(1);
  expect(lines).toEqual([]);
  check(1);
  expect(lines).toMatchObject([{ message: disconnected }]);
});

test("clients without anything to read stay connected, on a quiet stream and in a long call", async () => {
  const { log, lines } = keptLog();
  const { url } = await start({ log, limits: { unreadMs: 20 }, makeServer: makeLongServer });
  const stream = await openStream(`${url}/sse`);
  const call = openSocket(url);
  call.socket.write(bytesOfPost(hang.message, hang.headers));
  const deaf = openSocket(url);
  deaf.socket.pause().write(bytesOfPost(long.message, long.headers));
  await until(() => lines.length > 0);
  expect([stream.ended, call.ended, lines.length]).toEqual([false, false, 1]);
});
