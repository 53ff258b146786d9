import type { BiginRecord, Reading, Row } from "../records.ts";
import type { Field, Schema } from "../schema.ts";
import { fieldsIn, holds } from "./compare.ts";

/** Clocks differ; what was created so little before the first try may be its work. */
const skewMs = 60_000;
const perPage = 200;
const pagesAtMost = 5;

/** What a repeated insert finds of the first one: per row its record, one that resembles it, or nothing. */
export type Earlier = { found: BiginRecord } | { similar: BiginRecord } | undefined;

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
  const candidates = (await createdSince(reading, look.module, names, look.since)).filter(
    (record) => !look.others.has(record.id),
  );
  const taken = new Set<string>();
  const take = (record: BiginRecord) => {
    taken.add(record.id);
    return record;
  };
  const found = look.rows.map((row) => {
    const sent = fieldsIn(row, look.fields);
    const record = candidates.find(
      (one) =>
        !taken.has(one.id) &&
        sent.every((field) => holds(field, row[field.apiName], one[field.apiName])),
    );
    return record && take(record);
  });
  const naming = look.schema.fields.filter((field) => field.display || field.mandatory);
  return look.rows.map((row, at) => {
    const record = found[at];
    if (record) return { found: record };
    const similar = candidates.find((one) => !taken.has(one.id) && resembles(row, one, naming));
    return similar && { similar: take(similar) };
  });
}

function resembles(row: Row, record: BiginRecord, naming: readonly Field[]): boolean {
  const given = naming.filter((field) => row[field.apiName] !== undefined);
  return (
    given.length > 0 &&
    given.every((field) => holds(field, row[field.apiName], record[field.apiName]))
  );
}

async function createdSince(
  reading: Reading,
  module: string,
  names: readonly string[],
  since: number,
): Promise<BiginRecord[]> {
  const fields = [...new Set(["Created_Time", ...names])].slice(0, 50);
  const records: BiginRecord[] = [];
  for (let page = 1; page <= pagesAtMost; page += 1) {
    const sort = { sort_by: "Created_Time", sort_order: "desc" } as const;
    const answer = await reading.list(module, { fields, ...sort, page, per_page: perPage });
    const fresh = answer.records.filter(
      (record) => Date.parse(String(record["Created_Time"])) >= since - skewMs,
    );
    records.push(...fresh);
    if (!answer.more || fresh.length < answer.records.length) break;
  }
  return records;
}
