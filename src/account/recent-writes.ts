import type { RecentWrites } from "../bigin/search/recently-written.ts";
import type { Store } from "./store.ts";

/** Milliseconds: three times the longest lag of the search index that was observed. */
const rememberedMs = 60_000;
/** Records, over all connections and modules of the account. */
const idsKept = 50_000;

/** Keeps the ids of written records in the account's `store` for a minute. */
export function createRecentWrites(store: Store): RecentWrites {
  const area = store.area<string>("recent writes", { entries: idsKept });
  return {
    async note(connection, module, ids) {
      for (const id of ids) await area.set(`${connection} ${module} ${id}`, id, rememberedMs);
    },
    ids: async (connection, module) => new Set(await area.list(`${connection} ${module} `)),
  };
}
