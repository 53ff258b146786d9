import { LRUCache } from "lru-cache";
import { atMost } from "../shared/cache.ts";

/**
 * Where an account keeps what must survive a call: the journal of its writes, idempotency results, used tokens and
 * recent writes. Every method is asynchronous, so that a store can also be a file or a server. An implementation must
 * pass `test/account/store-conformance.ts`.
 *
 * Values are plain JSON. Never change a value that was stored or returned: store a new value instead.
 */
export interface Store {
  /** The entries kept for one purpose. The same name always means the same entries. */
  area<T>(name: string, bounds: Bounds): Area<T>;
}

/** How much an area keeps. Beyond that the entries that were stored longest ago are dropped. */
interface Bounds {
  entries: number;
  /** Characters of JSON over all entries. One larger entry is kept alone. */
  characters?: number;
}

interface Area<T> {
  get(key: string): Promise<T | undefined>;
  /** Stores a value, for `ttlMs` milliseconds or until it is dropped. */
  set(key: string, value: T, ttlMs?: number): Promise<void>;
  /** Stores a value unless the key is taken. Of several at the same time exactly one returns true. */
  add(key: string, value: T, ttlMs?: number): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** The values whose keys begin with `prefix`, in no particular order. */
  list(prefix?: string): Promise<T[]>;
}

/** A store in memory, which ends with the process. */
export function createMemoryStore(): Store {
  const areas = new Map<string, Area<unknown>>();
  return {
    area<T>(name: string, bounds: Bounds): Area<T> {
      const known = areas.get(name) ?? createMemoryArea(bounds);
      areas.set(name, known);
      // The name of an area decides the type of its values, so this cast is safe.
      return known as Area<T>;
    },
  };
}

function createMemoryArea(bounds: Bounds): Area<unknown> {
  const kept = new LRUCache<string, { value: unknown }>(cacheBounds(bounds));
  const store = (key: string, value: unknown, ttlMs: number | undefined) =>
    void kept.set(key, { value }, ttlMs === undefined ? {} : { ttl: ttlMs });
  return {
    // `peek`: reading an entry must not change which one is dropped first.
    get: async (key) => kept.peek(key)?.value,
    set: async (key, value, ttlMs) => store(key, value, ttlMs),
    async add(key, value, ttlMs) {
      if (kept.has(key)) return false;
      store(key, value, ttlMs);
      return true;
    },
    delete: async (key) => void kept.delete(key),
    list: async (prefix = "") =>
      [...kept.entries()].filter(([key]) => key.startsWith(prefix)).map(([, { value }]) => value),
  };
}

function cacheBounds({ entries, characters }: Bounds) {
  if (characters === undefined) return atMost(entries);
  return {
    max: entries,
    maxSize: characters,
    sizeCalculation: ({ value }: { value: unknown }) =>
      Math.max(1, Math.min(JSON.stringify(value).length, characters)),
  };
}
