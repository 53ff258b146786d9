import { expect, test } from "vitest";
import {
  callTool,
  connectClient,
  errorOf,
  initialize,
  mcpHeaders,
  messageOf,
  newestOnly,
  openSession,
  openStream,
  post,
  send,
  start,
} from "../support/http.ts";

type Headers = Record<string, string>;
const whoami = callTool("whoami");
const key = { "X-Maton-Api-Key": "key-of-ada" };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const open = (url: string, headers: Headers) =>
  post(`${url}/mcp`, initialize("2025-11-25"), headers);

/** The caller that the server of a session with these headers was made for. */
async function callerOf(url: string, headers: Headers) {
  const session = { "Mcp-Session-Id": await openSession(url, headers) };
  const answer = await post(`${url}/mcp`, whoami, { ...headers, ...session });
  return JSON.parse(messageOf(answer).result.content[0].text);
}

test("every MCP route needs one of the bearer tokens", async () => {
  const { url, sessions } = await start({ authTokens: ["first", "second"] });
  const routes = [
    "POST /mcp",
    "GET /mcp",
    "DELETE /mcp",
    "GET /sse",
    "POST /messages",
    "POST /MCP/",
  ];
  const wrong = [
    "Bearer wrong",
    "Bearer",
    "Bearer ",
    "Basic first",
    "first",
    "Bearer first second",
  ];
  for (const route of routes)
    for (const authorization of [undefined, ...wrong]) {
      const [method = "", path] = route.split(" ");
      const headers = { ...mcpHeaders, ...(authorization && { Authorization: authorization }) };
      const body = method === "POST" ? "{not json" : "";
      const answer = await send(url + path, { method, headers, body });
      expect(answer.status, `${route} ${authorization}`).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
      errorOf(answer);
    }
  expect(sessions()).toBe(0);
  for (const token of ["first", "second"]) {
    const client = await connectClient(url, "/mcp", newestOnly, bearer(token));
    expect((await client.listTools()).tools).toHaveLength(3);
    const sse = await openStream(`${url}/sse`, bearer(token));
    expect(sse.res.statusCode).toBe(200);
    expect((await open(url, bearer(token))).status).toBe(200);
  }
  await expect(connectClient(url, "/mcp", newestOnly)).rejects.toThrow();
});

test.each(["0.0.0.0", "::", "192.0.2.1", "crm.example"])(
  "the server does not listen on %s without tokens",
  async (host) => {
    const refusal =
      /^Refusing to listen on .+: set BIGIN_MCP_AUTH_TOKENS, use --auth maton, or listen on 127\.0\.0\.1\.$/;
    await expect(start({ host })).rejects.toThrow(refusal);
    await expect(start({ host, authTokens: [""] })).rejects.toThrow(refusal);
  },
);

test("--auth maton: each caller sends a key, in its own header or as the bearer token", async () => {
  const { url } = await start({ auth: "maton" });
  expect(await callerOf(url, key)).toEqual({ matonKey: "key-of-ada" });
  expect(await callerOf(url, bearer("key-of-bob"))).toEqual({ matonKey: "key-of-bob" });
  for (const path of ["/mcp", "/sse", "/messages"]) {
    const answer = await send(`${url}${path}`);
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
  }
  expect((await open(url, { "X-Maton-Api-Key": "a b" })).status).toBe(401);
});

test("--auth maton with tokens: the bearer is the token, and the key is in its own header", async () => {
  const { url } = await start({ auth: "maton", authTokens: ["team-token"] });
  expect(await callerOf(url, { ...bearer("team-token"), ...key })).toEqual({
    matonKey: "key-of-ada",
  });
  expect((await open(url, bearer("team-token"))).status).toBe(401);
  expect((await open(url, key)).status).toBe(401);
});

test("--auth maton needs no tokens off loopback", async () => {
  const { url } = await start({ host: "0.0.0.0", auth: "maton" });
  expect((await send(`${url}/sse`)).status).toBe(401);
});

test("--auth token: the key of a caller is refused, not ignored", async () => {
  const { url } = await start();
  const answer = await open(url, key);
  expect(answer.status).toBe(400);
  expect(errorOf(answer).message).toContain("--auth maton");
});

test("headers narrow what a caller gets, also in the newest revision, and values without meaning are refused", async () => {
  const check = ({ toolsets = [] }: { toolsets?: readonly string[] | undefined }) =>
    toolsets.includes("nope") ? "there is no such toolset." : undefined;
  const { url } = await start({ check });
  const narrow = { "X-Bigin-Read-Only": "YES", "X-Bigin-Toolsets": "records, metadata" };
  const caller = { readOnly: true, toolsets: ["metadata", "records"] };
  expect(await callerOf(url, narrow)).toEqual(caller);
  expect(await callerOf(url, { "X-Bigin-Read-Only": "false" })).toEqual({});
  expect(await callerOf(url, { "Maton-Connection": " ", "X-Bigin-Toolsets": "" })).toEqual({});
  const client = await connectClient(url, "/mcp", newestOnly, narrow);
  expect(await client.callTool({ name: "whoami", arguments: {} })).toMatchObject({
    content: [{ text: JSON.stringify(caller) }],
  });
  for (const headers of [
    { "X-Bigin-Read-Only": "perhaps" },
    { "X-Bigin-Toolsets": "nope" },
    { "X-Bigin-Toolsets": " , " },
    { "Maton-Connection": "../users" },
  ])
    expect((await open(url, headers)).status, JSON.stringify(headers)).toBe(400);
});

test("a session keeps the headers it was opened with", async () => {
  const { url } = await start();
  const session = { "Mcp-Session-Id": await openSession(url, { "Maton-Connection": "c1" }) };
  const call = (headers: Headers) => post(`${url}/mcp`, whoami, { ...session, ...headers });
  for (const headers of [
    { "Maton-Connection": "c2" },
    { "X-Bigin-Read-Only": "true" },
    { "X-Bigin-Toolsets": "records" },
  ]) {
    const answer = await call(headers);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain(Object.keys(headers)[0]?.toLowerCase());
  }
  expect((await call({ "Maton-Connection": "c1" })).status).toBe(200);
  expect((await call({})).status).toBe(200);
});

test("a caller is identified by the credential, not by its spelling", async () => {
  const limits = { requestsPerMinute: 3 };
  const maton = await start({ auth: "maton", limits });
  const token = await start({ authTokens: ["token-of-ada"], limits });
  const anybody = await start({ limits });
  const spaces = (at: number) => " ".repeat(at + 1);
  const spellings: [string, (at: number) => Headers][] = [
    [maton.url, (at) => ({ "X-Maton-Api-Key": "ada", Authorization: `x${at}` })],
    [maton.url, (at) => ({ Authorization: `Bearer${spaces(at)}bob` })],
    [token.url, (at) => ({ Authorization: `bearer${spaces(at)}token-of-ada` })],
    [anybody.url, (at) => ({ Authorization: `Bearer x${at}` })],
  ];
  for (const [url, headers] of spellings) {
    const statuses: number[] = [];
    for (const at of [0, 1, 2, 3]) statuses.push((await open(url, headers(at))).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  }
});
