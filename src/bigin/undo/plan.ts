import type { BiginRecord, RecordReads, Row } from "../api/records.ts";
import { kindOf, typeOf } from "../field-types.ts";
import { fieldsPerRequest } from "../limits.ts";
import { type Field, type Schema, unknownField } from "../schema/fields.ts";
import type { Modules } from "../schema/modules.ts";
import { isEmpty } from "../values.ts";
import { type CompanyContacts, contactsOfCompanies } from "../write/company-contacts.ts";
import { fieldsIn, holds, wasCarriedOut } from "../write/compare.ts";
import { findLostInserts, type LostInsert } from "../write/lost-insert.ts";
import { fieldsFor, nameOf, type RowResult } from "../write/plan.ts";
import { oneByOne, readSnapshots, type Snapshots } from "../write/snapshots.ts";
import { presentContacts, withoutPresent } from "./contacts.ts";
import { restoringRow } from "./restoring-row.ts";

type Fields = ReadonlyMap<string, Field>;

/** How a change is undone. "create_contacts": an earlier undo created the company again, but not all of its contacts. */
export type Reverse = "restore" | "delete" | "create_again" | "create_contacts";

/** One record of a write that is undone. */
export interface UndoRow {
  /** The place of the row in the write, from 0. */
  at: number;
  reverse: Reverse;
  id: string;
  name: string;
  /** What is sent; empty for a delete. */
  row: Row;
  /** The record as it was just read; undefined if it does not exist. */
  now: BiginRecord | undefined;
  /** The record before the write. */
  before: BiginRecord | undefined;
  /** For a deleted company: the contacts that it had, as they were, without those that were created again already. */
  contacts?: readonly BiginRecord[];
  /** How many of them do not exist now, and are created again. */
  contactsGone?: number;
  /** Those that do exist, as they were read. */
  contactsLeft?: Snapshots;
  /** True if the company had more contacts, which are not known. */
  hadMoreContacts?: boolean;
  /** For "create_contacts": the id of the company. */
  company?: string;
}

/** An undo that is ready to be carried out. Planning it changed nothing in Bigin. */
export interface UndoPlan {
  module: string;
  schema: Schema;
  fields: Fields;
  rows: UndoRow[];
  /** The fields of contacts, if some are created again. */
  contactFields?: Fields;
  /** Rows that cannot be undone. `problem` continues a sentence that begins with the name of the record. */
  refused: { at: number; id: string | undefined; problem: string }[];
}

/** What a write did to a record. */
interface Undoable extends RowResult {
  row: Row;
  /** How the change was undone; undefined if it was not. */
  undone?: EarlierUndo | undefined;
}

interface EarlierUndo {
  inWords: string;
  /** The id of a record that was created again. */
  as?: string | undefined;
  /** True if it was perhaps created again: the response was lost. */
  isDoubtful: boolean;
}

/** The write to undo, and what is known of later changes to its records. */
export interface Undoing {
  module: string;
  schema: Schema;
  /** The schema of contacts, if some were deleted with companies. */
  contactSchema?: Schema | undefined;
  rows: readonly Undoable[];
  /** When the write was made, in milliseconds since the epoch. */
  since: number;
  /** The Modified_Time of a record after our latest write to it. */
  lastSeen(id: string): string | undefined;
  /** The id of a later write of ours to the record. */
  later(id: string): string | undefined;
  /** Whether somebody else changed the record between two writes of ours. */
  wasForeign(id: string): boolean;
}

const contactsNamed = 3;
const notFound = "was not found: somebody deleted it";

const reverses: Readonly<Record<string, Reverse>> = {
  created: "delete",
  updated: "restore",
  deleted: "create_again",
};

/** An unknown change is undone if it turns out to have been carried out. */
function reverseOf({ outcome, row, before }: Undoable): Reverse | undefined {
  if (outcome !== "unknown" || !before) return reverses[outcome];
  return Object.keys(row).some((name) => name !== "id") ? "restore" : "create_again";
}

/**
 * Plans to undo a write: updated records get their old values back, new ones are deleted, deleted ones are created
 * again. A record that somebody else or a later write of ours has changed since is left alone.
 */
export async function planUndo(
  undoing: Undoing,
  reads: RecordReads,
  modules: Pick<Modules, "findRelated">,
): Promise<UndoPlan> {
  const { module, schema, contactSchema } = undoing;
  const sent = undoing.rows.map(({ row }) => row);
  const fields = new Map([...unlistedFields(undoing), ...fieldsFor(schema, sent)]);
  const contactFields = contactSchema && fieldsFor(contactSchema, []);
  const known: Known = {
    fields,
    contactFields,
    now: await currentRecords(undoing, reads),
    contactsNow: await contactsOfNewCompanies(undoing, { reads, modules }),
    doubts: await doubtsResolved(undoing, fields, reads),
    left: await leftContacts(undoing.rows, reads),
  };
  const plan: UndoPlan = {
    module,
    schema,
    fields,
    ...(contactFields && { contactFields }),
    rows: [],
    refused: [],
  };
  for (const [at, row] of undoing.rows.entries()) {
    const reverse = reverseOf(row);
    const { id } = row;
    if (!reverse || id === undefined) continue;
    const again = againAs(row, known.doubts.get(at));
    const planned = again
      ? await planContacts(again, row, undoing, known, { reads, modules })
      : planRow({ at, reverse, row }, undoing, known);
    if (typeof planned === "string") plan.refused.push({ at, id, problem: planned });
    else plan.rows.push({ at, id, ...planned });
  }
  return plan;
}

/** What was read to plan an undo. */
interface Known {
  fields: Fields;
  contactFields: Fields | undefined;
  now: Snapshots;
  contactsNow: ReadonlyMap<string, CompanyContacts>;
  doubts: ReadonlyMap<number, LostInsert>;
  /** Contacts of deleted companies that exist nevertheless. */
  left: Snapshots;
}

type PlannedUndo = Omit<UndoRow, "at" | "id">;

/** How a row is undone, or a reason to leave it alone. */
function planRow(
  { at, reverse, row }: { at: number; reverse: Reverse; row: Undoable },
  undoing: Undoing,
  { fields, now, contactsNow, doubts, left }: Known,
): PlannedUndo | string {
  const { id = "" } = row;
  const record = now.get(id);
  // An earlier undo whose response was lost turns out to have done nothing.
  const isOpen = doubts.has(at) && doubts.get(at) === undefined;
  const problem =
    knownProblem(isOpen ? { ...row, undone: undefined } : row, reverse, undoing.later(id)) ??
    (reverse === "delete" ? contactsProblem(contactsNow.get(id)) : undefined) ??
    problemOf(row, reverse, record, undoing, fields);
  if (problem !== undefined) return problem;
  const reversed = reversal(row, reverse, record, undoing.schema, fields);
  return { reverse, ...reversed, ...contactsOf(row, left) };
}

/** What is left to do for a record that exists again: a company may lack contacts. */
async function planContacts(
  company: string,
  row: Undoable,
  { schema }: Undoing,
  { contactFields, now, left }: Known,
  parts: { reads: RecordReads; modules: Pick<Modules, "findRelated"> },
): Promise<PlannedUndo | string> {
  const { undone, along, id = "", before } = row;
  const done = `was undone already: ${undone?.as ? undone.inWords : `created again as ${company}`}`;
  if (!contactFields || !along || along.contacts.length === 0) return done;
  const names = [...contactFields.keys()];
  const contactsNow = (await contactsOfCompanies(parts, [company], names)).get(company);
  // Some may exist that cannot be seen, and would be made twice.
  if (!contactsNow?.complete)
    return `${done}. It is not known which of its contacts are missing, because they cannot be read now`;
  const contacts = withoutPresent(along.contacts, contactFields, contactsNow);
  const contactsGone = contacts.filter((one) => !left.has(one.id)).length;
  if (contactsGone === 0) return done;
  const name = nameOf({ schema }, before ?? { id });
  const about = { row: {}, name, now: now.get(id), before, contactsLeft: left };
  return { ...about, reverse: "create_contacts", company, contacts, contactsGone };
}

/**
 * The records that an earlier undo perhaps created again, by the place of the row. They have the values of the deleted
 * ones, and are newer than the write.
 */
async function doubtsResolved(
  { module, schema, rows, since }: Undoing,
  fields: ReadonlyMap<string, Field>,
  reads: RecordReads,
): Promise<ReadonlyMap<number, LostInsert>> {
  const doubtful = rows.flatMap(({ undone, before }, at) =>
    undone?.isDoubtful && before ? [{ at, row: restoringRow(before, fields) }] : [],
  );
  if (doubtful.length === 0) return new Map();
  const look = { module, schema, fields, since, others: new Set<string>() };
  const found = await findLostInserts(reads, { ...look, rows: doubtful.map(({ row }) => row) });
  return new Map(doubtful.map(({ at }, index) => [at, found[index]]));
}

/** The id of the record that an earlier undo created for a deleted one. */
function againAs({ undone }: Undoable, doubt: LostInsert): string | undefined {
  return doubt && "found" in doubt ? doubt.found.id : undone?.as;
}

/** What is left to do for a company that exists again, or a reason to leave it alone. */
function contactsOf({ along }: Undoable, left: Snapshots): Partial<UndoRow> {
  if (!along) return {};
  const { contacts, complete } = along;
  const contactsGone = contacts.filter((one) => !left.has(one.id)).length;
  return { contacts, contactsGone, contactsLeft: left, hadMoreContacts: !complete };
}

/** The contacts that companies made by the write have by now: Bigin would delete these too. */
async function contactsOfNewCompanies(
  { module, rows }: Undoing,
  parts: { reads: RecordReads; modules: Pick<Modules, "findRelated"> },
): Promise<ReadonlyMap<string, CompanyContacts>> {
  const made = rows.flatMap((row) => (reverseOf(row) === "delete" ? (row.id ?? []) : []));
  if (module !== "Accounts" || made.length === 0) return new Map();
  return contactsOfCompanies(parts, made, ["Full_Name"]);
}

/** A reason against deleting a company. */
function contactsProblem(along: CompanyContacts | undefined): string | undefined {
  if (!along || (along.complete && along.count === 0)) return undefined;
  if (along.count === 0)
    return "may have contacts by now, which Bigin would delete with it, and they cannot be read";
  const names = along.contacts
    .slice(0, contactsNamed)
    .map((one) => String(one["Full_Name"] ?? one.id));
  const more = along.count > names.length ? ` and ${along.count - names.length} more` : "";
  return `has contacts by now, which Bigin would delete with it: ${names.join(", ")}${more}. Move or delete them first`;
}

async function leftContacts(rows: readonly Undoable[], reads: RecordReads): Promise<Snapshots> {
  const contacts = rows.flatMap((row) => row.along?.contacts ?? []);
  return presentContacts(
    reads,
    contacts.map((contact) => contact.id),
  );
}

/** Fields of deleted records that no metadata list: custom ones, if the connection is not granted the metadata. */
function unlistedFields({ schema, rows }: Undoing): [string, Field][] {
  if (schema.checked) return [];
  const keys = rows.flatMap(({ outcome, before }) =>
    outcome === "deleted" ? Object.keys(before ?? {}) : [],
  );
  return [...new Set(keys)]
    .filter((key) => key !== "id" && !key.startsWith("$"))
    .map((key) => [key, unknownField(key)]);
}

function reversal(
  { row, before, id = "" }: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  schema: Schema,
  fields: ReadonlyMap<string, Field>,
): Pick<UndoRow, "row" | "name" | "now" | "before"> {
  const names = Object.keys(row).map((name) => (name === "Layout" ? "Pipeline" : name));
  return {
    row: before ? restoringRow(before, fields, reverse === "restore" ? names : undefined) : {},
    name: nameOf({ schema }, before ?? record ?? { id }),
    now: record,
    before,
  };
}

/** The records as they are now. Those that do not exist are absent. */
async function currentRecords(
  { module, schema, rows }: Undoing,
  reads: RecordReads,
): Promise<Snapshots> {
  const ids = rows.flatMap((row) => (reverseOf(row) && row.id ? [row.id] : []));
  const sent = rows.flatMap((row) => Object.keys(row.row)).filter((name) => name !== "Layout");
  const display = schema.fields.filter((field) => field.display).map((field) => field.apiName);
  const team = module === "Pipelines" ? ["Pipeline"] : [];
  const fields = [...new Set(["Modified_Time", ...team, ...display, ...sent])];
  const snapshots = await readSnapshots(reads, module, ids, fields);
  // A record must be read before it is overwritten, even if each takes a request.
  return snapshots ?? oneByOne(reads, module, ids, fields.slice(0, fieldsPerRequest));
}

/** A reason not to undo a row, as far as it is known without reading its record. */
function knownProblem(
  row: Undoable,
  reverse: Reverse,
  later: string | undefined,
): string | undefined {
  if (row.undone) return `was undone already: ${row.undone.inWords}`;
  if (later) return `was changed again by ${later}: undo that first`;
  return row.before || reverse === "delete"
    ? undefined
    : "was not read before the write, so its old values are not known";
}

/** A reason not to undo a row that its record shows: somebody else changed it since, or our change never happened. */
function problemOf(
  row: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  { lastSeen, wasForeign }: Undoing,
  fields: ReadonlyMap<string, Field>,
): string | undefined {
  if (row.outcome === "unknown") return neverHappened(row, reverse, record, fields);
  if (reverse === "create_again") return record ? "exists again: somebody restored it" : undefined;
  if (!record) return notFound;
  if (reverse === "delete" && wasForeign(record.id))
    return "was changed by somebody else since: to delete it and those changes, use bigin_delete_records";
  const seen = lastSeen(record.id) ?? row.modifiedTime;
  const isOurs = seen !== undefined && isSameTime(seen, record["Modified_Time"]);
  return isOurs && !differs(row, record, fields) ? undefined : "was changed by somebody else since";
}

/** The Modified_Time of an unknown change is not known, so the record must have what was sent. */
function neverHappened(
  { row }: Undoable,
  reverse: Reverse,
  record: BiginRecord | undefined,
  fields: ReadonlyMap<string, Field>,
): string | undefined {
  const isDelete = reverse === "create_again";
  if (wasCarriedOut({ row, isDelete, fields }, record)) return undefined;
  if (isDelete) return "still exists: the delete was not carried out";
  return record
    ? "does not have what was sent: the update was not carried out, or somebody changed it since"
    : notFound;
}

/** Modified_Time has whole seconds, so the values are compared to find a later change within the same second. */
function differs(
  { row, after }: Undoable,
  record: BiginRecord,
  fields: ReadonlyMap<string, Field>,
): boolean {
  if (!after) return false;
  return fieldsIn(row, fields).some((field) => {
    const [ours, now] = [after[field.apiName], record[field.apiName]];
    return !holds(field, ours, now) && !hasOnlyLostLinks(field, ours, now);
  });
}

/** Links to deleted records disappear. That is not a change of this record: its Modified_Time stays as it was. */
function hasOnlyLostLinks(field: Field, ours: unknown, now: unknown): boolean {
  if (!typeOf(field).links) return false;
  if (kindOf(field) === "record") return isEmpty(now);
  if (!Array.isArray(ours)) return false;
  const left = Array.isArray(now) ? now : [];
  return left.every((part) => ours.some((one) => holds(field, [one], [part])));
}

function isSameTime(one: unknown, other: unknown): boolean {
  return Date.parse(String(one)) === Date.parse(String(other));
}
