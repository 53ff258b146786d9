import { LRUCache } from "lru-cache";

/** Bigin's search index lags 10–20 s behind writes (bigin-api.md §1.9); a minute is on the safe side. */
const rememberedMs = 60_000;

/** Which modules this account wrote to a moment ago, because searches cannot see that yet. */
export interface RecentWrites {
  note(connection: string, module: string, ids: readonly string[]): void;
  /** The ids written in the last minute; empty when nothing was. */
  ids(connection: string, module: string): ReadonlySet<string>;
}

export function createRecentWrites(): RecentWrites {
  const kept = new LRUCache<string, Map<string, number>>({ max: 500, ttl: rememberedMs });
  return {
    note(connection, module, ids) {
      const key = `${connection} ${module}`;
      const written = kept.get(key) ?? new Map<string, number>();
      for (const id of ids) written.set(id, Date.now());
      kept.set(key, written);
    },
    ids(connection, module) {
      const since = Date.now() - rememberedMs;
      const written = kept.get(`${connection} ${module}`) ?? new Map<string, number>();
      return new Set([...written].filter(([, at]) => at >= since).map(([id]) => id));
    },
  };
}
