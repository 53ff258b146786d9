import type { BiginRecord, Reading, Row } from "../api/records.ts";
import { kindOf, typeOf } from "../field-types.ts";
import { type Field, type Schema, unknownField } from "../schema/fields.ts";
import { isEmpty } from "../values.ts";
import type { RowResult } from "./carry-out.ts";
import { fieldsIn, holds } from "./compare.ts";
import { fieldsFor, nameOf } from "./plan.ts";
import { wasCarriedOut } from "./read-back.ts";
import { asWritten } from "./restorable.ts";
import { readImages } from "./snapshots.ts";

/** How a change is taken back. */
export type Reverse = "restore" | "delete" | "create_again";

/** One record of a write that is to be undone. */
export interface UndoRow {
  /** Its place in the write. */
  at: number;
  reverse: Reverse;
  id: string;
  name: string;
  /** What is sent; empty for a delete. */
  row: Row;
  /** The record as it was just read; undefined where it is gone. */
  now: BiginRecord | undefined;
  /** As it was before the write. */
  before: BiginRecord | undefined;
}

export interface UndoPlan {
  module: string;
  schema: Schema;
  fields: ReadonlyMap<string, Field>;
  rows: UndoRow[];
  /** Rows that cannot be undone, with the reason. */
  refused: { at: number; id: string | undefined; problem: string }[];
}

/** What a write left, for undoing it. */
interface Undoable extends RowResult {
  row: Row;
  undone?: string | undefined;
}

export interface Undoing {
  module: string;
  schema: Schema;
  rows: readonly Undoable[];
  /** The Modified_Time that the latest write of ours left on a record. */
  lastSeen(id: string): string | undefined;
  /** A later write of ours to the record, by its id. */
  later(id: string): string | undefined;
  /** Whether somebody else changed the record between two writes of ours. */
  wasForeign(id: string): boolean;
}

const gone = "is gone: somebody deleted it";

const reverses: Readonly<Record<string, Reverse>> = {
  created: "delete",
  updated: "restore",
  deleted: "create_again",
};

/** A change in doubt is taken back where it turns out to have been carried out. */
function reverseOf({ outcome, row, before }: Undoable): Reverse | undefined {
  if (outcome !== "unknown" || !before) return reverses[outcome];
  return Object.keys(row).some((name) => name !== "id") ? "restore" : "create_again";
}

/**
 * Plans to take a write back: an update goes back to the old values, a new record is deleted, a deleted one is created
 * again. A record that somebody else, or a later write of ours, has changed since is left alone.
 */
export async function planUndo(undoing: Undoing, reading: Reading): Promise<UndoPlan> {
  const { module, schema } = undoing;
  const fields = new Map([...unlisted(undoing), ...fieldsFor(schema, rowsOf(undoing))]);
  const now = await current(undoing, reading);
  const plan: UndoPlan = { module, schema, fields, rows: [], refused: [] };
  for (const [at, row] of undoing.rows.entries()) {
    const reverse = reverseOf(row);
    const { id } = row;
    if (!reverse || id === undefined) continue;
    const record = now.get(id);
    const problem =
      blocked(row, reverse, undoing.later(id)) ?? moved(row, reverse, record, undoing, fields);
    if (problem !== undefined) plan.refused.push({ at, id, problem });
    else plan.rows.push({ at, reverse, id, ...backOf(row, reverse, record, schema, fields) });
  }
  return plan;
}

function rowsOf({ rows }: Undoing): Row[] {
  return rows.map(({ row }) => row);
}

/** What deleted records held besides the fields that are known: custom ones, where the metadata are out of scope. */
function unlisted({ schema, rows }: Undoing): [string, Field][] {
  if (schema.checked) return [];
  const keys = rows.flatMap(({ outcome, before }) =>
    outcome === "deleted" ? Object.keys(before ?? {}) : [],
  );
  return [...new Set(keys)]
    .filter((key) => key !== "id" && !key.startsWith("$"))
    .map((key) => [key, unknownField(key)]);
}

function backOf(
  { row, before, id = "" }: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  schema: Schema,
  fields: ReadonlyMap<string, Field>,
): Pick<UndoRow, "row" | "name" | "now" | "before"> {
  const names = Object.keys(row).map((name) => (name === "Layout" ? "Pipeline" : name));
  return {
    row: before ? asWritten(before, fields, reverse === "restore" ? names : undefined) : {},
    name: nameOf({ schema }, before ?? record ?? { id }),
    now: record,
    before,
  };
}

/** The records as they are; those that are gone are absent. */
async function current({ module, schema, rows }: Undoing, reading: Reading) {
  const ids = rows.flatMap((row) => (reverseOf(row) && row.id ? [row.id] : []));
  const sent = rows.flatMap((row) => Object.keys(row.row)).filter((name) => name !== "Layout");
  const display = schema.fields.filter((field) => field.display).map((field) => field.apiName);
  const team = module === "Pipelines" ? ["Pipeline"] : [];
  const fields = [...new Set(["Modified_Time", ...team, ...display, ...sent])];
  const images = await readImages(reading, module, ids, fields);
  if (images) return images;
  // This connection reads no lists of ids, and a record that is not looked at must not be overwritten.
  const found = await Promise.all(ids.map((id) => reading.get(module, id, fields.slice(0, 50))));
  return new Map(found.flatMap((record) => (record ? [[record.id, record] as const] : [])));
}

/** What is known without looking. */
function blocked(row: Undoable, reverse: Reverse, later: string | undefined): string | undefined {
  if (row.undone) return `was undone already: ${row.undone}`;
  if (later) return `was changed again by ${later}: undo that first`;
  return row.before || reverse === "delete"
    ? undefined
    : "was not read before the write, so nobody knows its old values";
}

/** Why the record as it is now must be left alone: somebody else was there since, or the change never happened. */
function moved(
  row: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  { lastSeen, wasForeign }: Undoing,
  fields: ReadonlyMap<string, Field>,
): string | undefined {
  if (row.outcome === "unknown") return neverHappened(row, reverse, record, fields);
  if (reverse === "create_again")
    return record ? "is there again: somebody restored it" : undefined;
  if (!record) return gone;
  if (reverse === "delete" && wasForeign(record.id))
    return "holds what somebody else wrote since: delete it yourself if that may go";
  const seen = lastSeen(record.id) ?? row.modifiedTime;
  const isOurs = seen !== undefined && isSameTime(seen, record["Modified_Time"]);
  return isOurs && !differs(row, record, fields) ? undefined : "was changed by somebody else since";
}

/** Of a change in doubt nobody knows the Modified_Time; the record must hold what was sent, or be gone. */
function neverHappened(
  { row }: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  fields: ReadonlyMap<string, Field>,
): string | undefined {
  const isDelete = reverse === "create_again";
  if (wasCarriedOut({ row, isDelete, fields }, record)) return undefined;
  if (isDelete) return "is there: the delete was not carried out";
  return record
    ? "does not hold what was sent: the update was not carried out, or somebody changed it since"
    : gone;
}

/** Times have seconds only: the values tell of a change within the same one. */
function differs(
  { row, after }: Undoable,
  record: BiginRecord,
  fields: ReadonlyMap<string, Field>,
): boolean {
  if (!after) return false;
  return fieldsIn(row, fields).some((field) => {
    const [ours, now] = [after[field.apiName], record[field.apiName]];
    return !holds(field, ours, now) && !hasOnlyLost(field, ours, now);
  });
}

/** A link goes with the record it led to, which is no change of this one: its Modified_Time stays. */
function hasOnlyLost(field: Field, ours: unknown, now: unknown): boolean {
  if (!typeOf(field).links) return false;
  if (kindOf(field) === "record") return isEmpty(now);
  if (!Array.isArray(ours)) return false;
  const left = Array.isArray(now) ? now : [];
  return left.every((part) => ours.some((one) => holds(field, [one], [part])));
}

function isSameTime(one: unknown, other: unknown): boolean {
  return Date.parse(String(one)) === Date.parse(String(other));
}
