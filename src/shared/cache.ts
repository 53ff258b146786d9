import { LRUCache } from "lru-cache";
import { Failure } from "./failure.ts";

const usualEntries = 2_000;
/** Long enough to spare calls, short enough that a renamed field is noticed while one works. */
const usualMs = 5 * 60_000;

/** Remembers what upstream said about itself. Keys hold the connection; one cache belongs to one account. */
export interface Cache {
  /**
   * The remembered value, or what `load` brings. Callers that ask at the same time share one load; a failed
   * load is forgotten, and one cancelled by somebody else is done again for a caller who still waits.
   */
  get<T>(key: string, signal: AbortSignal, load: () => Promise<T>, ttlMs?: number): Promise<T>;
  /** As `get`, but what is not worth it is loaded again the next time: an answer that holds nothing may be wrong. */
  getIf<T>(
    isWorth: (value: T) => boolean,
    key: string,
    signal: AbortSignal,
    load: () => Promise<T>,
  ): Promise<T>;
  forget(key: string): void;
  /** Forgets what was loaded longer than `ms` ago under keys that begin so; tells whether there was any. */
  forgetOlder(prefix: string, ms: number): boolean;
}

export function createCache(entries = usualEntries): Cache {
  const kept = new LRUCache<string, Promise<unknown>>({ max: entries, ttl: usualMs });
  const loadedAt = new WeakMap<Promise<unknown>, number>();

  async function get<T>(
    key: string,
    signal: AbortSignal,
    load: () => Promise<T>,
    ttlMs = usualMs,
  ): Promise<T> {
    const found = kept.get(key);
    if (!found) {
      const loading = load();
      loadedAt.set(loading, Date.now());
      kept.set(key, loading, { ttl: ttlMs });
      loading.catch(() => kept.get(key) === loading && kept.delete(key));
      return loading;
    }
    try {
      return (await found) as T;
    } catch (error) {
      const cancelled = error instanceof Failure && error.facts.kind === "cancelled";
      if (!cancelled || signal.aborted) throw error;
      return get(key, signal, load, ttlMs);
    }
  }
  return {
    get,
    async getIf(isWorth, key, signal, load) {
      const value = await get(key, signal, load);
      if (!isWorth(value)) kept.delete(key);
      return value;
    },
    forget: (key) => void kept.delete(key),
    forgetOlder(prefix, ms) {
      const old = [...kept].filter(
        ([key, value]) => key.startsWith(prefix) && Date.now() - (loadedAt.get(value) ?? 0) >= ms,
      );
      for (const [key] of old) kept.delete(key);
      return old.length > 0;
    },
  };
}
