import type { BiginRecord, Reading } from "../records.ts";

/** So many records are read one by one; more in lists of their ids (design §9). */
const oneByOne = 10;
const idsAtMost = 100;
const fieldsAtMost = 50;

/** Records as they stand, by id; ids that Bigin does not know are absent. */
export type Images = ReadonlyMap<string, BiginRecord>;

/**
 * Reads records by id with the fields named, or whole up to ten. Undefined where it would cost a request each: lists
 * take `ids` only in some connections (bigin-api.md §1.2), and one that ignores them answers records nobody asked for.
 */
export async function readImages(
  reading: Reading,
  module: string,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Images | undefined> {
  const wanted = [...new Set(["id", ...fields])].slice(0, fieldsAtMost);
  if (ids.length <= oneByOne) {
    const found = await Promise.all(ids.map((id) => reading.get(module, id, wanted)));
    return byId(found.flatMap((record) => record ?? []));
  }
  const images: BiginRecord[] = [];
  for (let at = 0; at < ids.length; at += idsAtMost) {
    const some = ids.slice(at, at + idsAtMost);
    const page = await reading.list(module, { fields: wanted, ids: some, per_page: some.length });
    if (page.records.some((record) => !some.includes(record.id))) return undefined;
    images.push(...page.records);
  }
  return byId(images);
}

function byId(records: readonly BiginRecord[]): Images {
  return new Map(records.map((record) => [record.id, record]));
}
