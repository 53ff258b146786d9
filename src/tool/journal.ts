import { LRUCache } from "lru-cache";
import type { Row } from "../bigin/records.ts";
import type { RowResult } from "../bigin/writing/carry-out.ts";

/** Latest writes of one account that are remembered, over all its connections, and records in them. */
const writesKept = 200;
const recordsKept = 5_000;

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
  /** Undefined when nothing was changed, so that there is nothing to undo. */
  add(write: Omit<Write, "id" | "at">): Write | undefined;
  /** The latest first. */
  list(connection: string): Write[];
  get(connection: string, id: string): Write | undefined;
  /** Of all records in it. */
  ids(connection: string): string[];
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
    maxSize: recordsKept,
    sizeCalculation: (write) => Math.max(1, Math.min(write.rows.length, recordsKept)),
  });
  const seen = new LRUCache<string, string>({ max: recordsKept });
  let count = 0;
  const inOrder = () => [...kept.values()].toReversed();
  const journal: Journal = {
    add(write) {
      for (const { id, modifiedTime } of write.rows)
        if (id && modifiedTime) journal.noteSeen(write.connection, id, modifiedTime);
      if (!write.rows.some(isDone)) return undefined;
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
    ids: (connection) =>
      journal.list(connection).flatMap((write) => write.rows.flatMap((row) => row.id ?? [])),
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
    lastSeen: (connection, id) => seen.get(`${connection} ${id}`),
    noteSeen: (connection, id, time) => void seen.set(`${connection} ${id}`, time),
  };
  return journal;
}

/** Whether a row changed something in Bigin. */
export function isDone({ outcome }: Pick<RowResult, "outcome">): boolean {
  return ["created", "updated", "deleted"].includes(outcome);
}
