import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLimiter, type Limits } from "../../src/maton/rate-limit.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** One request of a simulated caller. Times are in milliseconds. */
interface Arrival {
  at: number;
  caller: string;
  connection: string;
  /** How long upstream takes to respond. */
  lasts: number;
  /** The caller gives up this long after asking. */
  patience: number;
  /** At its arrival the machine's clock is set forward or back by this much. */
  clockJump: number;
}

type Event = { kind: "asks" | "starts" | "cancelled"; caller: string; request: number; at: number };

/** Runs all arrivals through one limiter in simulated time; returns what happened, in order. */
async function simulate(limits: Limits, arrivals: readonly Arrival[]): Promise<Event[]> {
  const limiter = createLimiter({ atOnceAtFirst: limits.atOnce, ...limits });
  const origin = performance.now();
  const events: Event[] = [];
  const requests = arrivals.map(async (arrival, request) => {
    const { caller, connection } = arrival;
    const note = (kind: Event["kind"]) =>
      void events.push({ kind, caller, request, at: performance.now() - origin });
    await after(arrival.at);
    vi.setSystemTime(Date.now() + arrival.clockJump);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort("no patience"), arrival.patience);
    note("asks");
    await limiter
      .run({ connection, caller, signal: abort.signal }, () => {
        note("starts");
        clearTimeout(timer);
        return after(arrival.lasts).then(() => ({ status: 200 }));
      })
      .catch((reason: unknown) => {
        expect(reason).toBe("no patience");
        note("cancelled");
      });
  });
  await vi.runAllTimersAsync();
  await Promise.all(requests);
  return events;
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const forever = 10_000_000;
const unlimited = 1_000_000;

const arrival = fc.record<Arrival>({
  at: fc.integer({ min: 0, max: 4_000 }),
  caller: fc.constantFrom("ada", "bob", "eve", "max"),
  connection: fc.constantFrom("c1", "c2"),
  lasts: fc.integer({ min: 0, max: 700 }),
  patience: fc.oneof(
    { weight: 4, arbitrary: fc.constant(forever) },
    fc.integer({ max: 3_000, min: 0 }),
  ),
  clockJump: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    fc.integer({ min: -7_200_000, max: 7_200_000 }),
  ),
});
const arrivals = fc.array(arrival, { minLength: 1, maxLength: 120 });
const starts = (events: readonly Event[]) => events.filter(({ kind }) => kind === "starts");

test("no window of a second holds more starts than the rate allows, whatever arrives and however the clock is set", async () => {
  const limits = fc.record({
    perSecond: fc.integer({ min: 1, max: 12 }),
    atOnce: fc.integer({ min: 1, max: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(limits, arrivals, async (limit, given) => {
      const times = starts(await simulate(limit, given)).map(({ at }) => at);
      const gaps = times
        .slice(limit.perSecond)
        .map((time, index) => time - (times[index] ?? Number.NaN));
      expect(Math.min(...gaps, 1000)).toBe(1000);
    }),
  );
});

test("requests wait no longer than the rate demands", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), arrivals, async (perSecond, given) => {
      const events = await simulate({ perSecond, atOnce: unlimited }, given);
      const last = (kind: Event["kind"]) =>
        Math.max(0, ...events.filter((event) => event.kind === kind).map(({ at }) => at));
      const longest = Math.ceil(given.length / perSecond) * 1000;
      expect(last("starts")).toBeLessThanOrEqual(last("asks") + longest);
      // Each request either started, once, or was cancelled while it waited.
      const ended = events.filter(({ kind }) => kind !== "asks").map(({ request }) => request);
      expect(ended.toSorted((a, b) => a - b)).toEqual([...given.keys()]);
    }),
  );
});

test("no connection has more requests in progress than are allowed at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 5 }), arrivals, async (atOnce, given) => {
      const events = starts(await simulate({ perSecond: unlimited, atOnce }, given));
      for (const { at, request } of events) {
        const { connection } = given[request] ?? { connection: "" };
        const inProgress = events.filter((other) => {
          const its = given[other.request];
          return its?.connection === connection && other.at <= at && at < other.at + its.lasts;
        });
        expect(inProgress.length).toBeLessThanOrEqual(atOnce);
      }
    }),
  );
});

test.each<[string, fc.Arbitrary<Limits>]>([
  [
    "the rate",
    fc.record({ perSecond: fc.integer({ min: 1, max: 5 }), atOnce: fc.constant(unlimited) }),
  ],
  [
    "a slot",
    fc.record({ perSecond: fc.constant(unlimited), atOnce: fc.integer({ min: 1, max: 3 }) }),
  ],
])("waiting for %s, a caller is overtaken at most once by each other caller", async (_, limits) => {
  await fc.assert(
    fc.asyncProperty(limits, arrivals, async (limit, given) => {
      const one = given.map((arrival) => ({ ...arrival, connection: "c1" }));
      const events = await simulate(limit, one);
      for (const caller of new Set(one.map((arrival) => arrival.caller)))
        for (const turns of overtakings(events, caller))
          expect(Math.max(0, ...turns.values())).toBeLessThanOrEqual(1);
    }),
  );
});

/** For each start of a caller, how often each other caller started while this one was waiting for it. */
function overtakings(events: readonly Event[], caller: string): Map<string, number>[] {
  const waiting = new Set<number>();
  const found: Map<string, number>[] = [];
  let turns = new Map<string, number>();
  for (const event of events) {
    if (event.caller !== caller) {
      if (event.kind === "starts" && waiting.size > 0)
        turns.set(event.caller, (turns.get(event.caller) ?? 0) + 1);
      continue;
    }
    if (event.kind === "asks") waiting.add(event.request);
    else waiting.delete(event.request);
    if (event.kind === "starts") found.push(turns);
    if (event.kind === "starts" || waiting.size === 0) turns = new Map();
  }
  return found;
}

test("each caller's requests start in the order they were asked", async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (given) => {
      const one = given.map((arrival) => ({ ...arrival, connection: "c1" }));
      const events = await simulate({ perSecond: 5, atOnce: 2 }, one);
      const started = starts(events);
      for (const caller of new Set(started.map((event) => event.caller))) {
        const own = (list: readonly Event[]) =>
          list.filter((event) => event.caller === caller).map(({ request }) => request);
        const startedOwn = own(started);
        const asked = own(events.filter(({ kind }) => kind === "asks"));
        expect(startedOwn).toEqual(asked.filter((request) => startedOwn.includes(request)));
      }
    }),
  );
});
