import { LRUCache } from "lru-cache";
import type { Row } from "../bigin/api/records.ts";
import type { RowResult } from "../bigin/write/carry-out.ts";
import { createVersions } from "./versions.ts";

/** Latest writes of one account that are remembered, over all its connections, and records in them. */
const writesKept = 200;
const charactersKept = 32 * 2 ** 20;

/** A record that a write changed: what was sent, and what became of it. */
export interface WrittenRow extends RowResult {
  /** As it was sent, in Bigin's form. */
  row: Row;
  /** Set once the change was taken back, with the words for it. */
  undone?: string;
}

export interface Write {
  /** "w1", "w2" …, counted within the account. */
  id: string;
  connection: string;
  at: Date;
  tool: string;
  module: string;
  rows: WrittenRow[];
}

/**
 * What one account wrote lately, with the records as they were before: in memory, bounded, gone with the process. From
 * it writes are listed and undone.
 */
export interface Journal {
  /** Undefined when nothing was changed, not even perhaps, so that there is nothing to undo. */
  add(write: Omit<Write, "id" | "at">): Write | undefined;
  /** The latest first. */
  list(connection: string): Write[];
  get(connection: string, id: string): Write | undefined;
  /** Ids of the records that were created, also those created again when a delete was undone. */
  created(connection: string): string[];
  /** Whether somebody else changed a record between two writes of ours. */
  wasForeign(connection: string, id: string): boolean;
  /** A later write to the same record that was not undone; it must be undone first. */
  laterThan(write: Write, id: string): Write | undefined;
  /** A deleted record was created again: all that is remembered of it goes by its new id from now on. */
  renamed(connection: string, from: string, to: string): void;
  /** The record's Modified_Time after the latest write of ours to it, undoing included. */
  lastSeen(connection: string, id: string): string | undefined;
  noteSeen(connection: string, id: string, modifiedTime: string): void;
}

export function createJournal(now: () => number = Date.now): Journal {
  const kept = new LRUCache<string, Write>({
    max: writesKept,
    maxSize: charactersKept,
    // One write alone may be larger than all there is room for: then it is kept, and no other.
    sizeCalculation: ({ rows }) => Math.min(JSON.stringify(rows).length, charactersKept),
  });
  const versions = createVersions();
  let count = 0;
  const inOrder = () => [...kept.values()].toReversed();
  const journal: Journal = {
    add(write) {
      for (const row of write.rows) versions.written(write.connection, row);
      if (!write.rows.some((row) => isDone(row) || isKeptInDoubt(row))) return undefined;
      count += 1;
      const entry = { ...write, id: `w${count}`, at: new Date(now()) };
      kept.set(entry.id, entry);
      return entry;
    },
    list: (connection) =>
      inOrder()
        .filter((write) => write.connection === connection)
        .toReversed(),
    get(connection, id) {
      const write = kept.peek(id);
      return write?.connection === connection ? write : undefined;
    },
    created: (connection) =>
      journal
        .list(connection)
        .flatMap((write) => write.rows)
        .filter((row) => row.outcome === "created" || row.undone?.startsWith("created again"))
        .flatMap((row) => row.id ?? []),
    wasForeign: versions.wasForeign,
    laterThan: (write, id) =>
      inOrder().find(
        (one) =>
          one.connection === write.connection &&
          Number(one.id.slice(1)) > Number(write.id.slice(1)) &&
          one.rows.some((row) => row.id === id && isDone(row) && !row.undone),
      ),
    renamed(connection, from, to) {
      const ours = journal.list(connection).flatMap((write) => write.rows);
      const swapped = <T>(value: T): T =>
        value && JSON.parse(JSON.stringify(value).replaceAll(`"${from}"`, `"${to}"`));
      for (const row of ours) {
        if (row.id === from) row.id = to;
        // Old values of other records may link to it.
        row.row = swapped(row.row);
        row.before = swapped(row.before);
        row.after = swapped(row.after);
      }
    },
    lastSeen: versions.lastSeen,
    noteSeen: versions.noteSeen,
  };
  return journal;
}

/** Whether a row changed something in Bigin. */
export function isDone({ outcome }: Pick<RowResult, "outcome">): boolean {
  return ["created", "updated", "deleted"].includes(outcome);
}

/** Whether a row may have changed a record whose old values are known. */
function isKeptInDoubt({ outcome, before }: RowResult): boolean {
  return outcome === "unknown" && before !== undefined;
}
