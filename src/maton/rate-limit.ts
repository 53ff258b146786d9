import { LRUCache } from "lru-cache";
import { atMost } from "../shared/cache.ts";

/** Limits on requests. */
export interface Limits {
  /** Requests per second of one Maton account. */
  perSecond: number;
  /** Requests in progress at the same time over one connection, at most. */
  atOnce: number;
  /** As many are tried at first; 5 by default, which Bigin's free edition takes (docs/reference/bigin-api.md §5). */
  atOnceAtFirst?: number;
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

/** What `send` returns: the status tells whether there were too many requests. */
interface Sent {
  status: number;
}

/** Delays requests until the limits allow them. */
export interface Limiter {
  /**
   * Runs `send` as soon as the account's rate and the connection's concurrency allow it. With k callers waiting, a
   * caller waits for at most k - 1 other requests, however many requests each of the others has in the queue. The
   * concurrency is halved by a 429, and grows by one after each round of requests that went well. Rejects with the
   * signal's reason if it aborts first.
   */
  run<T extends Sent>(turn: Turn, send: () => Promise<T>): Promise<T>;
}

/** Creates the limiter of one Maton account. */
export function createLimiter({ perSecond, atOnce, atOnceAtFirst = 5 }: Limits): Limiter {
  const rate = createRateGate(perSecond);
  const connections = new LRUCache<string, ConcurrencyGate>(atMost(connectionsRemembered));
  return {
    async run({ connection, caller, signal }, send) {
      const slots =
        connections.get(connection) ??
        createConcurrencyGate(Math.min(atOnce, atOnceAtFirst), atOnce);
      connections.set(connection, slots);
      await slots.enter(caller, signal);
      try {
        await rate.enter(caller, signal);
        const sent = await send();
        slots.learn(sent.status);
        return sent;
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
  /** Adjusts the number of requests at the same time to the status of a response. */
  learn(status: number): void;
  leave(): void;
}

function createConcurrencyGate(atFirst: number, atOnce: number): ConcurrencyGate {
  let inside = 0;
  let room = atFirst;
  let wentWell = 0;
  const line = createLine(() => {
    if (inside >= room) return false;
    inside += 1;
    return true;
  });
  return {
    enter: line.enter,
    learn(status) {
      if (status === 429) {
        room = Math.max(1, Math.floor(room / 2));
        wentWell = 0;
        return;
      }
      wentWell += 1;
      if (wentWell < room || room >= atOnce) return;
      room += 1;
      wentWell = 0;
    },
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
