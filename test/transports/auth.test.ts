import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import {
  callTool,
  errorOf,
  initialize,
  messageOf,
  openSession,
  openStream,
  post,
  send,
  start,
} from "../support/http.ts";

const whoami = callTool("whoami");
const key = { "X-Maton-Api-Key": "key-of-ada" };

/** What a caller of one request is served as. */
async function servedAs(url: string, headers: Record<string, string>) {
  const id = await openSession(url, headers);
  const answer = await post(`${url}/mcp`, whoami, { ...headers, "Mcp-Session-Id": id });
  return JSON.parse(messageOf(answer).result.content[0].text);
}

test("with --auth maton each caller brings a key, in its own header or as the bearer", async () => {
  const { url } = await start({ auth: "maton" });
  expect(await servedAs(url, key)).toEqual({ matonKey: "key-of-ada" });
  expect(await servedAs(url, { Authorization: "Bearer key-of-bob" })).toEqual({
    matonKey: "key-of-bob",
  });
  for (const path of ["/mcp", "/sse", "/messages"]) {
    const answer = await send(`${url}${path}`);
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, "Bearer"]);
  }
  const broken = await post(`${url}/mcp`, initialize("2025-11-25"), { "X-Maton-Api-Key": "a b" });
  expect(broken.status).toBe(401);
});

test("with tokens of ours besides, the bearer is the token and the key has its own header", async () => {
  const { url } = await start({ auth: "maton", authTokens: ["token-of-the-team"] });
  const token = { Authorization: "Bearer token-of-the-team" };
  expect(await servedAs(url, { ...token, ...key })).toEqual({ matonKey: "key-of-ada" });
  expect((await post(`${url}/mcp`, initialize("2025-11-25"), token)).status).toBe(401);
  expect((await post(`${url}/mcp`, initialize("2025-11-25"), key)).status).toBe(401);
});

test("off loopback, --auth maton needs no tokens of ours", async () => {
  const { url } = await start({ host: "0.0.0.0", auth: "maton" });
  expect((await send(`${url}/sse`)).status).toBe(401);
});

test("with --auth token a caller's key is refused, not ignored", async () => {
  const { url } = await start();
  const answer = await post(`${url}/mcp`, initialize("2025-11-25"), key);
  expect(answer.status).toBe(400);
  expect(errorOf(answer).message).toContain("--auth maton");
});

test("a caller narrows what is on offer, and a session keeps to it", async () => {
  const { url } = await start({
    check: ({ toolsets }) => (toolsets?.includes("nope") ? "there is none." : undefined),
  });
  const narrow = { "X-Bigin-Read-Only": "true", "X-Bigin-Toolsets": "records, metadata" };
  expect(await servedAs(url, narrow)).toEqual({
    readOnly: true,
    toolsets: ["metadata", "records"],
  });
  expect(await servedAs(url, { "X-Bigin-Read-Only": "false" })).toEqual({});
  const id = await openSession(url);
  for (const [name, value] of Object.entries(narrow)) {
    const headers = { "Mcp-Session-Id": id, [name]: value };
    expect((await post(`${url}/mcp`, whoami, headers)).status).toBe(400);
  }
  const meaningless = [
    { "X-Bigin-Read-Only": "perhaps" },
    { "X-Bigin-Toolsets": "nope" },
    { "X-Bigin-Toolsets": " , " },
  ];
  for (const headers of meaningless)
    expect((await post(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(400);
});

test("a caller beyond the pace is told when to come again; others are not held up", async () => {
  const { url } = await start({ auth: "maton", limits: { requestsPerMinute: 3 } });
  const ask = (name: string) =>
    post(`${url}/mcp`, initialize("2025-11-25"), { "X-Maton-Api-Key": name });
  const statuses = [await ask("ada"), await ask("ada"), await ask("ada"), await ask("ada")];
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  expect(Number(statuses.at(-1)?.headers["retry-after"])).toBeGreaterThan(0);
  expect((await ask("bob")).status).toBe(200);
});

test("a caller is told by the credential, not by how it is written", async () => {
  const pace = { requestsPerMinute: 3 };
  const maton = await start({ auth: "maton", limits: pace });
  const token = await start({ authTokens: ["token-of-ada"], limits: pace });
  const open = await start({ limits: pace });
  const spelled = [
    {
      url: maton.url,
      headers: (at: number) => ({ "X-Maton-Api-Key": "ada", Authorization: `x${at}` }),
    },
    {
      url: maton.url,
      headers: (at: number) => ({ Authorization: `Bearer${" ".repeat(at + 1)}bob` }),
    },
    {
      url: token.url,
      headers: (at: number) => ({ Authorization: `bearer${" ".repeat(at + 1)}token-of-ada` }),
    },
    { url: open.url, headers: (at: number) => ({ Authorization: `Bearer x${at}` }) },
  ];
  for (const { url, headers } of spelled) {
    const statuses: number[] = [];
    for (const at of [0, 1, 2, 3])
      statuses.push((await post(`${url}/mcp`, initialize("2025-11-25"), headers(at))).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  }
});

test("streams are bounded apart from sessions", async () => {
  const { url } = await start({ limits: { sseStreams: 1 } });
  await openStream(`${url}/sse`);
  expect((await send(`${url}/sse`)).status).toBe(503);
  await openSession(url);
});

test("every answer has an id", async () => {
  const { url } = await start();
  const ids = [await send(`${url}/healthz`), await send(`${url}/nowhere`)].map(
    ({ headers }) => headers["x-request-id"],
  );
  expect(new Set(ids).size).toBe(2);
  expect(ids.every((id) => typeof id === "string" && id.length > 8)).toBe(true);
});

test("the newest revision is narrowed by the same headers", async () => {
  const { url } = await start({ auth: "maton" });
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  const requestInit = { headers: { ...key, "X-Bigin-Read-Only": "yes" } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  onTestFinished(() => client.close());
  expect(await client.callTool({ name: "whoami", arguments: {} })).toMatchObject({
    content: [{ text: JSON.stringify({ matonKey: "key-of-ada", readOnly: true }) }],
  });
});
