import { LRUCache } from "lru-cache";
import { badArguments } from "../shared/failure.ts";
import { digestOf } from "./digest.ts";

/** As many keys, and for so long (issue 4): long enough for every retry of an agent. */
const keysKept = 1_000;
const keptMs = 60 * 60_000;
/** Tools and connections. */
const scopesKept = 200;

type Reply = Record<string, unknown>;

interface Entry {
  digest: string;
  since: number;
  result: Promise<Reply>;
  /** True of a try that may have done something of which nobody knows. */
  inDoubt: boolean;
  /** What the tries so far put into the journal. */
  writes: readonly string[];
}

/** What an earlier call with the same key leaves to this one. */
export interface Earlier {
  /** When the first try began, in milliseconds since the epoch. */
  since: number;
  /** Ids of the writes in the journal that hold what the tries so far are known to have done. */
  writes: readonly string[];
}

/**
 * Calls by the key their caller gave them (`idempotency_key`), within one account: a repeated one gets the first one's
 * result, and two at the same time share it. A scope is a tool over a connection; each keeps its own latest keys. A key belongs to the arguments it first came with.
 */
export interface Repeats {
  /** The first result for a key that was used; undefined when the call must be carried out. */
  earlier(scope: string, key: string, args: unknown): Promise<Reply> | undefined;
  /**
   * Carries a call out under its key; `wrote` hears of each entry in the journal at once. `inDoubt` tells of a reply or an error whether something may have happened that it
   * does not know of: then the next call with the key is carried out too, with `Earlier`, and looks before it inserts.
   */
  run(
    scope: string,
    key: string,
    args: unknown,
    work: (earlier: Earlier | undefined, wrote: (id: string) => void) => Promise<Reply>,
    inDoubt: (outcome: unknown) => boolean,
  ): Promise<Reply>;
}

export function createRepeats(now: () => number = Date.now): Repeats {
  const scopes = new LRUCache<string, LRUCache<string, Entry>>({ max: scopesKept });
  const keptFor = (scope: string) => {
    const found = scopes.get(scope) ?? new LRUCache<string, Entry>({ max: keysKept, ttl: keptMs });
    scopes.set(scope, found);
    return found;
  };

  function known(scope: string, key: string, args: unknown): Entry | undefined {
    const entry = keptFor(scope).get(key);
    if (entry && entry.digest !== digestOf(args))
      throw badArguments(
        "This idempotency_key was used for another call: give each call its own key, and repeat it only with the same arguments.",
      );
    return entry;
  }
  return {
    earlier(scope, key, args) {
      const entry = known(scope, key, args);
      return entry?.inDoubt ? undefined : entry?.result;
    },
    async run(scope, key, args, work, inDoubt) {
      const first = known(scope, key, args);
      if (first && !first.inDoubt) return first.result;
      const { since = now(), writes = [] } = first ?? {};
      const done = [...writes];
      const result = work(first && { since, writes }, (id) => void done.push(id));
      const entry: Entry = { digest: digestOf(args), since, result, inDoubt: false, writes: done };
      keptFor(scope).set(key, entry);
      try {
        const reply = await result;
        entry.inDoubt = inDoubt(reply);
        return reply;
      } catch (error) {
        // Once in doubt, always in doubt; where surely nothing was done, the key is as new.
        entry.inDoubt = first !== undefined || inDoubt(error);
        if (!entry.inDoubt && keptFor(scope).get(key) === entry) keptFor(scope).delete(key);
        throw error;
      }
    },
  };
}
