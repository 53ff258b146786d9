import { onTestFinished, vi } from "vitest";

/** Turns of the event loop after which work that waits for no timer has ended: nothing here waits for a socket. */
const quietTurns = 40;

/** No call lasts so long. */
const longestMs = 300_000;

/**
 * From here on time passes only in `lasting`. The back-off between tries is drawn by lot: it is held at the middle of
 * its range, so that a run can be repeated.
 */
export function simulateTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  const lot = vi.spyOn(Math, "random").mockReturnValue(0.5);
  onTestFinished(() => {
    lot.mockRestore();
    vi.useRealTimers();
  });
}

/** Waits for `work`, moving the clock to the next timer whenever nothing else is left to do; the time it took. */
export async function lasting<T>(work: Promise<T>): Promise<{ value: T; ms: number }> {
  const start = Date.now();
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  work.then(done, done);
  for (;;) {
    for (let turn = 0; turn < quietTurns && !isDone; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    if (isDone) return { value: await work, ms: Date.now() - start };
    if (Date.now() - start > longestMs) throw new Error("the work does not end");
    await (vi.getTimerCount() > 0
      ? vi.advanceTimersToNextTimerAsync()
      : vi.advanceTimersByTimeAsync(1000));
  }
}
