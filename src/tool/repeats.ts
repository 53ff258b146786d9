import { LRUCache } from "lru-cache";
import { badArguments } from "../failure.ts";
import { digestOf } from "./digest.ts";

/** As many keys, and for so long (issue 4): long enough for every retry of an agent. */
const keysKept = 1_000;
const keptMs = 60 * 60_000;

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
 * result, and two at the same time share it. A key belongs to the arguments it first came with.
 */
export interface Repeats {
  /** The first result for a key that was used; undefined when the call must be carried out. */
  earlier(key: string, args: unknown): Promise<Reply> | undefined;
  /**
   * Carries a call out under its key. `inDoubt` tells of a reply or an error whether something may have happened that it
   * does not know of: then the next call with the key is carried out too, with `Earlier`, and looks before it inserts.
   */
  run(
    key: string,
    args: unknown,
    work: (earlier: Earlier | undefined) => Promise<Reply>,
    inDoubt: (outcome: unknown) => boolean,
  ): Promise<Reply>;
}

export function createRepeats(now: () => number = Date.now): Repeats {
  const kept = new LRUCache<string, Entry>({ max: keysKept, ttl: keptMs });

  function known(key: string, args: unknown): Entry | undefined {
    const entry = kept.get(key);
    if (entry && entry.digest !== digestOf(args))
      throw badArguments(
        "This idempotency_key was used for another call: give each call its own key, and repeat it only with the same arguments.",
      );
    return entry;
  }
  return {
    earlier(key, args) {
      const entry = known(key, args);
      return entry?.inDoubt ? undefined : entry?.result;
    },
    async run(key, args, work, inDoubt) {
      const first = known(key, args);
      if (first && !first.inDoubt) return first.result;
      const { since = now(), writes = [] } = first ?? {};
      const result = work(first && { since, writes });
      const entry: Entry = { digest: digestOf(args), since, result, inDoubt: false, writes };
      kept.set(key, entry);
      try {
        const reply = await result;
        entry.inDoubt = inDoubt(reply);
        entry.writes = [...writes, ...writeIn(reply)];
        return reply;
      } catch (error) {
        // Once in doubt, always in doubt; where surely nothing was done, the key is as new.
        entry.inDoubt = first !== undefined || inDoubt(error);
        if (!entry.inDoubt && kept.get(key) === entry) kept.delete(key);
        throw error;
      }
    },
  };
}

function writeIn(reply: Reply): string[] {
  const id = reply["write_id"];
  return typeof id === "string" ? [id] : [];
}
