import { expect, test } from "vitest";
import { isLoopback, nameInUrl } from "../../src/transports/origin.ts";
import { errorOf, initialize, mcpHeaders, post, send, start } from "../support/http.ts";

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

test("every route refuses a foreign Host and a foreign Origin, before it reads the body", async () => {
  const { url } = await start();
  for (const route of routes)
    for (const headers of foreign) {
      const [method = "", path] = route.split(" ");
      const body = method === "POST" ? "{not json" : "";
      const all = { ...mcpHeaders, ...headers };
      const answer = await send(url + path, { method, headers: all, body });
      expect(answer.status, `${route} ${JSON.stringify(headers)}`).toBe(403);
      expect(errorOf(answer).message).toMatch(/^Forbidden/);
    }
});

test.each(["localhost", "127.0.0.1:1234", "[::1]:8787"])(
  "%s is accepted as Host and as Origin",
  async (name) => {
    const { url } = await start();
    const headers = { Host: name, Origin: `http://${name}` };
    expect((await send(`${url}/healthz`, { headers })).status).toBe(200);
    expect((await post(`${url}/mcp`, initialize("2025-11-25"), headers)).status).toBe(200);
  },
);

test("on all addresses any Host is accepted with a token, and still no foreign Origin", async () => {
  const { url } = await start({ host: "0.0.0.0", authTokens: ["first"] });
  const local = url.replace("0.0.0.0", "127.0.0.1");
  const open = async (headers: Record<string, string>) =>
    (await post(`${local}/mcp`, initialize("2025-11-25"), headers)).status;
  const headers = { Host: "crm.example", Authorization: "Bearer first" };
  expect(await open(headers)).toBe(200);
  expect(await open({ Host: "crm.example" })).toBe(401);
  expect(await open({ ...headers, Origin: "https://crm.example" })).toBe(403);
});

test("loopback addresses are recognised in all their spellings", () => {
  const loopback = "localhost LOCALHOST 127.0.0.1 127.8.9.10 ::1 [::1] 0:0:0:0:0:0:0:1";
  const others = "0.0.0.0 :: 10.0.0.1 127.example 127.0.0.1.example ::ffff:10.0.0.1";
  expect(loopback.split(" ").map(nameInUrl).filter(isLoopback)).toHaveLength(7);
  expect(others.split(" ").map(nameInUrl).filter(isLoopback)).toEqual([]);
  expect(() => nameInUrl("")).toThrow('"" is not a host name or an IP address.');
});
