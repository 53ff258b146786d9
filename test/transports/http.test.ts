import { createServer } from "node:net";
import { expect, test } from "vitest";
import type { HttpOptions } from "../../src/transports/http.ts";
import { makeEchoServer } from "../support/echo.ts";
import {
  bytesOf,
  callTool,
  errorOf,
  initialize,
  keptLog,
  modern,
  openSocket,
  post,
  send,
  start,
  until,
} from "../support/http.ts";

const key = { "X-Maton-Api-Key": "key-of-ada-0123456789" };

test("/healthz says ok and needs no token; an unknown path is a JSON 404", async () => {
  const { url } = await start({ authTokens: ["secret"] });
  const health = await send(`${url}/healthz`);
  expect([health.status, health.body]).toEqual([200, '{"status":"ok"}']);
  const unknown = await send(`${url}/.well-known/oauth-protected-resource`);
  expect(unknown.status).toBe(404);
  expect(errorOf(unknown).message).toContain("/mcp");
  const ids = [health, unknown].map(({ headers }) => String(headers["x-request-id"]));
  expect(ids.map((id) => id.length)).toEqual([36, 36]);
  expect(ids[0]).not.toBe(ids[1]);
});

test("a route refuses other methods and says which it has", async () => {
  const { url, sessions } = await start();
  for (const route of [
    "PUT /mcp",
    "OPTIONS /mcp",
    "HEAD /mcp",
    "POST /sse",
    "HEAD /sse",
    "GET /messages",
  ]) {
    const [method = "", path] = route.split(" ");
    const answer = await send(url + path, { method });
    expect([answer.status, answer.headers.allow], route).toEqual([405, expect.any(String)]);
  }
  expect(sessions()).toBe(0);
});

test("the server listens on IPv6 loopback and names it in its address", async () => {
  for (const host of ["::1", "[::1]"]) {
    const { url } = await start({ host });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await send(`${url}/healthz`)).status).toBe(200);
  }
});

test("if it cannot listen, one sentence says why; after close the port is free", async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  await expect(start({ port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is already in use: stop the program that uses it, or choose another with --port.`,
  );
  await expect(start({ host: "192.0.2.1", authTokens: ["t"] })).rejects.toThrow(
    "192.0.2.1 is not an address of this machine: choose another with --host.",
  );
  await first.close();
  const other = createServer();
  await new Promise<void>((resolve, reject) => {
    other.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  other.close();
});

test("if no server can be made, the response is a 500 without details, and no session is left", async () => {
  const { log, lines } = keptLog();
  const makeServer: HttpOptions["makeServer"] = ({ matonKey }) => {
    throw new Error(`no server for ${matonKey}`);
  };
  const { url, sessions } = await start({ makeServer, log, auth: "maton" });
  const { message, headers } = modern(callTool("echo"));
  const answers = [
    await post(`${url}/mcp`, initialize("2025-11-25"), key),
    await send(`${url}/sse`, { headers: key }),
    await post(`${url}/mcp`, message, { ...headers, ...key }),
  ];
  for (const answer of answers) {
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({ code: -32603, message: "Internal server error." });
  }
  expect(lines.map(({ id }) => id)).toEqual(answers.map((one) => one.headers["x-request-id"]));
  for (const { err } of lines) expect(err).toMatchObject({ message: "no server for [key]" });
  expect(JSON.stringify(lines)).not.toContain("key-of-ada");
  expect(sessions()).toBe(0);
});

test("each log line about a request has the id of its response, and none has the caller's key", async () => {
  const { log, lines } = keptLog();
  let closeFails = false;
  const { url, sessions } = await start({
    log,
    limits: { sessionIdleMs: 0, sessionCheckMs: 5 },
    auth: "maton",
    makeServer: (caller) => {
      const server = makeEchoServer(caller);
      server.onclose = () => {
        if (closeFails) throw new Error("cannot close");
      };
      return server;
    },
  });
  const expected: [string, unknown][] = [];
  const note = (message: string, { headers }: { headers: Record<string, unknown> }) =>
    void expected.push([message, headers["x-request-id"]]);

  const health = (headers: Record<string, string>) => send(`${url}/healthz`, { headers });
  note("refused a foreign Host", await health({ Host: "key-of-ada-0123456789", ...key }));
  note("refused a foreign Origin", await health({ Origin: "https://evil.example" }));
  const broken = openSocket(url);
  broken.socket.write(bytesOf("GET /healthz", { "X\x01": "a" }));
  await until(() => broken.ended);
  const id = /X-Request-Id: (\S+)/.exec(broken.received)?.[1];
  note("received a malformed HTTP request", { headers: { "x-request-id": id } });
  const { message, headers } = modern(callTool("echo"));
  for (const wrong of [{ "Mcp-Method": "tools/list" }, { "Mcp-Protocol-Version": "2099-01-01" }]) {
    const answer = await post(`${url}/mcp`, message, { ...headers, ...key, ...wrong });
    note("refused an MCP request", answer);
  }
  const open = async () => {
    const answer = await post(`${url}/mcp`, initialize("2025-11-25"), key);
    note("closed an idle session", answer);
    await until(() => sessions() === 0);
    return answer;
  };
  await open();
  closeFails = true;
  note("closing a session failed", await open());

  await until(() => lines.length >= expected.length);
  expect(lines.map((line) => [line.message, line.id])).toEqual(expected);
  expect(JSON.stringify(lines)).not.toContain("key-of-ada");
});
