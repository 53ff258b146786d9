import type { BiginRecord, Row } from "../api/records.ts";
import { type Field, fieldNamed, type Schema } from "../schema/fields.ts";

type Action = "create" | "update" | "upsert" | "delete";

/** One row of a write, checked and resolved. Nothing was sent. */
export interface PlannedRow {
  /** As the caller wrote it, for sending it again. */
  given: Row;
  /** As Bigin takes it; for a delete only its id. */
  row: Row;
  /** The record it changes, updates or deletes; undefined where a new one is expected. */
  id?: string | undefined;
  /** The record as it was; undefined for a new one, or where reading it would have cost too much. */
  before?: BiginRecord | undefined;
  held?: Held | undefined;
}

/** Why a row is not to be sent, with the records it clashes with. */
export interface Held {
  outcome: "exists" | "ambiguous";
  ids: string[];
  problem: string;
  /** Counted from 0: the row of the same call that it clashes with, where no record does. */
  twin?: number | undefined;
}

export interface WritePlan {
  action: Action;
  module: string;
  schema: Schema;
  fields: ReadonlyMap<string, Field>;
  rows: readonly PlannedRow[];
  /** For an upsert: the API names compared, in order. */
  checkFields?: readonly string[];
  /** What could not be checked or read, a sentence each. */
  notes: readonly string[];
}

/** Keys of a row that are not fields with a value of their own. */
export const noField = new Set(["id", "Layout", "$se_module"]);

/**
 * A module's fields by API name, and those of the rows that no metadata name: custom ones where the metadata are out of
 * scope. Bigin drops an unknown one without a word, so these must be read back like all others.
 */
export function fieldsFor(schema: Schema, rows: readonly Row[]): ReadonlyMap<string, Field> {
  const fields = new Map(schema.fields.map((field) => [field.apiName, field]));
  for (const name of rows.flatMap((row) => Object.keys(row)))
    if (!fields.has(name) && !noField.has(name)) fields.set(name, fieldNamed(schema, name));
  return fields;
}

/** The rows that are to be sent. */
export function sendable(plan: WritePlan): PlannedRow[] {
  return plan.rows.filter((row) => row.held === undefined);
}

/** The name by which people know a record; its id where it has none. */
export function nameOf(plan: Pick<WritePlan, "schema">, record: BiginRecord | Row): string {
  const display = plan.schema.fields.find((field) => field.display)?.apiName;
  const value = display ? record[display] : undefined;
  return typeof value === "string" && value !== "" ? value : String(record["id"] ?? "");
}
