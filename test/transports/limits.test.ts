import { once } from "node:events";
import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Caller } from "../../src/transports/caller.ts";
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

/** Sends text a character at a time, over and over, until the socket is closed. */
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

test.each<[string, (one: ReturnType<typeof openSocket>) => unknown]>([
  ["says nothing", () => undefined],
  ["sends line ends", ({ socket }) => drip(socket, "\r\n")],
  ["sends half of its headers", ({ socket }) => socket.write(`${head}X-Slow: `)],
  ["sends its headers slowly", ({ socket }) => drip(socket, `${head}X-Slow: ${"a".repeat(9000)}`)],
  ["sends no body", ({ socket }) => socket.write(`${head}Content-Length: 9\r\n\r\n`)],
  [
    "sends its body slowly",
    ({ socket }) => {
      socket.write(`${head}Content-Length: 99999\r\n\r\n`);
      drip(socket, "[");
    },
  ],
  [
    "sends chunks without end",
    ({ socket }) => {
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      drip(socket, "1\r\n[\r\n");
    },
  ],
  [
    "holds a body back that nobody wants",
    ({ socket }) => socket.write(`${head.replace("/mcp", "/x")}Content-Length: 9\r\n\r\n`),
  ],
  ["says nothing after an answer", ({ socket }) => socket.write(bytesOf("GET /healthz"))],
  [
    "is slow with its second request",
    async (one) => {
      one.socket.write(bytesOf("GET /healthz"));
      await until(() => one.received.includes('"ok"'));
      drip(one.socket, `${head}X-Slow: ${"a".repeat(9000)}`);
    },
  ],
  ["hangs up at once", ({ socket }) => socket.end()],
  ["hangs up in the middle", ({ socket }) => socket.end(head)],
  ["hangs up in its body", ({ socket }) => socket.end(`${head}Content-Length: 9\r\n\r\n[`)],
  ["hangs up while it waits", ({ socket }) => socket.end(bytesOf("GET /sse"))],
  [
    "hangs up during its call",
    ({ socket }) => {
      const { message, headers } = modern(callTool("hang"));
      socket.end(bytesOfPost(message, headers));
    },
  ],
])("a client that %s is dropped", async (_, act) => {
  const limits = { headersMs: 60, requestMs: 120, idleSocketMs: 60 };
  const { url, sessions } = await start({ limits });
  const one = openSocket(url);
  await act(one);
  await until(() => one.ended);
  await until(() => sessions() === 0);
  expect((await send(`${url}/healthz`)).status).toBe(200);
});

/** More than the system takes for a client that does not read. */
const bytes = 20_000_000;
const filling = "x".repeat(bytes);

/** A server with a tool that answers at length, and one that announces at length on a session's own stream. */
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

/** How each kind of answer is asked for and then not read. Gives back the socket that is not read from. */
const unread: Record<string, (url: string) => Promise<ReturnType<typeof openSocket>>> = {
  "an answer of 2026-07-28": async (url) => {
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(long.message, long.headers));
    return one;
  },
  "an answer of a session": async (url) => {
    const session = { "Mcp-Session-Id": await openSession(url) };
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(callTool("long"), session));
    return one;
  },
  "an answer, while it goes on sending": async (url) => {
    const one = openSocket(url);
    one.socket.pause().write(bytesOfPost(long.message, long.headers));
    drip(one.socket, `${head}X-Slow: ${"a".repeat(9000)}`);
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
    const one = openSocket(url);
    one.socket.write(bytesOf("GET /sse"));
    const endpoint = await endpointOf(url, one);
    await post(endpoint, initialize("2024-11-05"));
    one.socket.pause();
    await post(endpoint, callTool("long"));
    return one;
  },
};

test.each(Object.entries(unread))("a client that does not read %s is cut", async (_, open) => {
  const { log, lines } = keptLog();
  const { url } = await start({ log, limits: { unreadMs: 60 }, makeServer: makeLongServer });
  const one = await open(url);
  await until(() => lines.length > 0);
  one.socket.resume();
  await until(() => one.ended);
  expect(one.received.length).toBeLessThan(bytes);
  const id = expect.stringMatching(/^[\w-]{36}$/);
  expect(lines).toMatchObject([{ id, message: "cut a client that does not read" }]);
  // Where the client went on sending, the system throws away what it had not read yet, the id too.
  if (one.received !== "") expect(one.received).toContain(lines[0]?.id);
  expect((await send(`${url}/healthz`)).status).toBe(200);
});

/** An /sse stream with two answers waiting, of which the client takes one when told to; the server looks when told to. */
async function readInSteps(unreadBytes: number) {
  vi.useFakeTimers({ toFake: ["setInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { log, lines } = keptLog();
  const limits = { unreadBytes, unreadMs: 4_000_000, keepAliveMs: 1_000_000_000 };
  const { url } = await start({ log, limits, makeServer: makeLongServer });
  const one = openSocket(url);
  one.socket.write(bytesOf("GET /sse"));
  const endpoint = await endpointOf(url, one);
  await post(endpoint, initialize("2024-11-05"));
  one.socket.pause();
  const ask = () => post(endpoint, callTool("long"));
  await ask();
  await ask();
  let upTo = 0;
  one.socket.on("data", () => {
    if (one.received.length > upTo) one.socket.pause();
  });
  return {
    lines,
    look: (times: number) => vi.advanceTimersByTime(times * 1_000_000),
    async take() {
      upTo += bytes + 10_000;
      one.socket.resume();
      await until(() => one.received.length > upTo);
      // What waits is written together: this one will be written when the client has taken the one before it.
      await ask();
    },
  };
}

test("a client that takes something between the looks is not cut; one that takes nothing is", async () => {
  const { lines, look, take } = await readInSteps(1e9);
  for (const _ of [1, 2]) {
    look(3);
    await take();
  }
  look(3);
  expect(lines).toEqual([]);
  look(2);
  expect(lines).toMatchObject([{ message: "cut a client that does not read" }]);
});

test("a client for which too much waits at every look is cut, though it takes something", async () => {
  const { lines, look, take } = await readInSteps(1_000_000);
  look(2);
  await take();
  look(1);
  expect(lines).toEqual([]);
  look(1);
  expect(lines).toMatchObject([{ message: "cut a client that does not read" }]);
});

test("a client for which nothing waits is not cut, neither on a quiet stream nor in a long call", async () => {
  const { log, lines } = keptLog();
  const { url } = await start({ log, limits: { unreadMs: 20 }, makeServer: makeLongServer });
  const stream = await openStream(`${url}/sse`);
  const call = openSocket(url);
  const { message, headers } = modern(callTool("hang"));
  call.socket.write(bytesOfPost(message, headers));
  const deaf = openSocket(url);
  deaf.socket.pause().write(bytesOfPost(long.message, long.headers));
  await until(() => lines.length > 0);
  expect([stream.ended, call.ended, lines.length]).toEqual([false, false, 1]);
});
