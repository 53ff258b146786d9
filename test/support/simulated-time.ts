import { onTestFinished, vi } from "vitest";

/** Turns of the event loop after which one call has nothing left to do but wait for a timer. No test waits for a socket. */
const turnsOfOneCall = 40;

/** No call lasts longer. */
const longestMs = 300_000;

type Faked = "setTimeout" | "clearTimeout" | "setInterval" | "Date" | "performance";

/** From here to the end of the test, only the test moves these timers and clocks. */
export function fakeTimers(toFake: Faked[], now: number | Date = Date.now()): void {
  vi.useFakeTimers({ toFake, now });
  onTestFinished(() => void vi.useRealTimers());
}

/**
 * From here to the end of the test, time passes only inside `lasting`. The random back-off between attempts is held at
 * the middle of its range, so that a run can be repeated. Load lazily imported modules first: that takes real time.
 */
export function simulateTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
  onTestFinished(() => {
    random.mockRestore();
    vi.useRealTimers();
  });
}

/**
 * Waits for `work`, moving the clock to the next timer whenever nothing else is left to do. `work` is `calls` calls at
 * the same time. Returns its value and the simulated time it took; rejects as it does.
 */
export async function lasting<T>(work: Promise<T>, calls = 1): Promise<{ value: T; ms: number }> {
  const start = Date.now();
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  work.then(done, done);
  for (;;) {
    for (let turn = 0; turn < turnsOfOneCall * calls && !isDone; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (isDone) return { value: await work, ms: Date.now() - start };
    if (Date.now() - start > longestMs) throw new Error("the work does not end");
    await (vi.getTimerCount() > 0
      ? vi.advanceTimersToNextTimerAsync()
      : vi.advanceTimersByTimeAsync(1000));
  }
}

/** The value of `work`, in simulated time. */
export async function soon<T>(work: Promise<T>): Promise<T> {
  return (await lasting(work)).value;
}
