import { type BiginRecord, fieldsAtMost, type Reading, type Row } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { fieldsIn, holds } from "./compare.ts";

/** Clocks differ; what was created so little before the first try may be its work. */
const skewMs = 60_000;
const perPage = 200;
const pagesAtMost = 5;
/** No field that names a record is cut shorter than this. */
const longCut = 30;

/**
 * What a repeated insert finds of the first one: per row its record, the ids of those that resemble it (none where too
 * much was created since to read it all), or undefined when it surely was not made.
 */
export type Earlier = { found: BiginRecord } | { similar: string[] } | undefined;

/**
 * Looks for records that an insert, whose answer was lost, made after all: created since then and holding every value of
 * a row. One that has the row's name but other values is `similar`: Bigin may have altered them, so it is in doubt.
 * Reads the newest records of the module, at most 1,000, from the list, which does not lag as the search does.
 */
export async function findEarlier(
  reading: Reading,
  look: {
    module: string;
    schema: Schema;
    fields: ReadonlyMap<string, Field>;
    rows: readonly Row[];
    /** When the first try began, in milliseconds since the epoch. */
    since: number;
    /** Records known to come from other calls. */
    others: ReadonlySet<string>;
  },
): Promise<Earlier[]> {
  const names = [...new Set(look.rows.flatMap((row) => Object.keys(row)))];
  const { records, complete } = await createdSince(reading, look.module, names, look.since);
  const free = records.filter((record) => !look.others.has(record.id));
  const take = (fits: (record: BiginRecord) => boolean) => {
    const at = free.findIndex(fits);
    return at === -1 ? undefined : free.splice(at, 1)[0];
  };
  const found = look.rows.map((row) => {
    const sent = fieldsIn(row, look.fields);
    return take((one) =>
      sent.every((field) => holds(field, row[field.apiName], one[field.apiName])),
    );
  });
  const naming = look.schema.fields.filter(isName).map((field) => field.apiName);
  return look.rows.map((row, at) => {
    const record = found[at];
    if (record) return { found: record };
    const similar = take((one) => naming.some((name) => isAlike(row[name], one[name])));
    if (similar) return { similar: [similar.id] };
    return complete ? undefined : { similar: [] };
  });
}

/** The texts by which people know a record. */
function isName(field: Field): boolean {
  return (field.display || field.mandatory) && typeOf(field).isName;
}

/** Bigin may have trimmed a name, cut it or changed its case: better in doubt than inserted twice. */
function isAlike(sent: unknown, stored: unknown): boolean {
  const [one, other] = [nameKey(sent), nameKey(stored)];
  if (one === "" || other === "") return false;
  return one === other || (other.length >= longCut && one.startsWith(other));
}

function nameKey(value: unknown): string {
  return typeof value === "string"
    ? value
        .normalize("NFKC")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, "")
    : "";
}

async function createdSince(
  reading: Reading,
  module: string,
  names: readonly string[],
  since: number,
): Promise<{ records: BiginRecord[]; complete: boolean }> {
  const fields = [...new Set(["Created_Time", "Modified_Time", ...names])].slice(0, fieldsAtMost);
  const records: BiginRecord[] = [];
  for (let page = 1; page <= pagesAtMost; page += 1) {
    const sort = { sort_by: "Created_Time", sort_order: "desc" } as const;
    const answer = await reading.list(module, { fields, ...sort, page, per_page: perPage });
    const fresh = answer.records.filter(
      (record) => Date.parse(String(record["Created_Time"])) >= since - skewMs,
    );
    records.push(...fresh);
    if (!answer.more || fresh.length < answer.records.length) return { records, complete: true };
  }
  return { records, complete: false };
}
