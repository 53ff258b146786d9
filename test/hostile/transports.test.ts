import fc from "fast-check";
import { expect, test, vi } from "vitest";
import {
  callTool,
  endpointOf,
  initialize,
  openSession,
  openStream,
  post,
  until,
} from "../support/http.ts";
import { run, serve } from "../support/program.ts";
import { internals, wild } from "./wild.ts";

const methods = [
  "initialize",
  "tools/list",
  "tools/call",
  "ping",
  "__proto__",
  "",
  "notifications/x",
];
const deep = "[".repeat(10_000) + "]".repeat(10_000);

/** The text of messages that are almost JSON-RPC: any values of the fields, in any combination. */
const message = fc
  .record(
    {
      jsonrpc: fc.constantFrom<unknown>("2.0", "2.0", "1.0", 2, null),
      id: fc.oneof(fc.integer({ min: 1000 }), wild),
      method: fc.oneof(fc.constantFrom(...methods), wild),
      params: fc.oneof(fc.record({ name: wild, arguments: wild, _meta: wild }), wild),
      result: wild,
      error: wild,
    },
    { requiredKeys: [] },
  )
  .map((one) => JSON.stringify(one));
const junk = fc.oneof(
  { arbitrary: message, weight: 4 },
  { arbitrary: fc.array(message, { maxLength: 3 }).map((all) => `[${all.join()}]`), weight: 1 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 60 }), weight: 1 },
  {
    arbitrary: fc.constantFrom(
      deep,
      `{"jsonrpc":"2.0","id":9000,"method":"tools/call","params":{"name":"bigin_list_records","arguments":{"module":${deep}}}}`,
      `{"jsonrpc":"2.0","id":9001,"method":"tools/call","params":${deep}}`,
      `{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}`,
      '{"jsonrpc":"2.0","id":9002,"method":"tools/call","params":{"name":"x',
    ),
    weight: 1,
  },
);
const good = callTool("bigin_list_records", { module: "Contacts", per_page: 1 }, 77);
/** More than the SDK accepts in a line by default. A slow machine takes some seconds for it. */
const longLine = { module: "x".repeat(11_000_000) };
const answered = (condition: () => boolean) =>
  vi.waitUntil(condition, { timeout: 20_000, interval: 20 });
const samples = (count: number) => fc.sample(junk, count);

test("stdio answers or skips any line, and then answers the next good call", async () => {
  const program = run(["--sandbox"]);
  program.send(initialize("2025-11-25"));
  await until(() => program.stdout().includes("protocolVersion"));
  for (const line of samples(150)) program.child.stdin.write(`${line.replaceAll("\n", " ")}\n`);
  program.send(callTool("bigin_list_records", longLine, 76));
  program.send(good);
  await answered(() => /"id":77\b/.test(program.stdout()) && /"id":76\b/.test(program.stdout()));
  const lines = program.stdout().trim().split("\n");
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  expect(lines.find((line) => /"id":77\b/.test(line))).toContain("columns");
  expect(program.child.exitCode).toBeNull();
});

test("/mcp, in both eras, and /sse answer any body, and then the next good call", async () => {
  const { url, child } = await serve();
  const stream = await openStream(`${url}/sse`);
  const endpoint = await endpointOf(url, stream);
  await post(endpoint, initialize("2024-11-05"));
  const session = { "Mcp-Session-Id": await openSession(url) };
  const modern = { "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call" };
  for (const body of samples(60))
    for (const [address, headers] of [
      [`${url}/mcp`, session],
      [`${url}/mcp`, {}],
      [`${url}/mcp`, modern],
      [endpoint, {}],
    ] as const) {
      const answer = await post(address, body, headers);
      expect(answer.status, `${body.slice(0, 300)}: ${answer.body}`).toBeLessThan(500);
      if (answer.status >= 400) expect(answer.body).not.toMatch(internals);
    }
  expect((await post(`${url}/mcp`, good, session)).body).toContain("columns");
  await post(endpoint, good);
  await until(() => /"id":77\b/.test(stream.received));
  expect(stream.ended).toBe(false);
  expect(child.exitCode).toBeNull();
});
