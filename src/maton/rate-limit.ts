import { LRUCache } from "lru-cache";
import PQueue from "p-queue";
import { FairQueue, type Waiting } from "./fair-queue.ts";

export interface Limits {
  /** Requests a second of one Maton account. */
  perSecond: number;
  /** Requests at once over one connection. */
  atOnce: number;
}

/** Maton's rate for an account, and Bigin's concurrency for a user of a paid edition (design §10, bigin-api.md §5). */
export const publishedLimits: Limits = { perSecond: 10, atOnce: 10 };
const connectionsRemembered = 1000;

interface Turn {
  connection: string;
  /** Whose request it is: callers of one account take turns. */
  caller: string;
  /** Rejects a request that still waits, with this signal's reason. */
  signal: AbortSignal;
}

export interface Limiter {
  /** Runs `send` when the account's rate and the connection's concurrency allow it, callers taking turns. */
  run<T>(turn: Turn, send: () => Promise<T>): Promise<T>;
}

/** One per Maton account. */
export function createLimiter(limits: Limits): Limiter {
  const rate = createQueue({ intervalCap: limits.perSecond, interval: 1000, strict: true });
  const queues = new LRUCache<string, ReturnType<typeof createQueue>>({
    max: connectionsRemembered,
  });
  let turns = 0;
  return {
    run({ connection, caller, signal }, send) {
      let queue = queues.get(connection);
      if (!queue) {
        queue = createQueue({ concurrency: limits.atOnce });
        queues.set(connection, queue);
      }
      // An id of its own lets a request that is cancelled be taken out of the queue.
      const turn = () => {
        turns += 1;
        return { id: String(turns), caller, signal };
      };
      return queue.add(async () => {
        await rate.add(async () => undefined, turn());
        return send();
      }, turn());
    },
  };
}

function createQueue(options: {
  concurrency?: number;
  intervalCap?: number;
  interval?: number;
  strict?: boolean;
}) {
  return new PQueue<FairQueue, Waiting>({ ...options, queueClass: FairQueue });
}
