import type { BiginRecord, RecordReads, Row } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import { clockSkewMs, fieldsPerRequest, lostInsertPages, recordsPerPage } from "../limits.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { fieldsIn, holds } from "./compare.ts";

/** Characters. When Bigin cuts a name, at least this many remain. */
const longCut = 30;

/**
 * What an insert whose response was lost did for a row. `found` is its record. `similar` has the ids of records that
 * may be it; it is empty if too many records were created since to read them all. Undefined means that no record was
 * created.
 */
export type LostInsert = { found: BiginRecord } | { similar: string[] } | undefined;

/**
 * Looks for the records of an insert whose response was lost: created since then, with all values of a row. A record
 * with the same name but other values is `similar`, because Bigin may have altered them. Reads at most the newest 1,000
 * records of the module, from the list, which does not lag as the search index does.
 */
export async function findLostInserts(
  reads: RecordReads,
  look: {
    module: string;
    schema: Schema;
    fields: ReadonlyMap<string, Field>;
    rows: readonly Row[];
    /** When the first attempt began, in milliseconds since the epoch. */
    since: number;
    /** Ids of records that other calls created. */
    others: ReadonlySet<string>;
  },
): Promise<LostInsert[]> {
  const names = [...new Set(look.rows.flatMap((row) => Object.keys(row)))];
  const { records, complete } = await createdSince(reads, look.module, names, look.since);
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

/** Whether people identify a record by the text of the field. */
function isName(field: Field): boolean {
  return (field.display || field.mandatory) && typeOf(field).isName;
}

/**
 * Compares loosely, because Bigin may have trimmed a name, cut it or changed its case. An unknown row is better than a
 * second record.
 */
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
  reads: RecordReads,
  module: string,
  names: readonly string[],
  since: number,
): Promise<{ records: BiginRecord[]; complete: boolean }> {
  const wanted = [...new Set(["Created_Time", "Modified_Time", ...names])];
  const records: BiginRecord[] = [];
  for (let page = 1; page <= lostInsertPages; page += 1) {
    const found = await reads.list(module, {
      fields: wanted.slice(0, fieldsPerRequest),
      sort_by: "Created_Time",
      sort_order: "desc",
      page,
      per_page: recordsPerPage,
    });
    const fresh = found.records.filter(
      (record) => Date.parse(String(record["Created_Time"])) >= since - clockSkewMs,
    );
    records.push(...fresh);
    if (!found.more || fresh.length < found.records.length) return { records, complete: true };
  }
  return { records, complete: false };
}
