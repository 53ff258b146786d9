import { expect, test } from "vitest";
import { bundlePrograms } from "../bench/bundle.ts";
import { measureIdle } from "./idle.ts";
import { soak } from "./soak.ts";

// A short `npm run soak`, without the memory: so few calls say nothing about it.

const file = bundlePrograms();

test("while some upstream requests fail, every reply over every transport is true, and no session is left", async () => {
  const soaked = await soak({
    program: file("unlimited"),
    clients: { stdio: 1, mcp: 5, sse: 5 },
    rounds: 1,
    callsEach: 10,
    faults: 0.05,
    withSlow: false,
  });
  expect(soaked.unanswered).toEqual([]);
  expect(soaked.mistakes).toEqual([]);
  expect(soaked).toMatchObject({ sessionsOpen: 10, sessionsLeft: 0 });
  // Otherwise the test would prove nothing.
  expect(soaked.calls).toBeGreaterThanOrEqual(11 * 10);
  expect(soaked.struck).toBeGreaterThan(0);
  expect(soaked.writes).toBeGreaterThan(soaked.calls / 4);
}, 120_000);

test("idle sessions still work, and none is left after closing", async () => {
  const sessions = { sse: 25, mcp: 25 };
  const rested = await measureIdle({ meter: file("metered"), sessions });
  expect(rested).toMatchObject({ answered: 50, left: 0 });
}, 120_000);
