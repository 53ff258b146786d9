import { chunksOf } from "../api/batch.ts";
import { type BiginRecord, fieldsAtMost, type Reading, type Selector } from "../api/records.ts";
import { type Kind, kindOf, typeOf } from "../field-types.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { comparable, wordsOf } from "../values.ts";
import { textsOf } from "./match.ts";

const perPage = 200;
const pagesAtMost = 10;
/** Ten times as long as a write is remembered, so that clocks may differ by minutes. */
const surelyOlderMs = 10 * 60_000;

const wordless: ReadonlySet<Kind> = new Set(["number", "boolean", "date", "datetime"]);

type Words = Exclude<Selector, { criteria: string }>;

export interface Fresh {
  records: BiginRecord[];
  /** Of the ids asked for, those that are gone. */
  deleted: ReadonlySet<string>;
}

/**
 * Records written a moment ago, from the list, which does not lag behind as the search index does. An id that the
 * list does not hold although it was read back to before the write is deleted.
 */
export async function readFresh(
  records: Reading,
  module: string,
  ids: ReadonlySet<string>,
  fields: readonly string[],
): Promise<Fresh> {
  const found = new Map<string, BiginRecord>();
  for (let page = 1; page <= pagesAtMost; page += 1) {
    const { rows, more } = await readPage(records, module, page, fields);
    for (const row of rows) if (ids.has(row.id)) found.set(row.id, row);
    const last = Date.parse(String(rows.at(-1)?.["Modified_Time"]));
    const isRead = !more || last < Date.now() - surelyOlderMs;
    if (isRead || found.size === ids.size) {
      const gone = [...ids].filter((id) => !found.has(id));
      return { records: [...found.values()], deleted: new Set(gone) };
    }
  }
  return { records: [...found.values()], deleted: new Set() };
}

/** One page in as many requests as its fields need; a record that moved between them is left out. */
async function readPage(
  records: Reading,
  module: string,
  page: number,
  fields: readonly string[],
): Promise<{ rows: BiginRecord[]; more: boolean }> {
  const wanted = [...new Set(["Modified_Time", ...fields])];
  const order = { sort_by: "Modified_Time", sort_order: "desc", page, per_page: perPage } as const;
  const pages = await Promise.all(
    chunksOf(wanted, fieldsAtMost).map((chunk) =>
      records.list(module, { fields: chunk, ...order }),
    ),
  );
  const [first, ...others] = pages;
  const parts = others.map((one) => new Map(one.records.map((record) => [record.id, record])));
  const rows = (first?.records ?? []).filter((row) => parts.every((part) => part.has(row.id)));
  return {
    rows: rows.map((row) => {
      const others = parts.flatMap((part) => Object.entries(part.get(row.id) ?? {}));
      return { ...Object.fromEntries(others), ...row };
    }),
    more: first?.more ?? false,
  };
}

/** The fields in which Bigin looks for an e-mail address, a phone number or a word (bigin-api.md §1.9). */
export function fieldsFor(selector: Words, schema: Schema): Field[] {
  if ("word" in selector) return schema.fields.filter((field) => !wordless.has(kindOf(field)));
  const name = "email" in selector ? "email" : "phone";
  return schema.fields.filter(
    (field) =>
      typeOf(field).selector === name ||
      (field.guessed && ["text", "unknown"].includes(kindOf(field))),
  );
}

/** Whether a record holds what is looked for: a whole address or number, or each word as the beginning of one. */
export function fits(record: BiginRecord, selector: Words, fields: readonly Field[]): boolean {
  const texts = fields
    .map((field) => record[field.apiName])
    .filter((value) => value !== null && value !== undefined)
    .flatMap(textsOf);
  if ("email" in selector) return texts.includes(comparable(selector.email));
  if ("phone" in selector) {
    const wanted = digits(selector.phone);
    return wanted !== "" && texts.some((text) => digits(text) === wanted);
  }
  const words = texts.flatMap(wordsOf);
  const wanted = wordsOf(selector.word);
  return wanted.length > 0 && wanted.every((start) => words.some((word) => word.startsWith(start)));
}

function digits(text: string): string {
  return text.replace(/\D/g, "");
}
