import { Failure } from "../../shared/failure.ts";
import { chunksOf } from "../api/batch.ts";
import { type BiginRecord, fieldsAtMost, type Reading, type Row } from "../api/records.ts";

/** So many records are read one by one; more in lists of their ids (design §9). */
export const oneByOne = 10;
const idsAtMost = 100;

/** Records as they stand, by id; ids that Bigin does not know are absent. */
export type Images = ReadonlyMap<string, BiginRecord>;

/**
 * Reads records by id with the fields named; where they are too many for one request, up to ten records are read whole
 * and more in several passes. Undefined where it would cost a request each: lists take `ids` only in some connections
 * (bigin-api.md §1.2), and one that ignores them answers records nobody asked for.
 */
export async function readImages(
  reading: Reading,
  module: string,
  ids: readonly string[],
  fields: readonly string[] | undefined,
): Promise<Images | undefined> {
  const wanted = fields && [...new Set(fields)];
  if (ids.length <= oneByOne) {
    const some = wanted && wanted.length < fieldsAtMost ? ["id", ...wanted] : undefined;
    const found = await Promise.all(ids.map((id) => reading.get(module, id, some)));
    return byId(found.flatMap((record) => record ?? []));
  }
  return inLists(reading, module, ids, wanted ?? []);
}

async function inLists(
  reading: Reading,
  module: string,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Images | undefined> {
  const images = new Map<string, BiginRecord>();
  const passes = chunksOf(ids, idsAtMost).flatMap((some) =>
    chunksOf(fields, fieldsAtMost - 1).map((names) => ({ some, names: ["id", ...names] })),
  );
  for (const { some, names } of passes) {
    const page = await reading.list(module, { fields: names, ids: some, per_page: some.length });
    if (page.records.some((record) => !some.includes(record.id))) return undefined;
    for (const record of page.records)
      images.set(record.id, { ...images.get(record.id), ...record });
  }
  return images;
}

/**
 * Those of the records that are there, of which nothing else matters: in one request for a hundred, or one by one where
 * they are few and lists take no `ids`. Undefined where it would cost too many requests.
 */
async function readPresent(
  reading: Reading,
  module: string,
  ids: readonly string[],
): Promise<Images | undefined> {
  const fields = ["Modified_Time"];
  const listed = ids.length > 1 ? await inLists(reading, module, ids, fields) : undefined;
  if (listed || ids.length > oneByOne) return listed;
  return readImages(reading, module, ids, fields);
}

function byId(records: readonly BiginRecord[]): Images {
  return new Map(records.map((record) => [record.id, record]));
}

/**
 * Reads records again after rows were sent to them, in the parts given, one after the other. Where that fails the rows
 * were sent all the same: instead of the images comes a note that says why nothing was read.
 */
export async function readAgain(
  reading: Reading,
  sent: { module: string; rows: readonly Row[]; fields: ReadonlyMap<string, unknown> },
  parts: readonly (readonly string[])[],
): Promise<{ images?: Images; note?: string }> {
  const read = (ids: readonly string[]) => readImages(reading, sent.module, ids, fieldsOf(sent));
  return readParts(parts, read);
}

/** As `readAgain`, for deletes: what is read is still there. */
export async function lookForDeleted(
  reading: Reading,
  module: string,
  parts: readonly (readonly string[])[],
): Promise<{ images?: Images; note?: string }> {
  return readParts(parts, (ids) => readPresent(reading, module, ids));
}

function fieldsOf(sent: { rows: readonly Row[]; fields: ReadonlyMap<string, unknown> }): string[] {
  const names = sent.rows.flatMap((row) => Object.keys(row)).filter((name) => name !== "Layout");
  const team = sent.fields.has("Pipeline") ? ["Pipeline"] : [];
  return ["Modified_Time", ...team, ...names];
}

async function readParts(
  parts: readonly (readonly string[])[],
  read: (ids: readonly string[]) => Promise<Images | undefined>,
): Promise<{ images?: Images; note?: string }> {
  const images = new Map<string, BiginRecord>();
  try {
    for (const ids of parts) {
      const some = await read(ids);
      if (!some)
        return { note: "not read back: this connection cannot read so many records at once" };
      for (const [id, image] of some) images.set(id, image);
    }
    return { images };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { note: `not read back: ${error.message}` };
  }
}
