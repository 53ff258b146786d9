import { badArguments } from "../../shared/failure.ts";
import { type RowProblem, rowRanges } from "../../shared/row-numbers.ts";
import { noUpsertOfNotes } from "../api/notes.ts";
import type { BiginRecord, Row } from "../api/records.ts";
import { type Kind, kindOf, typeOf } from "../field-types.ts";
import { candidatesNamed } from "../limits.ts";
import { type Lookup, recordsWith } from "../names/record-names.ts";
import { differences, tellingFields } from "../names/telling-apart.ts";
import { type Field, fieldNamed, type Schema, withoutMetadata } from "../schema/fields.ts";
import { standardModule } from "../schema/standard-modules.ts";
import { phoneKey } from "../values.ts";
import type { HeldRow, PlannedRow } from "./plan.ts";

const matchable: ReadonlySet<Kind> = new Set(["text", "choice", "number", "unknown"]);

/** The records that have values of rows. */
interface Matches {
  /** The records that have a value in a field. Letters are compared without case, as Bigin's unique fields are. */
  of(field: Field, value: unknown): readonly BiginRecord[];
  /** The fields that could not be compared with every record. */
  incomplete: readonly Field[];
}

/** The fields an upsert compares: those named, or those that Bigin compares by default. */
export function checkFieldsOf(schema: Schema, named: readonly string[] | undefined): Field[] {
  if (schema.module === "Notes") throw badArguments(noUpsertOfNotes);
  if (named) return named.map((name) => matchableField(schema, name));
  const own = standardModule(schema.module)?.upsertField;
  const unique = schema.fields.filter((field) => (own ? field.apiName === own : field.unique));
  if (unique.length > 0) return unique;
  throw badArguments(
    `${schema.module} has no unique field: name the fields to match on in duplicate_check_fields.`,
  );
}

function matchableField(schema: Schema, name: string): Field {
  const field = fieldNamed(schema, name);
  if (matchable.has(kindOf(field)) && !typeOf(field).isLong) return field;
  throw badArguments(
    `${field.label} cannot be matched on: name fields that hold one line of text or a number.`,
  );
}

/**
 * Looks up the records that have the rows' values in these fields, ten values per search. The search index lags:
 * records that this account wrote in the last minute are found, but those that others wrote may be missed. Phone numbers
 * are compared in any spelling and across the fields, with all records.
 */
export async function findRecordsByValue(
  lookup: Pick<Lookup, "find">,
  schema: Schema,
  fields: readonly Field[],
  rows: readonly Row[],
): Promise<Matches> {
  const found = new Map<string, Map<string, BiginRecord>>();
  const incomplete: Field[] = [];
  const note = (field: Field, record: BiginRecord) => {
    const key = keyOf(field, record[field.apiName]);
    found.set(key, (found.get(key) ?? new Map()).set(record.id, record));
  };
  const has = (field: Field) => rows.some((row) => textIn(row[field.apiName]) !== undefined);
  for (const field of fields.filter((one) => !holdsPhone(one))) {
    const values = [...new Set(rows.flatMap((row) => textIn(row[field.apiName]) ?? []))];
    const telling = tellingFields(schema);
    const { records, onlyOf } = await recordsWith(lookup, schema.module, field, values, telling);
    if (onlyOf !== undefined) incomplete.push(field);
    for (const record of records) note(field, record);
  }
  const phones = fields.filter(holdsPhone);
  for (const record of phones.some(has) ? await recordsWithPhone(lookup, schema, phones) : [])
    for (const field of phones) note(field, record);
  return {
    of: (field, value) => [...(found.get(keyOf(field, value))?.values() ?? [])],
    incomplete,
  };
}

/** All records with a phone number. Fails if they cannot all be read: a contact could be created twice. */
async function recordsWithPhone(
  lookup: Pick<Lookup, "find">,
  schema: Schema,
  fields: readonly Field[],
): Promise<BiginRecord[]> {
  const { module } = schema;
  const { records, complete } = await lookup.find({
    module,
    fields: [...fields, ...tellingFields(schema)].map((field) => field.apiName),
    tree: { some: fields.map((field) => ({ field, op: "is_not_empty", operands: [] })) },
  });
  if (complete) return records;
  const names = fields.map((field) => field.label).join(" and ");
  throw badArguments(
    `Only some records of ${module} could be read, so that one with the same ${names} may be missed. Compare another field, such as an email address.`,
  );
}

/** Whether a field holds phone numbers, which are written in many ways. */
export function holdsPhone(field: Field): boolean {
  return typeOf(field).selector === "phone";
}

/** Phone numbers have the same key in every field: the one in Phone may be another record's Mobile. */
function keyOf(field: Field, value: unknown): string {
  const text = textIn(value) ?? "";
  if (holdsPhone(field) && text !== "") return `phone ${phoneKey(text)}`;
  return `${field.apiName} ${text.toLowerCase()}`;
}

/** The text by which a value is compared; undefined if it is empty or has none. */
function textIn(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** The records that a row of an upsert would update: those of the first field that has any. */
export function matchOf(
  row: Row,
  keys: readonly Field[],
  matches: Matches,
): readonly BiginRecord[] {
  // Bigin inserts a row that lacks one of the values.
  if (keys.some((field) => textIn(row[field.apiName]) === undefined)) return [];
  const found = keys.map((field) => matches.of(field, row[field.apiName]));
  return found.find((records) => records.length > 0) ?? [];
}

/**
 * Problems of rows of one upsert that would change the same record, because the last one would overwrite the others.
 */
export function sameRecordProblems(
  rows: readonly Row[],
  keys: readonly Field[],
  matches: readonly (readonly BiginRecord[])[],
): RowProblem[] {
  const taken = new Map<string, number>();
  return rows.flatMap((row, at) => {
    // Bigin inserts a row that lacks one of the values.
    if (keys.some((field) => textIn(row[field.apiName]) === undefined)) return [];
    const [record] = matches[at] ?? [];
    const names = keys.map((field) => keyOf(field, row[field.apiName]));
    const all = record ? [...names, `id ${record.id}`] : names;
    const before = all.flatMap((name) => taken.get(name) ?? [])[0];
    for (const name of all) if (!taken.has(name)) taken.set(name, at + 1);
    if (before === undefined) return [];
    const labels = keys.map((field) => field.label).join(" or ");
    const sentence = `it would change the same record as row ${before}, by its ${labels}: merge the two rows.`;
    return [{ row: at, sentence }];
  });
}

/** Holds back a row of an upsert that fits several records. */
export function ambiguous(
  match: readonly BiginRecord[],
  keys: readonly Field[],
  schema: Schema,
): HeldRow | undefined {
  if (match.length < 2) return undefined;
  const names = keys.map((field) => field.label).join(" or ");
  const shown = match.slice(0, candidatesNamed);
  const told = differences(shown, tellingFields(schema));
  const candidates = shown.map(({ id }, at) => `${id}${told[at]}`).join("; ");
  return {
    outcome: "ambiguous",
    ids: shown.map((record) => record.id),
    problem: `${match.length} records have this ${names}: update the right one by its id. They are ${candidates}.`,
  };
}

/** Rows of which some are held back, and what was compared. */
interface WithoutDuplicates {
  rows: PlannedRow[];
  notes: string[];
}

/** Holds back rows whose unique values are already in Bigin or in an earlier row. */
export async function holdDuplicates(
  rows: readonly PlannedRow[],
  schema: Schema,
  lookup: Pick<Lookup, "find">,
): Promise<WithoutDuplicates> {
  const unique = schema.fields.filter((field) => field.unique);
  if (unique.length === 0)
    throw badArguments(
      `${schema.module} has no unique field, so check_duplicates has nothing to compare: search first, or leave it out.`,
    );
  const plain = rows.map(({ row }) => row);
  const matches = await findRecordsByValue(lookup, schema, unique, plain);
  const first = firstRows(plain, unique);
  const checked = rows.map((planned, at) => {
    const held = unique
      .map((field) => clash(field, planned.row[field.apiName], at, matches, first))
      .find((one) => one !== undefined);
    return held ? { ...planned, held } : planned;
  });
  return { rows: checked, notes: comparedNotes(plain, unique, matches, schema) };
}

/** Which fields check_duplicates compared, and which it could not. */
function comparedNotes(
  rows: readonly Row[],
  unique: readonly Field[],
  matches: Matches,
  schema: Schema,
): string[] {
  const without = (field: Field) =>
    rows.flatMap((row, at) => (textIn(row[field.apiName]) === undefined ? [at + 1] : []));
  const compared = unique.filter((field) => without(field).length < rows.length);
  const empty = unique.flatMap((field) => {
    const numbers = without(field);
    if (numbers.length === 0) return [];
    const which = numbers.length === 1 ? "row" : "rows";
    const where = rows.length === 1 ? "the row" : `${which} ${rowRanges(numbers)}`;
    return [`check_duplicates did not compare ${field.label} of ${where}: it has no value`];
  });
  return [
    compared.length > 0
      ? `check_duplicates compared ${labelsOf(compared)}`
      : "check_duplicates compared nothing",
    ...empty,
    ...incompleteNote(matches),
    ...(schema.checked
      ? []
      : [`check_duplicates could not compare custom fields: ${withoutMetadata}`]),
  ];
}

/** Which fields were not compared with every record. */
export function incompleteNote({ incomplete }: Matches): string[] {
  if (incomplete.length === 0) return [];
  return [`${labelsOf(incomplete)} was not compared with every record: not all could be read`];
}

function labelsOf(fields: readonly Field[]): string {
  return fields.map((field) => field.label).join(", ");
}

/** The place of the first row that has a value in a field. */
function firstRows(rows: readonly Row[], fields: readonly Field[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  rows.forEach((row, at) => {
    for (const field of fields) {
      const key = keyOf(field, row[field.apiName]);
      if (!first.has(key)) first.set(key, at);
    }
  });
  return first;
}

function clash(
  field: Field,
  value: unknown,
  at: number,
  matches: Matches,
  first: ReadonlyMap<string, number>,
): HeldRow | undefined {
  if (textIn(value) === undefined) return undefined;
  const ids = matches.of(field, value).map((record) => record.id);
  if (ids.length > 0) return { outcome: "exists", ids, problem: `it has the same ${field.label}` };
  const earlierRow = first.get(keyOf(field, value)) ?? at;
  if (earlierRow === at) return undefined;
  const problem = `row ${earlierRow + 1} has the same ${field.label}`;
  return { outcome: "exists", ids, problem, earlierRow };
}
