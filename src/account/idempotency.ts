import { badArguments } from "../shared/failure.ts";
import { digestOf } from "../shared/seal.ts";
import type { Store } from "./store.ts";

/** Milliseconds: longer than agents keep retrying. */
const keptMs = 60 * 60_000;
const keysKept = 10_000;

type Reply = Record<string, unknown>;

/** A call that its caller gave an `idempotency_key`. */
export interface KeyedCall {
  /** The tool and the connection: each has its own keys. */
  scope: string;
  key: string;
  /** A key may only be used again with the arguments that it was first used with. */
  args: unknown;
}

/** What is known about earlier attempts with the same key. */
export interface EarlierAttempt {
  /** When the first attempt began, in milliseconds since the epoch. */
  since: number;
  /** Ids of the journal's writes by the attempts so far. */
  writes: readonly string[];
}

/** What is stored for a key. Without `reply` the outcome is unknown: something may have happened. */
interface Entry extends EarlierAttempt {
  digest: string;
  reply?: Reply;
}

/** Results of calls by idempotency key, within one account. */
export interface Idempotency {
  /** The first result for a key that was used; undefined if the call must be carried out. */
  earlier(call: KeyedCall): Promise<Reply | undefined>;
  /**
   * Carries a call out once per key: a repeated call gets the first result, and calls at the same time share it. `work`
   * reports each journal entry through `wrote`. If its reply or error leaves an outcome unknown (`isInDoubt`), the next
   * call with the key is carried out too. It gets the earlier attempt, so that it can look for its results first.
   */
  run(
    call: KeyedCall,
    work: (
      earlier: EarlierAttempt | undefined,
      wrote: (id: string) => Promise<void>,
    ) => Promise<Reply>,
    isInDoubt: (outcome: unknown) => boolean,
  ): Promise<Reply>;
}

/** Keeps at most 10,000 keys in the account's `store`, each for an hour. After that a key counts as unused. */
export function createIdempotency(store: Store, now: () => number = Date.now): Idempotency {
  const entries = store.area<Entry>("idempotency", { entries: keysKept });
  const running = new Map<string, { digest: string; result: Promise<Reply> }>();

  async function finished(call: KeyedCall): Promise<Entry | undefined> {
    const entry = await entries.get(keyOf(call));
    if (entry) checkArguments(call, entry.digest);
    return entry;
  }

  async function carryOut(...[call, work, isInDoubt]: Parameters<Idempotency["run"]>) {
    const first = await finished(call);
    if (first?.reply) return first.reply;
    const { since, writes } = first ?? { since: now(), writes: [] };
    let entry: Entry = { digest: digestOf(call.args), since, writes };
    const keep = (changed: Partial<Entry>) => {
      entry = { ...entry, ...changed };
      return entries.set(keyOf(call), entry, keptMs);
    };
    await keep({});
    try {
      const reply = await work(first && { since, writes }, (id) =>
        keep({ writes: [...entry.writes, id] }),
      );
      if (!isInDoubt(reply)) await keep({ reply });
      return reply;
    } catch (error) {
      // If certainly nothing was done, the key counts as unused. An earlier attempt in doubt keeps the key in use.
      if (!first && !isInDoubt(error)) await entries.delete(keyOf(call));
      throw error;
    }
  }
  return {
    async earlier(call) {
      const current = running.get(keyOf(call));
      if (current) checkArguments(call, current.digest);
      return current ? current.result : (await finished(call))?.reply;
    },
    async run(call, work, isInDoubt) {
      const current = running.get(keyOf(call));
      if (current) {
        checkArguments(call, current.digest);
        return current.result;
      }
      const result = carryOut(call, work, isInDoubt);
      running.set(keyOf(call), { digest: digestOf(call.args), result });
      try {
        return await result;
      } finally {
        running.delete(keyOf(call));
      }
    },
  };
}

function keyOf({ scope, key }: KeyedCall): string {
  return JSON.stringify([scope, key]);
}

function checkArguments({ args }: KeyedCall, digest: string): void {
  if (digestOf(args) === digest) return;
  throw badArguments(
    "This idempotency_key was used for another call: give each call its own key, and repeat a key only with the same arguments.",
  );
}
