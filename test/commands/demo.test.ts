import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import { runDemo } from "../../src/commands/demo.ts";
import { createSandbox, type Fault } from "../../src/sandbox/app.ts";
import { createServer } from "../../src/server/server.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { run } from "../support/program.ts";

async function demo(faults: Fault[]) {
  const sandbox = createSandbox({ faults });
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: "bigin-mcp/test",
    limits: { perSecond: 1_000_000, atOnce: 10 },
    fetch: sandbox.fetch,
  });
  const server = createServer({
    version: "0.0.0",
    replyTokens: 6000,
    confirm: "destructive",
    catalogue: createCatalogue(tools, { readOnly: false }),
    account: async () => accounts.of("sandbox"),
    connection: undefined,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const lines: string[] = [];
  const exitCode = await runDemo({
    server,
    store: sandbox.store,
    print: (line) => lines.push(line),
  });
  return { exitCode, text: lines.join("\n") };
}

test("the demo narrates the main job and exits with 0", async () => {
  const program = run(["demo"]);
  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain("steps happened: each was looked up in the sandbox's store");
  expect(program.stderr()).toBe("");
});

// Every write of the demo, one at a time, is answered with a success that did not happen.
test.each([
  ["POST", 0],
  ["POST", 1],
  ["POST", 2],
  ["POST", 3],
  ["PUT", 0],
  ["PUT", 1],
  ["PUT", 2],
  ["DELETE", 0],
  ["DELETE", 1],
  ["DELETE", 2],
])("a silently dropped %s number %i makes the demo exit with 1", async (method, skip) => {
  const { exitCode, text } = await demo([
    { method, skip, path: /\/bigin\/v2\//, does: { kind: "drop" } },
  ]);
  expect(text).toContain("FAILED");
  expect(exitCode).toBe(1);
});

test("without a fault the same demo exits with 0", async () => {
  expect((await demo([])).exitCode).toBe(0);
});

test.each(["demo", "tools", "call bigin_list_modules --sandbox"])(
  "%s: a reader who has seen enough is no crash",
  async (line) => {
    const program = run(line.split(" "));
    program.child.stdout.destroy();
    expect([await program.ended, program.stderr()]).toEqual([
      141,
      expect.not.stringContaining("EPIPE"),
    ]);
  },
);
