import { LRUCache } from "lru-cache";
import type { RowResult } from "../bigin/write/carry-out.ts";

const recordsKept = 5_000;

/** How records stood after our latest writes to them, by their Modified_Time. */
export interface Versions {
  /** Takes note of a write; one that found a record moved on since our last one shows that somebody else was there. */
  written(connection: string, row: RowResult): void;
  lastSeen(connection: string, id: string): string | undefined;
  noteSeen(connection: string, id: string, modifiedTime: string): void;
  /** Whether somebody else changed a record between two writes of ours. */
  wasForeign(connection: string, id: string): boolean;
}

export function createVersions(): Versions {
  const seen = new LRUCache<string, string>({ max: recordsKept });
  const foreign = new LRUCache<string, true>({ max: recordsKept });
  return {
    written(connection, { id, modifiedTime, before }) {
      if (id === undefined) return;
      const key = `${connection} ${id}`;
      const last = seen.get(key);
      const found = before?.["Modified_Time"];
      if (last && found && Date.parse(String(found)) !== Date.parse(last)) foreign.set(key, true);
      if (modifiedTime) seen.set(key, modifiedTime);
    },
    lastSeen: (connection, id) => seen.get(`${connection} ${id}`),
    noteSeen: (connection, id, time) => void seen.set(`${connection} ${id}`, time),
    wasForeign: (connection, id) => foreign.has(`${connection} ${id}`),
  };
}
