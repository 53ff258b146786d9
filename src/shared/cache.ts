import { LRUCache } from "lru-cache";
import { Failure } from "./failure.ts";

const usualEntries = 500;
/**
 * Milliseconds: long enough to save requests, short enough to notice in the same session that a field was renamed in
 * Bigin.
 */
const usualMs = 5 * 60_000;

/** Values of one type that are loaded once and kept for some time. Keys begin with the connection. */
export interface Cache<T> {
  /**
   * Returns the cached value, or the one that `load` returns. Concurrent callers share one load. A failed load is not
   * cached. If its own caller cancelled it, one of the others loads again.
   */
  get(key: string, signal: AbortSignal, load: () => Promise<T>): Promise<T>;
  forget(key: string): void;
  /**
   * Drops values that were loaded at least `ms` milliseconds ago under keys with this prefix. Returns whether there
   * were any.
   */
  forgetOlder(prefix: string, ms: number): boolean;
}

export interface CacheOptions<T> {
  /** Maximum number of entries. Beyond it, the least recently used one is dropped. */
  entries?: number;
  /** Milliseconds for which a value is kept. */
  keptMs?: number;
  /** False for values that may be wrong, such as an empty list of modules: they are returned, but not kept. */
  isWorthKeeping?: (value: T) => boolean;
}

interface Entry<T> {
  value: Promise<T>;
  loadedAt: number;
}

/** Returns a function that creates a value on its first call and returns the same value from then on. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Options for an LRUCache of this many entries that allocates memory as it fills. With `max` the library allocates room
 * for all entries at once: megabytes for each account, although most use few entries.
 */
export function atMost(entries: number) {
  return { maxSize: entries, sizeCalculation: () => 1 };
}

/** By default the cache keeps 500 values for five minutes each. */
export function createCache<T>(options: CacheOptions<T> = {}): Cache<T> {
  const { entries = usualEntries, keptMs = usualMs, isWorthKeeping = () => true } = options;
  const kept = new LRUCache<string, Entry<T>>({ ...atMost(entries), ttl: keptMs });

  function keep(key: string, value: Promise<T>): void {
    const entry = { value, loadedAt: performance.now() };
    const drop = () => kept.peek(key) === entry && kept.delete(key);
    kept.set(key, entry);
    value.then((loaded) => isWorthKeeping(loaded) || drop(), drop);
  }

  async function get(key: string, signal: AbortSignal, load: () => Promise<T>): Promise<T> {
    const found = kept.get(key);
    if (!found) {
      const loading = load();
      keep(key, loading);
      return loading;
    }
    try {
      return await found.value;
    } catch (error) {
      const isCancelled = error instanceof Failure && error.facts.kind === "cancelled";
      if (!isCancelled || signal.aborted) throw error;
      return get(key, signal, load);
    }
  }

  return {
    get,
    forget: (key) => void kept.delete(key),
    forgetOlder(prefix, ms) {
      const old = [...kept].filter(
        ([key, { loadedAt }]) => key.startsWith(prefix) && performance.now() - loadedAt >= ms,
      );
      for (const [key] of old) kept.delete(key);
      return old.length > 0;
    },
  };
}
