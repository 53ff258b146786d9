import { LRUCache } from "lru-cache";
import PQueue, { type Queue, type QueueAddOptions } from "p-queue";

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

type Run = () => Promise<unknown>;

interface Waiting extends QueueAddOptions {
  /** Whose request it is: callers take turns, however many each has waiting. */
  caller?: string;
}

interface Entry {
  id: string | undefined;
  run: Run;
}

/** A queue in which callers take turns, each with its own requests in order. */
class FairQueue implements Queue<Run, Waiting> {
  /** Callers in the order of their turns. */
  readonly #lines = new Map<string, Entry[]>();

  get size(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.length, 0);
  }

  enqueue(run: Run, { id, caller = "" }: Partial<Waiting> = {}): void {
    const line = this.#lines.get(caller);
    if (line) line.push({ id, run });
    else this.#lines.set(caller, [{ id, run }]);
  }

  dequeue(): Run | undefined {
    const [next] = this.#lines;
    if (!next) return undefined;
    const [caller, line] = next;
    const entry = line.shift();
    // Whoever was served goes behind all others.
    this.#lines.delete(caller);
    if (line.length > 0) this.#lines.set(caller, line);
    return entry?.run;
  }

  filter(): Run[] {
    return [...this.#lines.values()].flatMap((line) => line.map(({ run }) => run));
  }

  setPriority(): void {
    throw new Error("callers take turns; there is no other priority");
  }

  /** A request that was cancelled while it waited. */
  remove(id: string): void {
    for (const [caller, line] of this.#lines) {
      const at = line.findIndex((entry) => entry.id === id);
      if (at === -1) continue;
      line.splice(at, 1);
      if (line.length === 0) this.#lines.delete(caller);
      return;
    }
  }
}
