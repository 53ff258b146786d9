import { badArguments } from "../../shared/failure.ts";
import type { RowProblem } from "../../shared/row-numbers.ts";
import type { BiginRecord, Row } from "../api/records.ts";
import { type Kind, kindOf, typeOf } from "../field-types.ts";
import { recordsWith } from "../names/record-names.ts";
import { type Field, fieldNamed, type Schema } from "../schema/fields.ts";
import { standardModule } from "../schema/standard-modules.ts";
import type { Understanding } from "../understanding.ts";
import type { Held, PlannedRow } from "./plan.ts";

const candidatesNamed = 5;
const matchable: ReadonlySet<Kind> = new Set(["text", "choice", "number", "unknown"]);

/** The fields an upsert compares: those named, else those Bigin compares by itself. */
export function checkFieldsOf(schema: Schema, named: readonly string[] | undefined): Field[] {
  if (schema.module === "Notes")
    throw badArguments(
      "Notes cannot be upserted: they have no unique field. Create or update them.",
    );
  if (named) return named.map((name) => comparableField(schema, name));
  const own = standardModule(schema.module)?.upsertField;
  const unique = schema.fields.filter((field) => (own ? field.apiName === own : field.unique));
  if (unique.length > 0) return unique;
  throw badArguments(
    `${schema.module} has no unique field: name the fields to match on in duplicate_check_fields.`,
  );
}

function comparableField(schema: Schema, name: string): Field {
  const field = fieldNamed(schema, name);
  if (matchable.has(kindOf(field)) && !typeOf(field).isLong) return field;
  throw badArguments(
    `${field.label} cannot be matched on: name fields that hold one line of text or a number.`,
  );
}

/** The records a row would update, of the first field that finds any; Bigin compares only rows with all values. */
export function matchOf(
  row: Row,
  keys: readonly Field[],
  holders: Holders,
): readonly BiginRecord[] {
  if (keys.some((field) => textIn(row[field.apiName]) === undefined)) return [];
  return (
    keys.map((field) => holders(field, row[field.apiName])).find((found) => found.length > 0) ?? []
  );
}

/** Rows of one upsert that would change the same record: the last one would win without a word. */
export function twinFaults(
  rows: readonly Row[],
  keys: readonly Field[],
  matches: readonly (readonly BiginRecord[])[],
): RowProblem[] {
  const taken = new Map<string, number>();
  return rows.flatMap((row, at) => {
    const texts = keys.map((field) => textIn(row[field.apiName])?.toLowerCase());
    // A row that lacks a value is inserted whatever the others hold.
    if (texts.includes(undefined)) return [];
    const [record] = matches[at] ?? [];
    const names = keys.map((field, nth) => `${field.apiName} ${texts[nth]}`);
    const all = record ? [...names, `id ${record.id}`] : names;
    const before = all.flatMap((name) => taken.get(name) ?? [])[0];
    for (const name of all) if (!taken.has(name)) taken.set(name, at + 1);
    if (before === undefined) return [];
    const labels = keys.map((field) => field.label).join(" or ");
    return [
      {
        row: at,
        sentence: `it would change the same record as row ${before}, by its ${labels}: make one row of the two.`,
      },
    ];
  });
}

/** Held back: several records fit, and nobody can say which is meant. */
export function ambiguous(match: readonly BiginRecord[], keys: readonly Field[]): Held | undefined {
  if (match.length < 2) return undefined;
  const names = keys.map((field) => field.label).join(" or ");
  return {
    outcome: "ambiguous",
    ids: match.slice(0, candidatesNamed).map((record) => record.id),
    problem: `${match.length} records have this ${names}: update the right one by its id.`,
  };
}

/** Holds back rows whose unique values somebody has already, in Bigin or in a row before. */
export async function holdDuplicates(
  rows: readonly PlannedRow[],
  schema: Schema,
  understand: Pick<Understanding, "find">,
): Promise<PlannedRow[]> {
  const unique = schema.fields.filter((field) => field.unique);
  if (unique.length === 0)
    throw badArguments(
      `${schema.module} has no unique field, so check_duplicates has nothing to compare: search first, or leave it out.`,
    );
  const plain = rows.map(({ row }) => row);
  const holders = await findHolders(understand, schema, unique, plain);
  const taken = new Map<string, number>();
  return rows.map((planned, at) => {
    const clashes = unique.map((field) => clash(field, planned.row, at, holders, taken));
    const held = clashes.find((one) => one !== undefined);
    return held ? { ...planned, held } : planned;
  });
}

function clash(
  field: Field,
  row: Row,
  at: number,
  holders: Holders,
  taken: Map<string, number>,
): Held | undefined {
  const text = textIn(row[field.apiName])?.toLowerCase();
  if (text === undefined) return undefined;
  const ids = holders(field, text).map((record) => record.id);
  const key = `${field.apiName} ${text}`;
  const before = taken.get(key);
  taken.set(key, before ?? at + 1);
  if (ids.length === 0 && before === undefined) return undefined;
  const who = ids.length > 0 ? "it has" : `row ${before} has`;
  const twin = ids.length === 0 && before !== undefined ? before - 1 : undefined;
  return { outcome: "exists", ids, problem: `${who} the same ${field.label}`, twin };
}

/** The records that hold a value in a field, by value; letters are compared without case, as Bigin's unique fields are. */
export type Holders = (field: Field, value: unknown) => readonly BiginRecord[];

/**
 * Looks up the records that already hold what rows have in the fields given, ten values a search. What this account
 * wrote in the last minute is found in spite of the index's lag; what others wrote as lately may be missed.
 */
export async function findHolders(
  understand: Pick<Understanding, "find">,
  schema: Schema,
  fields: readonly Field[],
  rows: readonly Row[],
): Promise<Holders> {
  const found = new Map<string, BiginRecord[]>();
  for (const field of fields) {
    const values = [...new Set(rows.flatMap((row) => textIn(row[field.apiName]) ?? []))];
    for (const record of await recordsWith(understand, schema.module, field, values)) {
      const key = keyOf(field, record[field.apiName]);
      found.set(key, [...(found.get(key) ?? []), record]);
    }
  }
  return (field, value) => found.get(keyOf(field, value)) ?? [];
}

function keyOf(field: Field, value: unknown): string {
  return `${field.apiName} ${textIn(value)?.toLowerCase() ?? ""}`;
}

/** The text by which a value is compared; undefined for what is empty or has none. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
