import { expect, test } from "vitest";
import { runDemo } from "../../src/commands/demo.ts";
import type { Fault } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { run } from "../support/program.ts";

async function demo(faults: Fault[]) {
  const { makeServer, sandbox } = await connect({ faults, confirm: "destructive" });
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const exitCode = await runDemo({ server: makeServer(), store: sandbox.store, print });
  return { exitCode, text: lines.join("\n") };
}

test("the demo narrates everyday tasks and exits with 0", async () => {
  const program = run(["demo"]);
  expect(await program.ended).toBe(0);
  expect(program.stdout()).toContain("All 9 steps succeeded");
  expect(program.stderr()).toBe("");
});

// Each case drops one write of the demo although the sandbox reports success.
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
  "%s: closing the output early is not a crash",
  async (line) => {
    const program = run(line.split(" "));
    program.child.stdout.destroy();
    expect([await program.ended, program.stderr()]).toEqual([
      141,
      expect.not.stringContaining("EPIPE"),
    ]);
  },
);
