import { badArguments, Failure } from "../../shared/failure.ts";
import { problemsMessage, type RowProblem } from "../../shared/row-numbers.ts";
import { chunksOf } from "../api/batch.ts";
import type { BiginRecord, RecordReads, Row } from "../api/records.ts";
import type { User } from "../api/users.ts";
import {
  beginOf,
  endsTooEarly,
  endsUnchecked,
  readActivityValue,
} from "../dates/activity-times.ts";
import type { When } from "../dates/dates.ts";
import type { NoSuchTime } from "../dates/to-write.ts";
import { kindOf, pointsAnywhere, typeOf } from "../field-types.ts";
import { problemsPerRow, problemsPerWrite, rowsCheckedAtOnce } from "../limits.ts";
import { noting, type Resolved, timeNoted } from "../names/resolved.ts";
import { moduleKey, moduleKeys } from "../schema/activity-links.ts";
import { type Field, fieldNamed, fieldsNamed, type Schema } from "../schema/fields.ts";
import type { Modules } from "../schema/modules.ts";
import type { TeamPipelines } from "../schema/pipelines.ts";
import { idIn } from "../values.ts";
import { asGiven, type Resolvers, withWholeText } from "./field-values.ts";
import { inPipeline, nameIn } from "./in-pipeline.ts";
import { changedList, listChangeIn } from "./list-changes.ts";
import { deadLinks, type Link } from "./snapshots.ts";

/** What the check of rows needs. */
export interface Checking {
  schema: Schema;
  resolvers: RowResolvers;
  modules: Pick<Modules, "resolve">;
  reads: RecordReads;
  /** The user whose profile decides which fields may be written; undefined if it is not known. */
  user: User | undefined;
  /** Empty for all modules but Pipelines, and if the layouts are not granted. */
  teams: TeamPipelines;
}

/** Looks up what the words in rows mean. */
interface RowResolvers extends Omit<Resolvers, "when" | "begins"> {
  when(text: string): Promise<When | NoSuchTime | undefined>;
  /** The first and the last second of days. */
  boundsOf(when: When): Promise<{ from: string; to: string }>;
}

/** A row to check. */
export interface Draft {
  row: Row;
  /** The record that the row changes; undefined for a new one, or if it was not read. */
  before?: BiginRecord | undefined;
  /** A new record must have its mandatory fields. */
  isNew: boolean;
  /** Problems that are already known, one sentence each. */
  problems?: readonly string[];
}

/** Rows in which no problem was found. */
export interface CheckedRows {
  /** In Bigin's form: API names, stored values, ids. */
  rows: Row[];
  /** What texts of the rows were taken for. */
  resolved: Resolved[];
  /** What could not be checked, one sentence each. */
  notes: string[];
}

type LinkInRow = Omit<Link, "row">;

interface CheckedRow {
  row: Row;
  links: LinkInRow[];
  resolved: Resolved[];
  problems: string[];
  /** Why the stage was not checked. */
  note: string | undefined;
}

/**
 * Checks rows before anything is sent, and converts them to Bigin's form. Also refuses what Bigin would silently drop
 * (an unknown field) or create (a company from plain text). Reports all problems of all rows in one failure.
 */
export async function checkRows(
  drafts: readonly Draft[],
  checking: Checking,
): Promise<CheckedRows> {
  const checked: CheckedRow[] = [];
  const problems: RowProblem[] = [];
  for (const some of chunksOf(drafts, rowsCheckedAtOnce)) {
    const results = await Promise.all(some.map((draft) => checkRow(draft, checking)));
    results.forEach((result, at) => {
      const row = checked.length + at;
      problems.push(...result.problems.map((sentence) => ({ row, sentence })));
    });
    checked.push(...results);
    if (problems.length > problemsPerWrite) break;
  }
  const links = checked.flatMap((one, row) => one.links.map((link) => ({ ...link, row })));
  const found = await deadLinks(checking.reads, links);
  const dead = found.dead.map(({ row, label, module, id }) => {
    return { row, sentence: `${label} links to ${id}, but ${module} has no record with this id.` };
  });
  const all = [...problems, ...dead];
  if (all.length > 0)
    throw badArguments(problemsMessage(all, drafts.length, drafts.length - checked.length));
  const notes = checked.flatMap(({ note }) => note ?? []);
  return {
    rows: checked.map(({ row }) => row),
    resolved: checked.flatMap((one) => one.resolved),
    notes: [
      ...(found.checked ? [] : ["it was not checked whether the records linked by id exist"]),
      ...new Set(notes),
      ...(checked.some(({ row }, at) => hasUnknownEnd(row, drafts[at])) ? [uncheckedEnds] : []),
    ],
  };
}

const uncheckedEnds = "it was not checked whether each event ends after it starts";

function hasUnknownEnd(row: Row, draft: Draft | undefined): boolean {
  return draft?.isNew === false && endsUnchecked(row, draft.before);
}

async function checkRow(draft: Draft, checking: Checking): Promise<CheckedRow> {
  const { schema, teams } = checking;
  const parent = await attempt(() => parentModule(draft, checking));
  const context = { draft, checking, parent: parent.value, given: keysOf(draft.row, schema) };
  const pieces: Piece[] = [];
  const problems = [...parent.problems];
  for (const [key, value] of Object.entries(draft.row)) {
    if (problems.length > problemsPerRow) break;
    const piece = await attempt(() => checkKey(key, value, context));
    problems.push(...piece.problems);
    if (piece.value) pieces.push(piece.value);
  }
  const read: Row = Object.fromEntries(pieces.flatMap(({ row }) => Object.entries(row)));
  const points = schema.fields.some((field) => needsModule(field) && read[field.apiName]);
  const row = parent.value && points ? { ...read, $se_module: parent.value } : read;
  const lacking = lackingProblems(draft, row, context.given, schema);
  const placed = await attempt(async () =>
    teams.items.length > 0 ? inPipeline(row, draft, schema, teams) : { row },
  );
  const early = endsTooEarly(row, draft.before, schema);
  return {
    row: placed.value?.row ?? row,
    note: placed.value?.note,
    links: pieces.flatMap(({ links }) => links),
    resolved: [...pieces.flatMap((one) => one.resolved), ...(placed.value?.resolved ?? [])],
    problems: [
      ...(draft.problems ?? []),
      ...problems,
      ...lacking,
      ...placed.problems,
      ...(early ? [early] : []),
    ],
  };
}

/** What one key of a row is converted to. */
interface Piece {
  row: Row;
  links: LinkInRow[];
  resolved: Resolved[];
}

interface RowContext {
  draft: Draft;
  checking: Checking;
  /** The module that the row's `$se_module` names. */
  parent: string | undefined;
  /** The first key of the row for each field, by API name. */
  given: ReadonlyMap<string, string>;
}

function keysOf(row: Row, schema: Schema): ReadonlyMap<string, string> {
  const given = new Map<string, string>();
  for (const key of Object.keys(row)) {
    const [field, second] = fieldsNamed(schema, key);
    const name = field && !second ? field.apiName : key;
    if (!given.has(name)) given.set(name, key);
  }
  return given;
}

const nothing: Omit<Piece, "row"> = { links: [], resolved: [] };

async function checkKey(key: string, value: unknown, context: RowContext): Promise<Piece> {
  const { draft, checking, parent, given } = context;
  const { schema } = checking;
  if (key === "id") return { row: { id: value }, ...nothing };
  if (moduleKeys.includes(key) || key === "Layout")
    return { row: engineValue(key, value, schema), ...nothing };
  const field = writable(fieldNamed(schema, key), checking);
  if (isParentOfNote(field, draft, schema)) return unmoved(value, draft);
  const first = given.get(field.apiName);
  if (first !== undefined && first !== key)
    throw badArguments(`"${first}" and "${key}" are the same field: name it once.`);
  const whole = withWholeText(value, field, draft.before?.[field.apiName]);
  const aimed = { ...field, target: targetOf(field, value, parent) };
  // Only links by id are looked up: a record that was found by its name is known to exist.
  const links = typeOf(field).links?.(listChangeIn(value, field)?.add ?? value, aimed) ?? [];
  const { read, resolved } = await readField(aimed, whole, draft, checking);
  return {
    row: { [field.apiName]: read },
    links: links.map((link) => ({ ...link, label: field.label })),
    resolved,
  };
}

function isParentOfNote({ apiName }: Field, { isNew }: Draft, { module }: Schema): boolean {
  return module === "Notes" && apiName === "Parent_Id" && !isNew;
}

/** Bigin cannot move a note, and would not say so. */
function unmoved(value: unknown, { before }: Draft): Piece {
  if (idIn(value) !== undefined && idIn(value) === idIn(before?.["Parent_Id"]))
    return { row: {}, ...nothing };
  throw badArguments(
    "A note cannot be moved to another record: create it there with bigin_create_records, then delete this one.",
  );
}

interface ReadValue {
  read: unknown;
  resolved: Resolved[];
}

/** Sub-pipelines and stages stay as given: `inPipeline` resolves them together, because they depend on each other. */
async function readField(
  field: Field,
  value: unknown,
  draft: Draft,
  checking: Checking,
): Promise<ReadValue> {
  const { teams, schema } = checking;
  // The type is not known, so only Bigin can check the value.
  if (!schema.checked && field.custom) return { read: asGiven(value, field), resolved: [] };
  if (value === null || value === undefined) return { read: cleared(field), resolved: [] };
  const isPlace = ["Sub_Pipeline", "Stage"].includes(field.apiName);
  if ((isPlace || kindOf(field) === "team") && nameIn(value) === undefined)
    throw badArguments(`${field.label} must be a name.`);
  const isPlaced = teams.items.length > 0 && (draft.isNew || draft.before !== undefined);
  if (isPlace && isPlaced && typeof value === "string") return { read: value, resolved: [] };
  return readOfType(field, value, draft, checking);
}

async function readOfType(
  field: Field,
  value: unknown,
  { row, isNew, before }: Draft,
  { resolvers, schema }: Checking,
): Promise<ReadValue> {
  const both = { ...before, ...row };
  const when = existing(resolvers, field);
  const begins = () => beginOf(both, schema, { when });
  const resolved: Resolved[] = [];
  const own = noting({ ...resolvers, when, begins }, field, (one) => resolved.push(one));
  const times = { when, boundsOf: resolvers.boundsOf };
  const read = async (one: unknown) =>
    (await readActivityValue(one, field, { row: both, schema }, times)) ??
    typeOf(field).read(one, field, own);
  const change = listChangeIn(value, field);
  const result = await (change ? changedList(change, field, { before, isNew }, read) : read(value));
  const time = await timeNoted(field, value, result, when);
  return { read: result, resolved: time ? [...resolved, time] : resolved };
}

/** Reads days and times, and fails for those that do not exist. */
function existing({ when }: RowResolvers, { label }: Field): Resolvers["when"] {
  return async (text) => {
    const found = await when(text);
    if (found?.kind !== "none") return found;
    throw badArguments(`${label}: "${text}" ${found.why}.`);
  };
}

function cleared(field: Field): null {
  if (kindOf(field) !== "team" && field.apiName !== "Owner") return null;
  throw badArguments(`${field.label} cannot be cleared: every record has one. Name another.`);
}

/**
 * Reads the keys that are not fields: `$se_module`, the module of a link, and `Layout`, the form in which Bigin takes a
 * team pipeline.
 */
function engineValue(key: string, value: unknown, { module, fields }: Schema): Row {
  const isUseful = key === "Layout" ? module === "Pipelines" : fields.some(needsModule);
  if (!isUseful) throw badArguments(`${key} does not apply to ${module}: leave it out.`);
  if (nameIn(value) === undefined)
    throw badArguments(`${key} must be a name${key === "Layout" ? ", or an id in quotes" : ""}.`);
  // `checkRow` adds $se_module if a link needs it.
  return key === "Layout" ? { [key]: value } : {};
}

function writable(field: Field, { user }: Checking): Field {
  const profile = user?.profile;
  if (field.readOnly) throw badArguments(`${field.label} is computed by Bigin: leave it out.`);
  if (profile && field.closedTo.includes(profile.id))
    throw badArguments(
      `${field.label} may not be written by users of the profile ${profile.name}: leave it out.`,
    );
  return field;
}

/** Whether `$se_module` must name the module that the field points at, as for What_Id and Parent_Id. */
function needsModule(field: Field): boolean {
  return pointsAnywhere(field) && !field.inferred;
}

function targetOf(field: Field, value: unknown, parent: string | undefined): string | undefined {
  if (!needsModule(field)) return field.target;
  if (parent || value === null) return parent;
  throw badArguments(
    `${field.label} also needs $se_module: the module of the linked record, such as "deals".`,
  );
}

async function parentModule(draft: Draft, { modules }: Checking): Promise<string | undefined> {
  const named = moduleKeys.map((key) => draft.row[key]).find((value) => value !== undefined);
  const name = named ?? draft.before?.[moduleKey];
  return typeof name === "string" ? modules.resolve(name) : undefined;
}

/** A problem for mandatory fields that are missing or would be cleared. */
function lackingProblems(
  { isNew }: Draft,
  row: Row,
  given: ReadonlyMap<string, string>,
  schema: Schema,
): string[] {
  // A value that was refused is not in the row, and was reported already.
  const isBlank = (name: string) => {
    const value = row[name];
    return value === null || (typeof value === "string" && value.trim() === "");
  };
  const lacking = schema.fields.filter(
    ({ apiName, mandatory, readOnly }) =>
      mandatory && !readOnly && (given.has(apiName) ? isBlank(apiName) : isNew),
  );
  if (lacking.length === 0) return [];
  const names = lacking.map((field) => field.apiName).join(", ");
  const are = lacking.length > 1 ? "are" : "is";
  return [
    isNew
      ? `${names} ${are} missing: mandatory in ${schema.module}.`
      : `${names} cannot be cleared: mandatory in ${schema.module}.`,
  ];
}

/** The result of `work`, or its failure as a problem if the arguments are wrong. */
async function attempt<T>(work: () => Promise<T>): Promise<{ value?: T; problems: string[] }> {
  try {
    return { value: await work(), problems: [] };
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.kind !== "bad_arguments") throw error;
    return { problems: [error.message] };
  }
}
