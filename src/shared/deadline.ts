import { setMaxListeners } from "node:events";

/** The reason with which a signal aborts when its time limit has passed. */
export class TimeUp extends Error {
  override name = "TimeUp" as const;

  constructor(ms: number) {
    super(`no response within ${ms} ms`);
  }
}

/** A time limit in progress. */
export interface Deadline {
  /** Aborts when the time is up, with a `TimeUp`, or when the parent aborts, with the parent's reason. */
  signal: AbortSignal;
  /** In milliseconds of `performance.now()`: a wall clock that is set back or forward changes nothing. */
  endsAt: number;
  /** True if the time ran out, false if the parent aborted. */
  expired(): boolean;
  /** Settles as `work` does, or rejects as soon as the signal aborts. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Stops the timer and removes the listener from the parent. */
  stop(): void;
}

/**
 * Starts a time limit of `ms` milliseconds, which also ends when `parent` aborts. Does not use `AbortSignal.any` and
 * `AbortSignal.timeout`, because on Node 20 these may never fire after a garbage collection.
 */
export function startDeadline(parent: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  // A call can have many requests in progress, each with a listener. That is not a leak. With 0 for "any number", the
  // library for proxies could not read the limit on Node 20, and every write through a proxy failed.
  setMaxListeners(Number.POSITIVE_INFINITY, controller.signal);
  let expired = false;
  const cancel = () => controller.abort(parent.reason);
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new TimeUp(ms));
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
    endsAt: performance.now() + ms,
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
 * A signal that aborts some time after another, for writes in progress: aborting one leaves its outcome unknown.
 * `graceMs` is called when the other signal aborts.
 */
export function afterGrace(
  signal: AbortSignal,
  graceMs: () => number,
): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  setMaxListeners(Number.POSITIVE_INFINITY, controller.signal);
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
