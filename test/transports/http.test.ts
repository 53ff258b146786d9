import { expect, test } from "vitest";
import { makeEchoServer } from "../support/echo.ts";
import {
  bytesOf,
  callTool,
  initialize,
  keptLog,
  modern,
  openSocket,
  post,
  send,
  start,
  until,
} from "../support/http.ts";

test("every line about a request has the id of its answer", async () => {
  const { log, lines } = keptLog();
  const failing = { sessions: false, all: false };
  const { url, sessions } = await start({
    log,
    limits: { sessionIdleMs: 0, reapEveryMs: 5 },
    makeServer: (caller) => {
      if (failing.all) throw new Error(`no server for ${caller.matonKey}`);
      const server = makeEchoServer(caller);
      if (failing.sessions)
        server.onclose = () => {
          throw new Error("it will not end");
        };
      return server;
    },
    auth: "maton",
  });
  const key = { "X-Maton-Api-Key": "key-of-ada-0123456789" };
  const { message, headers } = modern(callTool("echo"));
  const ids: unknown[] = [];
  const idOf = (answer: { headers: Record<string, unknown> }) =>
    void ids.push(answer.headers["x-request-id"]);

  idOf(await send(`${url}/healthz`, { headers: { Host: "evil.example" } }));
  idOf(await send(`${url}/healthz`, { headers: { Origin: "https://evil.example" } }));
  const broken = openSocket(url);
  broken.socket.write(bytesOf("GET /healthz", { "X\x01": "a" }));
  await until(() => broken.ended);
  idOf({ headers: { "x-request-id": /X-Request-Id: (\S+)/.exec(broken.received)?.[1] } });
  const refused = { ...headers, ...key, "Mcp-Method": "tools/list" };
  idOf(await post(`${url}/mcp`, message, refused));
  idOf(await post(`${url}/mcp`, message, { ...refused, "Mcp-Protocol-Version": "2099-01-01" }));
  const close = async () => {
    idOf(await post(`${url}/mcp`, initialize("2025-11-25"), key));
    await until(() => sessions() === 0);
  };
  await close();
  failing.sessions = true;
  await close();
  ids.push(ids.at(-1)); // one line says that it is idle, one that it does not close
  failing.all = true;
  idOf(await post(`${url}/mcp`, initialize("2025-11-25"), key));
  idOf(await send(`${url}/sse`, { headers: key }));
  idOf(await post(`${url}/mcp`, message, { ...headers, ...key }));

  await until(() => lines.length >= ids.length);
  expect(lines.map(({ id, message: said }) => [said, id])).toEqual(
    [
      "refused a foreign Host",
      "refused a foreign Origin",
      "an HTTP request could not be read",
      "an MCP request was not served",
      "an MCP request was not served",
      "closed an idle session",
      "closed an idle session",
      "a session did not close",
      "an HTTP request failed",
      "an HTTP request failed",
      "an MCP request was not served",
    ].map((said, at) => [said, ids[at]]),
  );
  expect(new Set(ids).size).toBe(10);
  expect(JSON.stringify(lines.at(-1))).toContain("no server for");
  expect(JSON.stringify(lines)).not.toContain("key-of-ada");
});
