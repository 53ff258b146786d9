import { createServer } from "node:net";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import { isLoopback, nameInUrl } from "../../src/transports/origin.ts";
import {
  errorOf,
  initialize,
  mcpHeaders,
  messageOf,
  openStream,
  post,
  send,
  silent,
  start,
} from "../support/http.ts";

const routes = [
  "GET /healthz",
  "POST /mcp",
  "GET /mcp",
  "DELETE /mcp",
  "GET /sse",
  "POST /messages",
  "GET /nowhere",
  "OPTIONS /mcp",
];
const foreign = [
  { Host: "evil.example" },
  { Host: "evil.example:8787" },
  { Host: "localhost.evil.example" },
  { Origin: "https://evil.example" },
  { Origin: "http://localhost.evil.example" },
  { Origin: "null" },
  { Origin: "file://" },
];

test.each(routes)("%s refuses a foreign Host and a foreign Origin", async (route) => {
  const { url } = await start();
  const [method = "", path] = route.split(" ");
  for (const headers of foreign) {
    const body = method === "POST" ? JSON.stringify(initialize("2025-11-25")) : "";
    const answer = await send(url + path, { method, headers: { ...mcpHeaders, ...headers }, body });
    expect(answer.status, JSON.stringify(headers)).toBe(403);
    expect(errorOf(answer).message).toMatch(/^Forbidden/);
  }
});

test.each(["localhost", "127.0.0.1:1234", "[::1]:8787"])(
  "takes Host %s, and it as Origin",
  async (name) => {
    const { url } = await start();
    const headers = { Host: name, Origin: `http://${name}` };
    expect((await send(`${url}/healthz`, { headers })).status).toBe(200);
    expect((await post(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(200);
  },
);

test("a foreign Host is refused before the body is read", async () => {
  const { url } = await start();
  expect((await post(`${url}/mcp`, "{not json", { Host: "evil.example" })).status).toBe(403);
});

test("/healthz says ok and needs no token", async () => {
  const { url } = await start({ authTokens: ["secret"] });
  const answer = await send(`${url}/healthz`);
  expect([answer.status, answer.body]).toEqual([200, '{"status":"ok"}']);
});

test("an unknown path is a JSON 404", async () => {
  const { url } = await start();
  const answer = await send(`${url}/.well-known/oauth-protected-resource`);
  expect(answer.status).toBe(404);
  expect(errorOf(answer).message).toContain("/mcp");
  expect(answer.headers["x-powered-by"]).toBeUndefined();
});

test.each(["/mcp", "/messages?sessionId=x"])(
  "%s refuses what is not a JSON body of fair size",
  async (path) => {
    const { url } = await start({ limits: { bodyBytes: 1000 } });
    const malformed = await post(url + path, '{"jsonrpc": ');
    expect([malformed.status, errorOf(malformed).code]).toEqual([400, -32700]);
    const large = await post(url + path, { padding: "x".repeat(1000) });
    expect(large.status).toBe(413);
    expect(errorOf(large).message).toContain("1000 bytes");
    const form = await post(url + path, "a=1", {
      "Content-Type": "application/x-www-form-urlencoded",
    });
    expect(form.status).toBe(415);
    errorOf(form);
    const charset = await post(url + path, "{}", {
      "Content-Type": "application/json; charset=koi8-r",
    });
    expect(charset.status).toBe(415);
    errorOf(charset);
  },
);

test("a body of up to 4 MiB is taken by default, in both eras, and a larger one is not", async () => {
  const { url } = await start();
  const text = "x".repeat(4_000_000);
  for (const mode of ["legacy", "auto"] as const) {
    const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    onTestFinished(() => client.close());
    const result = await client.callTool({ name: "echo", arguments: { text } });
    expect(JSON.stringify(result).length).toBeGreaterThan(4_000_000);
    const tooMuch = client.callTool({ name: "echo", arguments: { text: text + text } });
    await expect(tooMuch).rejects.toThrow(/4194304 bytes/);
  }
});

test.each([
  ["null", "null"],
  ["a number", "5"],
  ["an empty object", "{}"],
  ["an empty batch", "[]"],
  ["deep nesting", "[".repeat(200_000) + "]".repeat(200_000)],
  ["no body", ""],
])("%s in place of a message is refused", async (_, body) => {
  const { url, sessions } = await start();
  const answer = await post(`${url}/mcp`, body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.body).not.toContain("at ");
  expect(JSON.parse(answer.body).error.message).toBeTruthy();
  expect(sessions()).toBe(0);
});

test.each(["PUT /mcp", "OPTIONS /mcp", "HEAD /mcp", "POST /sse", "HEAD /sse", "GET /messages"])(
  "%s is not allowed",
  async (route) => {
    const { url, sessions } = await start();
    const [method = "", path] = route.split(" ");
    const answer = await send(url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBeTruthy();
    expect(sessions()).toBe(0);
  },
);

const guarded = [
  "POST /mcp",
  "GET /mcp",
  "DELETE /mcp",
  "GET /sse",
  "POST /messages?sessionId=x",
  "POST /MCP/",
];

test.each(guarded)("%s needs the bearer token", async (route) => {
  const { url, sessions } = await start({ authTokens: ["first", "second"] });
  const [method = "", path] = route.split(" ");
  for (const authorization of [
    undefined,
    "Bearer wrong",
    "Bearer",
    "Bearer ",
    "Basic first",
    "first",
    "Bearer first second",
  ]) {
    const headers = {
      ...mcpHeaders,
      ...(authorization !== undefined && { Authorization: authorization }),
    };
    const answer = await send(url + path, {
      method,
      headers,
      body: method === "POST" ? "{not json" : "",
    });
    expect(answer.status, authorization).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    errorOf(answer);
  }
  expect(sessions()).toBe(0);
});

test("each of the tokens opens every route", async () => {
  const { url } = await start({ authTokens: ["first", "second"] });
  for (const Authorization of ["Bearer first", "bearer second"]) {
    const opened = await post(`${url}/mcp`, initialize("2025-11-25"), { Authorization });
    expect(messageOf(opened).result.serverInfo.name).toBe("echo");
    const stream = await openStream(`${url}/sse`, { Authorization });
    expect(stream.res.statusCode).toBe(200);
  }
});

test("a client of 2026-07-28 is let in with the token and not without", async () => {
  const { url } = await start({ authTokens: ["first"] });
  const connect = async (headers: Record<string, string>) => {
    const client = new Client(
      { name: "t", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    onTestFinished(() => client.close());
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } }),
    );
    return client.listTools();
  };
  expect((await connect({ Authorization: "Bearer first" })).tools).toHaveLength(3);
  await expect(connect({})).rejects.toThrow();
});

test.each(["0.0.0.0", "::", "192.0.2.1", "crm.example"])(
  "%s is refused without tokens",
  async (host) => {
    const refusal = start({ host });
    await expect(refusal).rejects.toThrow(
      /^Refusing to listen on .+: set BIGIN_MCP_AUTH_TOKENS, use --auth maton, or listen on 127\.0\.0\.1\.$/,
    );
    await expect(start({ host, authTokens: [""] })).rejects.toThrow("BIGIN_MCP_AUTH_TOKENS");
  },
);

test("on all addresses any Host will do, with a token, but still no foreign Origin", async () => {
  const { url } = await start({ host: "0.0.0.0", authTokens: ["first"] });
  const local = url.replace("0.0.0.0", "127.0.0.1");
  const headers = { Host: "crm.example", Authorization: "Bearer first" };
  expect((await post(`${local}/mcp`, initialize("2025-11-25"), headers)).status).toBe(200);
  expect(
    (await post(`${local}/mcp`, initialize("2025-11-25"), { Host: "crm.example" })).status,
  ).toBe(401);
  const fromPage = { ...headers, Origin: "https://crm.example" };
  expect((await post(`${local}/mcp`, initialize("2025-11-25"), fromPage)).status).toBe(403);
});

test("hosts are recognised in all their spellings", () => {
  expect(
    ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "::1", "[::1]", "0:0:0:0:0:0:0:1"]
      .map(nameInUrl)
      .every(isLoopback),
  ).toBe(true);
  expect(
    ["0.0.0.0", "::", "10.0.0.1", "127.example", "127.0.0.1.example", "::ffff:10.0.0.1"]
      .map(nameInUrl)
      .some(isLoopback),
  ).toBe(false);
  expect(() => nameInUrl("")).toThrow('"" is not a host name or an IP address.');
});

test("IPv6 loopback is listened on and named in the address", async () => {
  for (const host of ["::1", "[::1]"]) {
    const { url } = await start({ host });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await send(`${url}/healthz`)).status).toBe(200);
  }
});

test("a port in use is one clear sentence", async () => {
  const first = await start();
  const port = Number(new URL(first.url).port);
  await expect(start({ port })).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is already in use: stop the program that uses it, or choose another with --port.`,
  );
});

test("an address of another machine is one clear sentence", async () => {
  const elsewhere = start({ host: "192.0.2.1", authTokens: ["t"] });
  await expect(elsewhere).rejects.toThrow(
    "192.0.2.1 is not an address of this machine: choose another with --host.",
  );
});

test("a server that cannot be made is a 500 without details, and leaves no session", async () => {
  const errors: object[] = [];
  const makeServer = () => {
    throw new Error("the secret reason");
  };
  const log = { ...silent, error: (fields: object) => errors.push(fields) };
  const { url, sessions } = await start({ makeServer, log });
  const answers = [await post(`${url}/mcp`, initialize("2025-11-25")), await send(`${url}/sse`)];
  for (const answer of answers) {
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toEqual({ code: -32603, message: "Internal server error." });
  }
  expect(errors).toHaveLength(2);
  expect(sessions()).toBe(0);
});

test("the port is free again after close", async () => {
  const server = await start();
  const port = Number(new URL(server.url).port);
  await server.close();
  const other = createServer();
  await new Promise<void>((resolve, reject) => {
    other.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  other.close();
});
