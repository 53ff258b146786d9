import { once } from "node:events";
import { request } from "node:http";
import { expect, test, vi } from "vitest";
import { makeEchoServer } from "../support/echo.ts";
import {
  callTool,
  endpointOf,
  errorOf,
  initialize,
  mcpHeaders,
  messageOf,
  modern,
  openSession,
  openStream,
  post,
  send,
  start,
  until,
} from "../support/http.ts";
import { fakeTimers } from "../support/simulated-time.ts";

const alice = { "X-Maton-Api-Key": "alice" };
const bob = { "X-Maton-Api-Key": "bob" };

test("a request of the older revisions without a session gets a 400", async () => {
  const { url } = await start();
  expect((await post(`${url}/mcp`, callTool("echo"))).status).toBe(400);
  expect((await send(`${url}/mcp`, { headers: { Accept: "text/event-stream" } })).status).toBe(400);
  expect((await send(`${url}/mcp`, { method: "DELETE" })).status).toBe(400);
  expect((await post(`${url}/messages`, callTool("echo"))).status).toBe(400);
});

test("a request for an unknown session gets a 404", async () => {
  const { url } = await start();
  const headers = { "Mcp-Session-Id": "6f7b5b0e-7a0e-4a8e-9d5c-000000000000" };
  const answers = [
    await post(`${url}/mcp`, callTool("echo"), headers),
    await send(`${url}/mcp`, { headers: { ...headers, Accept: "text/event-stream" } }),
    await send(`${url}/mcp`, { method: "DELETE", headers }),
    await post(`${url}/messages?sessionId=unknown`, callTool("echo")),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe(-32001);
  }
});

test("the session of another credential gets the same 404, over /mcp", async () => {
  const { url, sessions } = await start({ auth: "maton", authTokens: ["one", "two"] });
  const owner = { Authorization: "Bearer one", ...alice };
  const headers = { "Mcp-Session-Id": await openSession(url, owner) };
  const unknown = await post(`${url}/mcp`, callTool("whoami"), {
    ...owner,
    "Mcp-Session-Id": "none",
  });
  const strangers = [
    { Authorization: "Bearer two", ...alice },
    { Authorization: "Bearer one", ...bob },
  ];
  for (const stranger of strangers) {
    const answer = await post(`${url}/mcp`, callTool("whoami"), { ...stranger, ...headers });
    expect([answer.status, answer.body]).toEqual([404, unknown.body]);
    await send(`${url}/mcp`, { method: "DELETE", headers: { ...stranger, ...headers } });
  }
  expect(sessions()).toBe(1);
  const own = await post(`${url}/mcp`, callTool("whoami"), { ...owner, ...headers });
  expect(messageOf(own).result.content[0].text).toBe('{"matonKey":"alice"}');
});

test("the session of another credential gets the same 404, over /sse", async () => {
  const { url } = await start({ auth: "maton" });
  const stream = await openStream(`${url}/sse`, alice);
  const endpoint = await endpointOf(url, stream);
  expect((await post(endpoint, initialize("2024-11-05"), bob)).status).toBe(404);
  expect((await post(endpoint, initialize("2024-11-05"))).status).toBe(401);
  expect((await post(endpoint, initialize("2024-11-05"), alice)).status).toBe(202);
  await post(endpoint, callTool("whoami"), alice);
  await until(() => stream.received.includes('{\\"matonKey\\":\\"alice\\"}'));
});

test("a session of one transport cannot be used through the other", async () => {
  const { url } = await start();
  const id = await openSession(url);
  expect((await post(`${url}/messages?sessionId=${id}`, callTool("echo"))).status).toBe(404);
  const stream = await openStream(`${url}/sse`);
  const endpoint = await endpointOf(url, stream);
  const sseId = new URL(endpoint).searchParams.get("sessionId") ?? "";
  expect((await post(`${url}/mcp`, callTool("echo"), { "Mcp-Session-Id": sseId })).status).toBe(
    404,
  );
});

test("/messages refuses what is not one JSON-RPC message", async () => {
  const { url } = await start();
  const stream = await openStream(`${url}/sse`);
  const endpoint = await endpointOf(url, stream);
  for (const body of ["{}", '"text"', "null", "[]"]) {
    const answer = await post(endpoint, body);
    expect([answer.status, errorOf(answer).code]).toEqual([400, -32600]);
  }
});

test("two requests with the same id at the same time: the second is refused, the first is served", async () => {
  const { url, sessions } = await start();
  const session = { "Mcp-Session-Id": await openSession(url) };
  const first = post(`${url}/mcp`, callTool("hang", {}, 7), session);
  const other = { "Mcp-Session-Id": await openSession(url) };
  const elsewhere = post(`${url}/mcp`, callTool("echo", { n: 1 }, 7), other);
  expect(messageOf(await elsewhere)).toMatchObject({ id: 7, result: {} });
  const call = (name: string, id: number) => post(`${url}/mcp`, callTool(name, {}, id), session);
  expect(messageOf(await call("echo", 8))).toMatchObject({ id: 8 });
  expect((await call("echo", 7)).status).toBe(400);
  const params = { requestId: 7 };
  await post(`${url}/mcp`, { jsonrpc: "2.0", method: "notifications/cancelled", params }, session);
  await send(`${url}/mcp`, { method: "DELETE", headers: session });
  expect((await first).status).toBe(200);
  expect(sessions()).toBe(1);
});

test("an initialize that the transport refuses leaves no session", async () => {
  const { url, sessions } = await start();
  const answer = await post(`${url}/mcp`, initialize("2025-11-25"), { Accept: "application/json" });
  expect(answer.status).toBe(406);
  const twice = [initialize("2025-03-26"), { ...initialize("2025-03-26"), id: 2 }];
  expect((await post(`${url}/mcp`, twice)).status).toBe(400);
  expect(sessions()).toBe(0);
});

test("sessions beyond the limit are refused until one ends", async () => {
  const { url, sessions } = await start({ limits: { sessions: 2 } });
  const first = await openSession(url);
  await openStream(`${url}/sse`);
  const refused = [await post(`${url}/mcp`, initialize("2025-11-25")), await send(`${url}/sse`)];
  for (const answer of refused) {
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("60");
    expect(errorOf(answer).message).toContain("session");
  }
  await send(`${url}/mcp`, { method: "DELETE", headers: { "Mcp-Session-Id": first } });
  await openSession(url);
  expect(sessions()).toBe(2);
});

test("SSE sessions have a limit of their own", async () => {
  const { url } = await start({ limits: { sseStreams: 1 } });
  await openStream(`${url}/sse`);
  expect((await send(`${url}/sse`)).status).toBe(503);
  await openSession(url);
});

test("the limit holds when many sessions are opened at once", async () => {
  const { url, sessions } = await start({ limits: { sessions: 3 } });
  const all = Array.from({ length: 20 }, () => post(`${url}/mcp`, initialize("2025-11-25")));
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  expect(statuses.filter((status) => status === 503)).toHaveLength(17);
  expect(sessions()).toBe(3);
});

test("an idle session is closed, with its transport and server", async () => {
  let closed = 0;
  const { url, sessions } = await start({
    limits: { sessionIdleMs: 30, sessionCheckMs: 10 },
    makeServer: (caller) => {
      const server = makeEchoServer(caller);
      server.onclose = () => {
        closed += 1;
      };
      return server;
    },
  });
  const id = await openSession(url);
  await until(() => sessions() === 0);
  expect(closed).toBe(1);
  expect((await post(`${url}/mcp`, callTool("echo"), { "Mcp-Session-Id": id })).status).toBe(404);
});

test("a session is idle without an open stream or a request in progress, and only then", async () => {
  // Only this clock decides what is idle, so a slow machine closes nothing early.
  fakeTimers(["performance"]);
  const { url, sessions } = await start({ limits: { sessionIdleMs: 60_000, sessionCheckMs: 10 } });
  const idleUntil = (count: number) =>
    until(() => {
      vi.advanceTimersByTime(61_000);
      return sessions() === count;
    });
  const headers = { Accept: "text/event-stream" };
  const listening = await openSession(url);
  const stream = await openStream(`${url}/mcp`, { ...headers, "Mcp-Session-Id": listening });
  const sse = await openStream(`${url}/sse`);
  const calling = await openSession(url);
  const call = post(`${url}/mcp`, callTool("hang"), { "Mcp-Session-Id": calling });
  await openSession(url);
  expect(sessions()).toBe(4);
  // The fourth is closed, the three in use are not.
  await idleUntil(3);
  stream.hangUp();
  await idleUntil(2);
  sse.hangUp();
  await idleUntil(1);
  const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 2 } };
  await post(`${url}/mcp`, cancel, { "Mcp-Session-Id": calling });
  const ended = send(`${url}/mcp`, { method: "DELETE", headers: { "Mcp-Session-Id": calling } });
  await Promise.all([call, ended]);
  expect(sessions()).toBe(0);
});

test.each(["/sse", "/mcp"])("comments keep a stream on %s alive", async (path) => {
  const { url } = await start({ limits: { keepAliveMs: 10 } });
  const headers = { Accept: "text/event-stream", "Mcp-Session-Id": await openSession(url) };
  const stream = await openStream(url + path, headers);
  await until(() => stream.received.split(/^: ?keep-?alive$/m).length > 3);
});

test("close() ends streams, calls and sessions, and accepts nothing more", async () => {
  let made = 0;
  const server = await start({
    makeServer: (caller) => {
      made += 1;
      return makeEchoServer(caller);
    },
  });
  const { url, sessions } = server;
  const sse = await openStream(`${url}/sse`);
  const id = await openSession(url);
  const stream = await openStream(`${url}/mcp`, {
    Accept: "text/event-stream",
    "Mcp-Session-Id": id,
  });
  const call = post(`${url}/mcp`, callTool("hang"), { "Mcp-Session-Id": id });
  const { message, headers } = modern(callTool("hang"));
  const newest = post(`${url}/mcp`, message, headers);
  await openSession(url);
  expect(sessions()).toBe(3);
  // One server for each session, and one for the call of 2026-07-28.
  await until(() => made === 4);
  await server.close();
  expect(sessions()).toBe(0);
  // Both got a response when their servers closed; no socket had to be destroyed.
  expect([(await call).status, (await newest).status]).toEqual([200, 499]);
  await until(() => sse.ended && stream.ended);
  await expect(send(`${url}/healthz`)).rejects.toThrow("ECONNREFUSED");
  await server.close();
});

test.each([
  ["an initialize", { message: initialize("2025-11-25"), headers: {} }],
  ["a call of 2026-07-28", modern(callTool("echo"))],
])("%s that arrives while the server closes is refused", async (_, { message, headers }) => {
  const server = await start();
  const body = JSON.stringify(message);
  const outgoing = request(`${server.url}/mcp`, {
    method: "POST",
    headers: { ...mcpHeaders, ...headers },
    agent: false,
  });
  outgoing.write(body.slice(0, 10));
  await once(outgoing, "socket").then(([socket]) => once(socket, "connect"));
  // The response to a later request shows that the headers of the first have been read.
  await send(`${server.url}/healthz`);
  const closed = server.close();
  outgoing.end(body.slice(10));
  const [answer] = await once(outgoing, "response");
  expect(answer.statusCode).toBe(503);
  answer.resume();
  await closed;
  expect(server.sessions()).toBe(0);
});

test("close() does not wait for a client that never finishes its request", async () => {
  const server = await start();
  const outgoing = request(`${server.url}/mcp`, {
    method: "POST",
    headers: mcpHeaders,
    agent: false,
  });
  outgoing.write("{");
  await once(outgoing, "socket").then(([socket]) => once(socket, "connect"));
  await send(`${server.url}/healthz`);
  const cut = once(outgoing, "error");
  await server.close();
  expect(await cut).toMatchObject([{ code: "ECONNRESET" }]);
});
