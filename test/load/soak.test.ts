import { expect, test } from "vitest";
import { bundlePrograms } from "../bench/bundle.ts";
import { idle } from "./idle.ts";
import { soak } from "./soak.ts";

// What `npm run soak` does at length. How much memory is used is asserted there: so few calls show nothing of it.

const file = bundlePrograms();

test("while upstream fails now and then, every call over every transport is answered truly, and no session is left", async () => {
  const soaked = await soak({
    ...{ program: file("unlimited"), clients: { stdio: 1, mcp: 5, sse: 5 } },
    ...{ rounds: 1, callsEach: 10, faults: 0.05, withSlow: false },
  });
  expect(soaked.unanswered).toEqual([]);
  expect(soaked.falsehoods).toEqual([]);
  expect(soaked).toMatchObject({ sessionsOpen: 10, sessionsLeft: 0 });
  // Or it would have shown nothing.
  expect(soaked.calls).toBeGreaterThanOrEqual(11 * 10);
  expect(soaked.struck).toBeGreaterThan(0);
  expect(soaked.writes).toBeGreaterThan(soaked.calls / 4);
}, 120_000);

test("sessions that did nothing for a while all answer, and all are gone when they are closed", async () => {
  const sessions = { sse: 25, mcp: 25 };
  const rested = await idle({ meter: file("metered"), sessions });
  expect(rested).toMatchObject({ answered: 50, left: 0 });
}, 120_000);
