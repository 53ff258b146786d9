import { setMaxListeners } from "node:events";

export interface Deadline {
  /** Aborts when the time is up or the parent aborts. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  endsAt: number;
  /** True when the time ran out, false when it was the parent that aborted. */
  expired(): boolean;
  /** Settles as `work` does, or rejects as soon as the signal aborts. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Lets go of the timer and of the parent. */
  stop(): void;
}

/**
 * A time limit of `ms` below `parent`. Made by hand: on Node 20 `AbortSignal.any` with `AbortSignal.timeout`
 * may never fire once garbage collection has run.
 */
export function startDeadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  // One call may have many requests under way, each listening; that is no leak.
  setMaxListeners(0, controller.signal);
  let expired = false;
  const cancel = () => controller.abort(parent.reason);
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  if (parent.aborted) cancel();
  else parent.addEventListener("abort", cancel, { once: true });
  let ended: Promise<never> | undefined;
  const end = () => {
    const promise = new Promise<never>((_, reject) => {
      const fail = () => reject(controller.signal.reason);
      if (controller.signal.aborted) fail();
      else controller.signal.addEventListener("abort", fail, { once: true });
    });
    promise.catch(() => undefined);
    return promise;
  };
  return {
    signal: controller.signal,
    endsAt: Date.now() + ms,
    expired: () => expired,
    race(work) {
      ended ??= end();
      return Promise.race([work, ended]);
    },
    stop() {
      clearTimeout(timer);
      parent.removeEventListener("abort", cancel);
    },
  };
}

/**
 * A signal that aborts a while after another: for writes under way, which are given a moment to end, because nobody
 * knows the outcome of one that is cut. `graceMs` is asked when the other aborts.
 */
export function afterGrace(
  signal: AbortSignal,
  graceMs: () => number,
): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(signal.reason), graceMs());
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    signal: controller.signal,
    stop() {
      signal.removeEventListener("abort", begin);
      clearTimeout(timer);
    },
  };
}
