import { LRUCache } from "lru-cache";
import { atMost } from "../shared/cache.ts";

/** Limits on requests. */
export interface Limits {
  /** Requests per second of one Maton account. */
  perSecond: number;
  /** Requests in progress at the same time over one connection. */
  atOnce: number;
}

/**
 * Maton's rate for an account (docs/reference/maton-gateway.md §4) and Bigin's concurrency for one user of a paid
 * edition (docs/reference/bigin-api.md §5).
 */
export const publishedLimits: Limits = { perSecond: 10, atOnce: 10 };

const windowMs = 1_000;
const connectionsRemembered = 100;

interface Turn {
  connection: string;
  /** Identifies the caller: the callers of one account take turns. */
  caller: string;
  /** Removes a waiting request from the queue when it aborts. */
  signal: AbortSignal;
}

/** Delays requests until the limits allow them. */
export interface Limiter {
  /**
   * Runs `send` as soon as the account's rate and the connection's concurrency allow it. With k callers waiting, a
   * caller waits for at most k - 1 other requests, however many requests each of the others has in the queue. Rejects
   * with the signal's reason if it aborts first.
   */
  run<T>(turn: Turn, send: () => Promise<T>): Promise<T>;
}

/** Creates the limiter of one Maton account. */
export function createLimiter({ perSecond, atOnce }: Limits): Limiter {
  const rate = createRateGate(perSecond);
  const connections = new LRUCache<string, ConcurrencyGate>(atMost(connectionsRemembered));
  return {
    async run({ connection, caller, signal }, send) {
      const slots = connections.get(connection) ?? createConcurrencyGate(atOnce);
      connections.set(connection, slots);
      await slots.enter(caller, signal);
      try {
        await rate.enter(caller, signal);
        return await send();
      } finally {
        slots.leave();
      }
    },
  };
}

interface Gate {
  /** Resolves when it is the request's turn; rejects with the signal's reason if it aborts first. */
  enter(caller: string, signal: AbortSignal): Promise<void>;
}

interface ConcurrencyGate extends Gate {
  leave(): void;
}

function createConcurrencyGate(atOnce: number): ConcurrencyGate {
  let inside = 0;
  const line = createLine(() => {
    if (inside >= atOnce) return false;
    inside += 1;
    return true;
  });
  return {
    enter: line.enter,
    leave() {
      inside -= 1;
      line.admit();
    },
  };
}

/** At most `perSecond` requests in any window of a second, measured by a monotonic clock. */
function createRateGate(perSecond: number): Gate {
  /** When the requests of the last second started, oldest first. */
  const starts: number[] = [];
  let isScheduled = false;
  const line = createLine(() => {
    const now = performance.now();
    while (starts[0] !== undefined && now - starts[0] >= windowMs) starts.shift();
    if (starts.length < perSecond) {
      starts.push(now);
      return true;
    }
    const untilOldestLeaves = windowMs - (now - (starts[0] ?? now));
    if (!isScheduled)
      setTimeout(() => {
        isScheduled = false;
        line.admit();
      }, Math.ceil(untilOldestLeaves));
    isScheduled = true;
    return false;
  });
  return line;
}

interface Line extends Gate {
  /** Admits as many requests as there is room for. Call it when there may be room again. */
  admit(): void;
}

/** A queue in which callers take turns and the requests of each caller keep their order. */
function createLine(takeRoom: () => boolean): Line {
  /** The waiting callers, the next one first. */
  const waiting = new Map<string, Set<() => void>>();

  function add(caller: string, start: () => void): void {
    const own = waiting.get(caller);
    if (own) own.add(start);
    else waiting.set(caller, new Set([start]));
  }
  function remove(caller: string, start: () => void): void {
    const own = waiting.get(caller);
    own?.delete(start);
    if (own?.size === 0) waiting.delete(caller);
  }
  function admit(): void {
    for (const [caller, own] of waiting) {
      if (!takeRoom()) return;
      const [start] = own;
      if (start) own.delete(start);
      // Move the caller to the end of the map, where this loop visits it again.
      waiting.delete(caller);
      if (own.size > 0) waiting.set(caller, own);
      start?.();
    }
  }
  return {
    admit,
    enter: (caller, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const start = () => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = () => {
          remove(caller, start);
          reject(signal.reason);
        };
        signal.addEventListener("abort", giveUp, { once: true });
        add(caller, start);
        admit();
      }),
  };
}
