import type { Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../../src/transports/caller.ts";
import { makeEchoServer } from "./echo.ts";
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
} from "./support.ts";

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
  server.setRequestHandler("tools/call", async ({ params }) => {
    if (params.name === "announce")
      await server.notification({
        method: "notifications/message",
        params: { level: "info", data: filling },
      });
    return { content: [{ type: "text", text: params.name === "long" ? filling : "" }] };
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
  const id = /X-Request-Id: (\S+)/i.exec(one.received)?.[1];
  expect(lines).toMatchObject([{ id, message: "cut a client that does not read" }]);
  expect(id).toBeTruthy();
  expect((await send(`${url}/healthz`)).status).toBe(200);
});

test("a client that reads is not cut, neither on a quiet stream nor with a long answer", async () => {
  const { log, lines } = keptLog();
  const limits = { unreadMs: 20, keepAliveMs: 5 };
  const quiet = await start({ log, limits });
  const stream = await openStream(`${quiet.url}/sse`);
  await until(() => stream.received.split("keep-alive").length > 40);
  expect([stream.ended, lines]).toEqual([false, []]);
  const { url } = await start({ log, makeServer: makeLongServer });
  const answer = await post(`${url}/mcp`, long.message, long.headers);
  expect(answer.body.length).toBeGreaterThan(bytes);
});
