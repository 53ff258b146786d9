import { expect, test } from "vitest";
import { defaultLimits } from "../../src/transports/limits.ts";
import {
  callTool,
  connectClient,
  errorOf,
  messageOf,
  openSession,
  post,
  start,
} from "../support/http.ts";

test.each(["/mcp", "/messages?sessionId=x"])(
  "%s refuses what is not JSON in UTF-8, and what is too large",
  async (path) => {
    const { url } = await start({ limits: { bodyBytes: 1000 } });
    const refusal = async (body: unknown, headers = {}) => {
      const answer = await post(url + path, body, headers);
      return [answer.status, errorOf(answer)] as const;
    };
    expect(await refusal('{"jsonrpc": ')).toMatchObject([400, { code: -32700 }]);
    expect(await refusal("")).toMatchObject([400, { code: -32700 }]);
    const [status, { message }] = await refusal({ padding: "x".repeat(1000) });
    expect([status, message]).toEqual([413, expect.stringContaining("1000 bytes")]);
    expect(await refusal("{}", { "Content-Encoding": "gzip" })).toMatchObject([415, {}]);
    for (const type of ["text/plain", "application/json; charset=koi8-r"])
      expect(await refusal("{}", { "Content-Type": type })).toMatchObject([415, {}]);
  },
);

test.each(["legacy", "auto"] as const)(
  "4 MiB are accepted by default and more are not (client mode %s)",
  async (mode) => {
    const { url } = await start();
    const client = await connectClient(url, "/mcp", { versionNegotiation: { mode } });
    const text = "x".repeat(4_000_000);
    const result = await client.callTool({ name: "echo", arguments: { text } });
    expect(JSON.stringify(result).length).toBeGreaterThan(4_000_000);
    const tooMuch = client.callTool({ name: "echo", arguments: { text: text + text } });
    await expect(tooMuch).rejects.toThrow(/4194304 bytes/);
  },
);

test.each([
  ["null", "null"],
  ["a number", "5"],
  ["an empty object", "{}"],
  ["an empty batch", "[]"],
  ["deep nesting", "[".repeat(200_000) + "]".repeat(200_000)],
])("%s in place of a message is refused", async (_, body) => {
  const { url, sessions } = await start();
  const answer = await post(`${url}/mcp`, body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(JSON.parse(answer.body).error.message).toBeTruthy();
  expect(sessions()).toBe(0);
});

test("too many names or items are refused, wherever they are; brackets in strings do not count", async () => {
  const { url } = await start({ limits: { bodyParts: 1000 } });
  const session = { "Mcp-Session-Id": await openSession(url) };
  const call = JSON.stringify(callTool("echo", { text: "?" }));
  const names = Array.from({ length: 600 }, (_, at) => [`n${at}`, 1]);
  const items = [JSON.stringify(Object.fromEntries(names)), `[${"1,".repeat(1000)}1]`];
  for (const many of [...items, `[${"[],".repeat(600)}[]]`])
    for (const body of [
      many,
      call.replace('"?"', many),
      call.replace('"params":{', `"params":{"_meta":${many},`),
    ]) {
      const answer = await post(`${url}/mcp`, body, session);
      expect([answer.status, errorOf(answer)]).toEqual([
        400,
        { code: -32700, message: expect.stringContaining("1000 names and items") },
      ]);
    }
  for (const characters of ['{[:,"\\', "{}[]:,", '\\"', '"']) {
    const echo = callTool("echo", { text: characters.repeat(2000) });
    const answer = await post(`${url}/mcp`, echo, session);
    expect(messageOf(answer).result.content[0].text).toBe(JSON.stringify(echo.params.arguments));
  }
});

test("a body of 110,000 names is accepted by default, of twice as many it is not", async () => {
  const { url } = await start();
  const session = { "Mcp-Session-Id": await openSession(url) };
  const call = (items: number) =>
    post(`${url}/mcp`, callTool("echo", { list: Array(items).fill(1) }), session);
  expect((await call(defaultLimits.bodyParts - 20)).status).toBe(200);
  expect((await call(defaultLimits.bodyParts * 2)).status).toBe(400);
});

test("long batches and long ids are refused", async () => {
  const { url } = await start();
  const session = { "Mcp-Session-Id": await openSession(url) };
  const batch = Array.from({ length: 21 }, (_, id) => callTool("echo", {}, id));
  const answers = [
    await post(`${url}/mcp`, batch, session),
    await post(`${url}/mcp`, { ...callTool("echo"), id: "i".repeat(1001) }, session),
  ];
  for (const answer of answers)
    expect([answer.status, errorOf(answer).code]).toEqual([400, -32600]);
  expect((await post(`${url}/mcp`, batch.slice(1), session)).status).toBe(200);
});
