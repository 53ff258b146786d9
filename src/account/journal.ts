import type { Row } from "../bigin/api/records.ts";
import type { RowResult } from "../bigin/write/plan.ts";
import type { Store } from "./store.ts";

/** Maximum number of writes kept, over all connections of the account, and of characters in their records. */
const writesKept = 200;
const charactersKept = 32 * 2 ** 20;
/** Maximum number of records whose latest version is kept. */
const versionsKept = 5_000;
/** Milliseconds for which a write stays claimed: an undo is one call, which ends well within this time. */
const undoMs = 5 * 60_000;

/** One record of a write: what was sent, and what became of it. */
export interface WrittenRow extends RowResult {
  /** As it was sent, in Bigin's form. */
  row: Row;
  /** How the change was undone; undefined if it was not. */
  undone?: Undone | undefined;
  /** For a deleted company: ids of the contacts that undoing it created. Those left in `along` were not created yet. */
  contactsCreated?: readonly string[];
}

/**
 * How a change was undone. "perhaps_recreated": the response was lost, so the record must not be created again without
 * a check.
 */
export type Undone =
  | { how: "restored" | "deleted" | "perhaps_recreated" }
  | { how: "recreated"; as: string };

/** One write, as the journal keeps it. */
export interface Write {
  /** "w1", "w2" …, counted within the account. */
  id: string;
  connection: string;
  /** ISO time. */
  at: string;
  tool: string;
  module: string;
  rows: readonly WrittenRow[];
}

/** What undoing a write needs to know about later changes to its records, by their ids. */
interface RecordHistory {
  /** Modified_Time after our latest write to the record; an undo counts as a write. */
  lastSeen(id: string): string | undefined;
  /** The id of a later write of ours to the record that was not undone; it must be undone first. */
  later(id: string): string | undefined;
  /** True if somebody else changed the record between two writes of ours. */
  wasForeign(id: string): boolean;
}

/** One undone record, as the journal notes it. */
export interface UndoneChange {
  /** The row's index in the write. */
  at: number;
  id: string;
  /** True for a contact that was deleted along with the company of the row. */
  isContact?: boolean;
  undone: Undone;
  /** The record's Modified_Time after it was undone. */
  modifiedTime?: string | undefined;
}

/**
 * The latest writes of one account, with the records as they were before. bigin_list_writes and bigin_undo_write read
 * it. Its size is bounded; the store decides how long it lasts.
 */
export interface Journal {
  /** Records a write. Returns undefined if it certainly changed nothing, so that there is nothing to undo. */
  add(write: Omit<Write, "id" | "at">): Promise<Write | undefined>;
  /** The writes over a connection, latest first. */
  list(connection: string): Promise<Write[]>;
  get(connection: string, id: string): Promise<Write | undefined>;
  /** Ids of the records that our writes created, including undos of deletes. */
  created(connection: string): Promise<string[]>;
  history(write: Write): Promise<RecordHistory>;
  /** Claims a write for undoing; false if another call is undoing it. Release it when done. */
  claim(write: Write): Promise<boolean>;
  release(write: Write): Promise<void>;
  /**
   * Records which rows of a write were undone. The id of a record that was created again is replaced by its new id
   * everywhere.
   */
  noteUndone(write: Write, changes: readonly UndoneChange[]): Promise<void>;
}

/** Keeps the latest 200 writes in the account's `store`; fewer if they have more than 32 Mi characters as JSON. */
export function createJournal(store: Store, now: () => number = Date.now): Journal {
  const writes = store.area<Write>("journal", { entries: writesKept, characters: charactersKept });
  const undoing = store.area<true>("undos in progress", { entries: writesKept });
  const versions = createVersions(store);
  let count = 0;

  async function list(connection: string): Promise<Write[]> {
    const all = await writes.list(`${connection} `);
    return all.toSorted((a, b) => numberOf(b) - numberOf(a));
  }
  return {
    async add(write) {
      for (const row of write.rows) await versions.noteWritten(write.connection, row);
      if (!write.rows.some((row) => isDone(row) || isKeptInDoubt(row))) return undefined;
      count += 1;
      const entry = { ...write, id: `w${count}`, at: new Date(now()).toISOString() };
      await writes.set(keyOf(entry), entry);
      return entry;
    },
    list,
    get: (connection, id) => writes.get(keyOf({ connection, id })),
    async created(connection) {
      const rows = (await list(connection)).flatMap((write) => write.rows);
      return rows.flatMap(({ id, outcome, undone, contactsCreated = [] }) => [
        ...(id && (outcome === "created" || undone?.how === "recreated") ? [id] : []),
        ...contactsCreated,
      ]);
    },
    async history(write) {
      const ids = write.rows.flatMap((row) => row.id ?? []);
      const known = await Promise.all(ids.map((id) => versions.get(write.connection, id)));
      const byId = new Map(ids.map((id, at) => [id, known[at]]));
      const later = laterWrites(write, await list(write.connection));
      return {
        lastSeen: (id) => byId.get(id)?.seen,
        later: (id) => later.get(id),
        wasForeign: (id) => byId.get(id)?.foreign === true,
      };
    },
    claim: (write) => undoing.add(keyOf(write), true, undoMs),
    release: (write) => undoing.delete(keyOf(write)),
    async noteUndone(write, changes) {
      const current = (await writes.get(keyOf(write))) ?? write;
      await writes.set(keyOf(write), withUndone(current, changes));
      for (const change of changes) await versions.noteUndone(write.connection, change);
      const ids = new Map(
        changes.flatMap(({ id, undone }) =>
          undone.how === "recreated" ? [[id, undone.as] as const] : [],
        ),
      );
      if (ids.size === 0) return;
      // Old values of other records may link to a record that was created again.
      for (const one of await list(write.connection))
        await writes.set(keyOf(one), { ...one, rows: renamed(one.rows, ids) });
    },
  };
}

function keyOf({ connection, id }: Pick<Write, "connection" | "id">): string {
  return `${connection} ${id}`;
}

function withUndone(write: Write, changes: readonly UndoneChange[]): Write {
  const own = changes.filter(({ isContact }) => !isContact);
  const undone = new Map(own.map((change) => [change.at, change.undone]));
  const rows = write.rows.map((row, at) => {
    const contacts = changes.filter((change) => change.isContact && change.at === at);
    return withContactsBack({ ...row, undone: undone.get(at) ?? row.undone }, contacts);
  });
  return { ...write, rows };
}

function withContactsBack(row: WrittenRow, changes: readonly UndoneChange[]): WrittenRow {
  const { along, contactsCreated = [] } = row;
  if (!along || changes.length === 0) return row;
  const back = new Set(changes.map(({ id }) => id));
  const created = changes.flatMap(({ undone }) => (undone.how === "recreated" ? [undone.as] : []));
  return {
    ...row,
    along: { ...along, contacts: along.contacts.filter(({ id }) => !back.has(id)) },
    contactsCreated: [...contactsCreated, ...created],
  };
}

/** For each record, the first write after this one that changed it and was not undone. */
function laterWrites(write: Write, latestFirst: readonly Write[]): Map<string | undefined, string> {
  const later = latestFirst.filter((one) => numberOf(one) > numberOf(write));
  const changes = later.flatMap((one) =>
    one.rows
      .filter((row) => row.id !== undefined && isDone(row) && !row.undone)
      .map((row) => [row.id, one.id] as const),
  );
  return new Map(changes);
}

/** A record's version after our latest write to it. */
interface Version {
  /** Its Modified_Time. */
  seen: string | undefined;
  /** True if somebody else changed it between two writes of ours. */
  foreign: boolean;
}

function createVersions(store: Store) {
  const area = store.area<Version>("record versions", { entries: versionsKept });
  const get = (connection: string, id: string) => area.get(`${connection} ${id}`);
  return {
    get,
    /** If a record's Modified_Time before a write is not the one after our last write, somebody else changed it. */
    async noteWritten(connection: string, { id, modifiedTime, before }: RowResult): Promise<void> {
      if (id === undefined) return;
      const known = await get(connection, id);
      const found = before?.["Modified_Time"];
      const isMoved =
        known?.seen !== undefined &&
        found !== undefined &&
        Date.parse(String(found)) !== Date.parse(known.seen);
      const foreign = known?.foreign === true || isMoved;
      await area.set(`${connection} ${id}`, { seen: modifiedTime ?? known?.seen, foreign });
    },
    async noteUndone(connection: string, { id, undone, modifiedTime }: UndoneChange) {
      if (modifiedTime === undefined) return;
      const now = undone.how === "recreated" ? undone.as : id;
      const known = await get(connection, now);
      await area.set(`${connection} ${now}`, {
        seen: modifiedTime,
        foreign: known?.foreign === true,
      });
    },
  };
}

function numberOf({ id }: Write): number {
  return Number(id.slice(1));
}

function renamed<T>(value: T, ids: ReadonlyMap<string, string>): T;
function renamed(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return ids.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, ids));
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, ids)]));
}

/** True if a row changed something in Bigin. */
export function isDone({ outcome }: Pick<RowResult, "outcome">): boolean {
  return ["created", "updated", "deleted"].includes(outcome);
}

/** True if a row may have changed a record whose old values are known. */
function isKeptInDoubt({ outcome, before }: RowResult): boolean {
  return outcome === "unknown" && before !== undefined;
}
