import type { Failure } from "../../shared/failure.ts";
import type { BiginRecord, Row } from "../api/records.ts";
import type { Resolved } from "../names/resolved.ts";
import { type Field, fieldNamed, type Schema } from "../schema/fields.ts";
import type { CompanyContacts } from "./company-contacts.ts";
import type { Loss } from "./list-changes.ts";

type Action = "create" | "update" | "upsert" | "delete";

/** One row of a write, checked and resolved. */
export interface PlannedRow {
  /** As the caller gave it. The reply uses it to say what to send again. */
  given: Row;
  /** As Bigin takes it; for a delete only its id. */
  row: Row;
  /** The record it changes; undefined if it creates a new one. */
  id?: string | undefined;
  /** The record as it is before the write; undefined for a new one, or if reading it would take too many requests. */
  before?: BiginRecord | undefined;
  /** In an upsert: Bigin would not find the record by the value as it is spelt here, so it is updated by its id. */
  byId?: boolean | undefined;
  held?: HeldRow | undefined;
  /** What it removes from lists without naming it. */
  losses?: readonly Loss[];
  /** Set if an earlier attempt of the same call did this row: it is not sent again. */
  result?: RowResult | undefined;
}

/** Why a row is not sent, with the records that it duplicates or could mean. */
export interface HeldRow {
  outcome: "exists" | "ambiguous";
  ids: string[];
  problem: string;
  /** The index, from 0, of the earlier row of the call that it duplicates, if it duplicates no existing record. */
  earlierRow?: number | undefined;
}

/**
 * What became of a row. "exists" and "ambiguous": it was held back. "unknown": it may have been written. "not_sent": it
 * certainly was not.
 */
export type Outcome =
  | "created"
  | "updated"
  | "unchanged"
  | "deleted"
  | "exists"
  | "ambiguous"
  | "failed"
  | "unknown"
  | "not_sent";

/** What happened to one row. */
export interface RowResult {
  outcome: Outcome;
  id?: string | undefined;
  problem?: string | undefined;
  /** Bigin's code, if it refused the row. */
  code?: string | undefined;
  /** Ids of records that have the same unique value, or of several that fit. */
  existing?: readonly string[] | undefined;
  /** The record before and after, as far as it was read. */
  before?: BiginRecord | undefined;
  after?: BiginRecord | undefined;
  /** The record's Modified_Time after the write, from Bigin's response. */
  modifiedTime?: string | undefined;
  /** The failure of the request, if that is why the row was not sent or is unknown. */
  failure?: Failure | undefined;
  /** For a company: the contacts that were deleted with it. */
  along?: CompanyContacts | undefined;
  /** Bigin reported success, but the record was not found when it was read back. */
  vanished?: boolean | undefined;
}

/** A write that is ready to be sent. Planning it changed nothing in Bigin. */
export interface WritePlan {
  action: Action;
  module: string;
  schema: Schema;
  fields: ReadonlyMap<string, Field>;
  rows: readonly PlannedRow[];
  /** For a delete of companies: what is deleted with each, by its id. */
  along?: ReadonlyMap<string, CompanyContacts>;
  /** The API names that an upsert compares, in order. */
  checkFields?: readonly string[];
  /** What texts of the rows were taken for. */
  resolved?: readonly Resolved[];
  /** What could not be checked or read, one sentence each. */
  notes: readonly string[];
}

/** Keys of a row that are not fields. */
export const notFields: ReadonlySet<string> = new Set(["id", "Layout", "$se_module"]);

/**
 * The fields of a module by API name, plus the fields of the rows that are not in the schema (custom fields, if there
 * are no metadata). These are read back too, because Bigin silently drops fields that it does not know.
 */
export function fieldsFor(schema: Schema, rows: readonly Row[]): ReadonlyMap<string, Field> {
  const fields = new Map(schema.fields.map((field) => [field.apiName, field]));
  for (const name of rows.flatMap((row) => Object.keys(row)))
    if (!fields.has(name) && !notFields.has(name)) fields.set(name, fieldNamed(schema, name));
  return fields;
}

/** The rows that will be sent. */
export function sendable(plan: WritePlan): PlannedRow[] {
  return plan.rows.filter((row) => row.held === undefined);
}

/** The name of a record that was written or will be, by the record or by the row; undefined if neither has one. */
export function nameInRow(
  { fields }: Schema,
  { before, after, row }: Pick<PlannedRow, "before" | "row"> & Pick<RowResult, "after">,
): string | undefined {
  const display = fields.find((field) => field.display)?.apiName ?? "";
  const mandatory = fields.find((field) => field.mandatory)?.apiName ?? "";
  const names = [before?.[display], after?.[display], row[display], row[mandatory]];
  return names.find((name) => typeof name === "string" && name !== "") as string | undefined;
}

/** The name by which people know a record, or its id. */
export function nameOf(plan: Pick<WritePlan, "schema">, record: BiginRecord | Row): string {
  const display = plan.schema.fields.find((field) => field.display)?.apiName;
  const value = display ? record[display] : undefined;
  return typeof value === "string" && value !== "" ? value : String(record["id"] ?? "");
}
