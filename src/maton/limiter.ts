import { LRUCache } from "lru-cache";
import PQueue from "p-queue";

export interface Limits {
  /** Requests a second of one Maton account. */
  perSecond: number;
  /** Requests at once over one connection. */
  atOnce: number;
}

/** Maton's rate for an account, and Bigin's concurrency for a user of a paid edition (design §10, bigin-api.md §5). */
export const publishedLimits: Limits = { perSecond: 10, atOnce: 10 };
const connectionsRemembered = 1000;

export interface Limiter {
  /**
   * Runs `send` when the account's rate and the connection's concurrency allow it, first come first
   * served. Rejects with the signal's reason when it aborts while waiting.
   */
  run<T>(connection: string, signal: AbortSignal, send: () => Promise<T>): Promise<T>;
}

/** One per Maton account. */
export function createLimiter(limits: Limits): Limiter {
  const rate = new PQueue({ intervalCap: limits.perSecond, interval: 1000, strict: true });
  const queues = new LRUCache<string, PQueue>({ max: connectionsRemembered });
  return {
    run(connection, signal, send) {
      let queue = queues.get(connection);
      if (!queue) {
        queue = new PQueue({ concurrency: limits.atOnce });
        queues.set(connection, queue);
      }
      return queue.add(
        async () => {
          await rate.add(async () => undefined, { signal });
          return send();
        },
        { signal },
      );
    },
  };
}
