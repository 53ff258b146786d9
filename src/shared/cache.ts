import { LRUCache } from "lru-cache";
import { Failure } from "./failure.ts";

const usualEntries = 500;
/** Long enough to spare requests, short enough that a field renamed in Bigin is noticed in the same session. */
const usualMs = 5 * 60_000;

/** Values of one type, loaded once and kept for a while. Keys begin with the connection. */
export interface Cache<T> {
  /**
   * The kept value, or the one that `load` returns. Callers at the same time share one load. A failed load is not kept; one
   * that its own caller cancelled is repeated for the others.
   */
  get(key: string, signal: AbortSignal, load: () => Promise<T>): Promise<T>;
  forget(key: string): void;
  /** Drops what was loaded at least `ms` ago under keys with this prefix. True if there was any. */
  forgetOlder(prefix: string, ms: number): boolean;
}

export interface CacheOptions<T> {
  /** Beyond these, the entry that was used longest ago is dropped. */
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

/** Makes a value when it is first needed, and keeps it. */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Options for an LRUCache of this many entries that takes memory as it fills. With `max` the library allocates all of
 * them beforehand: megabytes for each account, most of which use few.
 */
export function atMost(entries: number) {
  return { maxSize: entries, sizeCalculation: () => 1 };
}

export function createCache<T>(options: CacheOptions<T> = {}): Cache<T> {
  const { entries = usualEntries, keptMs = usualMs, isWorthKeeping = () => true } = options;
  const kept = new LRUCache<string, Entry<T>>({ ...atMost(entries), ttl: keptMs });

  function keep(key: string, value: Promise<T>): void {
    const entry = { value, loadedAt: Date.now() };
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
        ([key, { loadedAt }]) => key.startsWith(prefix) && Date.now() - loadedAt >= ms,
      );
      for (const [key] of old) kept.delete(key);
      return old.length > 0;
    },
  };
}
