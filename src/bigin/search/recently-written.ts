import { chunksOf } from "../api/batch.ts";
import type { BiginRecord, RecordReads, Selector } from "../api/records.ts";
import { type Kind, kindOf, typeOf } from "../field-types.ts";
import { fieldsPerRequest, recentPages, recordsPerPage } from "../limits.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { comparable, phoneKey, wordsOf } from "../values.ts";
import { textsOf } from "./match.ts";

/**
 * The records an account wrote within the last minute: Bigin's search index lags 10–20 s behind writes
 * (docs/reference/bigin-api.md §1.9), so searches look these up separately.
 */
export interface RecentWrites {
  note(connection: string, module: string, ids: readonly string[]): Promise<void>;
  /** Ids of the module's records written in the last minute. */
  ids(connection: string, module: string): Promise<ReadonlySet<string>>;
}

/** Milliseconds: ten times as long as a write is remembered, because clocks can differ by minutes. */
const olderThanWritesMs = 10 * 60_000;
const wordless: ReadonlySet<Kind> = new Set(["number", "boolean", "date", "datetime"]);

/** A search by a value instead of criteria. */
export type ValueSelector = Exclude<Selector, { criteria: string }>;

/** Recently written records, as they are now. */
export interface RecentRecords {
  records: BiginRecord[];
  /** The ids whose records were deleted. */
  deleted: ReadonlySet<string>;
}

/**
 * Reads recently written records from the list, which does not lag as the search index does. An id counts as deleted if
 * the list was read back to before the write and does not have it.
 */
export async function readRecent(
  reads: RecordReads,
  module: string,
  ids: ReadonlySet<string>,
  fields: readonly string[],
): Promise<RecentRecords> {
  const found = new Map<string, BiginRecord>();
  for (let page = 1; page <= recentPages; page += 1) {
    const { rows, more } = await readPage(reads, module, page, fields);
    for (const row of rows) if (ids.has(row.id)) found.set(row.id, row);
    const last = Date.parse(String(rows.at(-1)?.["Modified_Time"]));
    const isRead = !more || last < Date.now() - olderThanWritesMs;
    if (isRead || found.size === ids.size) {
      const deleted = [...ids].filter((id) => !found.has(id));
      return { records: [...found.values()], deleted: new Set(deleted) };
    }
  }
  return { records: [...found.values()], deleted: new Set() };
}

/** One page, in as many requests as its fields need. A record that moved between them is left out. */
async function readPage(
  reads: RecordReads,
  module: string,
  page: number,
  fields: readonly string[],
): Promise<{ rows: BiginRecord[]; more: boolean }> {
  const wanted = [...new Set(["Modified_Time", ...fields])];
  const pages = await Promise.all(
    chunksOf(wanted, fieldsPerRequest).map((chunk) =>
      reads.list(module, {
        fields: chunk,
        sort_by: "Modified_Time",
        sort_order: "desc",
        page,
        per_page: recordsPerPage,
      }),
    ),
  );
  const [first, ...others] = pages;
  const parts = others.map((one) => new Map(one.records.map((record) => [record.id, record])));
  const rows = (first?.records ?? []).filter((row) => parts.every((part) => part.has(row.id)));
  return {
    rows: rows.map((row) => {
      const entries = parts.flatMap((part) => Object.entries(part.get(row.id) ?? {}));
      return { ...Object.fromEntries(entries), ...row };
    }),
    more: first?.more ?? false,
  };
}

/**
 * The fields in which Bigin looks for an e-mail address, a phone number or a word (docs/reference/bigin-api.md §1.9).
 */
export function selectableFields(selector: ValueSelector, schema: Schema): Field[] {
  if ("word" in selector) return schema.fields.filter((field) => !wordless.has(kindOf(field)));
  const name = "email" in selector ? "email" : "phone";
  return schema.fields.filter(
    (field) =>
      typeOf(field).selector === name ||
      (field.inferred && ["text", "unknown"].includes(kindOf(field))),
  );
}

/**
 * Whether a record matches a selector: by a whole e-mail address or phone number, or by words that begin with each word
 * of the selector.
 */
export function fits(
  record: BiginRecord,
  selector: ValueSelector,
  fields: readonly Field[],
): boolean {
  const texts = fields
    .map((field) => record[field.apiName])
    .filter((value) => value !== null && value !== undefined)
    .flatMap(textsOf);
  if ("email" in selector) return texts.includes(comparable(selector.email));
  if ("phone" in selector) {
    const wanted = phoneKey(selector.phone);
    return texts.some((text) => phoneKey(text) === wanted);
  }
  const words = texts.flatMap(wordsOf);
  const wanted = wordsOf(selector.word);
  return wanted.length > 0 && wanted.every((start) => words.some((word) => word.startsWith(start)));
}
