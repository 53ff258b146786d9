import { Failure } from "../../shared/failure.ts";
import { chunksOf, unlessFailed, unlessRefused } from "../api/batch.ts";
import type { BiginRecord, RecordReads, Row } from "../api/records.ts";
import { fieldsPerRequest, idsPerRequest, recordsOneByOne } from "../limits.ts";

/** Records as they were when read, by id. Ids without a record are absent. */
export type Snapshots = ReadonlyMap<string, BiginRecord>;

/** Snapshots, or a note that says why there are none. */
export interface ReadBack {
  snapshots?: Snapshots;
  note?: string;
}

export const tooManyToRead = "this connection cannot read these records by their ids";

/**
 * Reads records by id with these fields. Up to ten are read one by one, and whole if the fields are too many for one
 * request; more are read in lists of ids, in several passes. Undefined if lists of ids do not work: some connections
 * ignore `ids` and list other records (docs/reference/bigin-api.md §1.2).
 */
export async function readSnapshots(
  reads: RecordReads,
  module: string,
  ids: readonly string[],
  fields: readonly string[] | undefined,
): Promise<Snapshots | undefined> {
  const wanted = fields && [...new Set(fields)];
  if (ids.length > recordsOneByOne) return inLists(reads, module, ids, wanted ?? []);
  const names = wanted && wanted.length < fieldsPerRequest ? ["id", ...wanted] : undefined;
  const found = await unlessRefused(oneByOne(reads, module, ids, names), undefined);
  // A list cannot show records whole.
  return found ?? (wanted && inLists(reads, module, ids, wanted));
}

/** Reads records with one request each, however many there are. */
export async function oneByOne(
  reads: RecordReads,
  module: string,
  ids: readonly string[],
  fields: readonly string[] | undefined,
): Promise<Snapshots> {
  const found = await Promise.all(ids.map((id) => reads.get(module, id, fields)));
  return new Map(found.flatMap((record) => (record ? [[record.id, record]] : [])));
}

async function inLists(
  reads: RecordReads,
  module: string,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Snapshots | undefined> {
  const snapshots = new Map<string, BiginRecord>();
  const passes = chunksOf(ids, idsPerRequest).flatMap((some) =>
    chunksOf(fields, fieldsPerRequest - 1).map((names) => ({ some, names: ["id", ...names] })),
  );
  for (const { some, names } of passes) {
    const asked = reads.list(module, { fields: names, ids: some, per_page: some.length });
    const page = await unlessRefused(asked, undefined);
    if (!page || page.records.some((record) => !some.includes(record.id))) return undefined;
    for (const record of page.records)
      snapshots.set(record.id, { ...snapshots.get(record.id), ...record });
  }
  return snapshots;
}

/** Reads which of the records exist: a hundred per request if lists of ids work, else like `readSnapshots`. */
async function readPresent(
  reads: RecordReads,
  module: string,
  ids: readonly string[],
): Promise<Snapshots | undefined> {
  const fields = ["Modified_Time"];
  const listed = ids.length > 1 ? await inLists(reads, module, ids, fields) : undefined;
  if (listed || ids.length > recordsOneByOne) return listed;
  return readSnapshots(reads, module, ids, fields);
}

/**
 * Reads records again after rows were sent to them, one part after the other. A failure becomes a note, because the
 * rows were sent already.
 */
export async function readAgain(
  reads: RecordReads,
  sent: { module: string; rows: readonly Row[]; fields: ReadonlyMap<string, unknown> },
  parts: readonly (readonly string[])[],
): Promise<ReadBack> {
  const names = sent.rows.flatMap((row) => Object.keys(row)).filter((name) => name !== "Layout");
  const team = sent.fields.has("Pipeline") ? ["Pipeline"] : [];
  const fields = ["Modified_Time", ...team, ...names];
  return readParts(parts, (ids) => readSnapshots(reads, sent.module, ids, fields));
}

/** Like `readAgain`, after deletes: a record that is found was not deleted. */
export async function lookForDeleted(
  reads: RecordReads,
  module: string,
  parts: readonly (readonly string[])[],
): Promise<ReadBack> {
  return readParts(parts, (ids) => readPresent(reads, module, ids));
}

async function readParts(
  parts: readonly (readonly string[])[],
  read: (ids: readonly string[]) => Promise<Snapshots | undefined>,
): Promise<ReadBack> {
  const snapshots = new Map<string, BiginRecord>();
  try {
    for (const ids of parts) {
      const some = await read(ids);
      if (!some) return { note: `not read back: ${tooManyToRead}` };
      for (const [id, snapshot] of some) snapshots.set(id, snapshot);
    }
    return { snapshots };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { note: `not read back: ${error.message}` };
  }
}

/** A record that a row links to. */
export interface Link {
  module: string;
  id: string;
  /** The place of the row, from 0. */
  row: number;
  /** The label of the field, for an error message. */
  label: string;
}

/**
 * The links to records that were deleted, never existed, or are hidden from this user. `checked` is false if the
 * connection may not read another module, or could only do so with a request for each record.
 */
export async function deadLinks(
  reads: RecordReads,
  links: readonly Link[],
): Promise<{ dead: Link[]; checked: boolean }> {
  const modules = [...new Set(links.map((link) => link.module))];
  const deadByModule = await Promise.all(
    modules.map(async (module) => {
      const ours = links.filter((link) => link.module === module);
      const ids = [...new Set(ours.map((link) => link.id))];
      const found = await unlessFailed(readSnapshots(reads, module, ids, ["id"]), undefined);
      return found && ours.filter((link) => !found.has(link.id));
    }),
  );
  return {
    dead: deadByModule.flatMap((dead) => dead ?? []),
    checked: deadByModule.every((dead) => dead !== undefined),
  };
}
