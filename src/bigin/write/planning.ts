import { badArguments, Failure } from "../../shared/failure.ts";
import { problemsMessage, type RowProblem } from "../../shared/row-numbers.ts";
import { unlessRefused } from "../api/batch.ts";
import type { RecordReads, Row } from "../api/records.ts";
import { timesNeeded } from "../dates/activity-times.ts";
import { pointsAnywhere } from "../field-types.ts";
import { companiesReadOneByOne, recordsOneByOne } from "../limits.ts";
import { moduleKey } from "../schema/activity-links.ts";
import {
  type Field,
  fieldNamed,
  type Schema,
  skippedFields,
  withoutMetadata,
} from "../schema/fields.ts";
import type { Modules } from "../schema/modules.ts";
import { noTeams } from "../schema/pipelines.ts";
import type { Understanding } from "../understanding.ts";
import { checkRows, type Draft } from "./check-rows.ts";
import { contactsOfCompanies } from "./company-contacts.ts";
import {
  ambiguous,
  checkFieldsOf,
  findRecordsByValue,
  holdDuplicates,
  holdsPhone,
  incompleteNote,
  matchOf,
  sameRecordProblems,
} from "./duplicates.ts";
import type { Resolvers } from "./field-values.ts";
import { lossesIn } from "./list-changes.ts";
import { fieldsFor, type PlannedRow, type WritePlan } from "./plan.ts";
import { oneByOne, readSnapshots, type Snapshots, tooManyToRead } from "./snapshots.ts";
import { modifiedSince } from "./unmodified.ts";

/** Plans writes: resolves and checks rows, and reads the records they change. Changes nothing in Bigin. */
export interface Planning {
  /** With `checkDuplicates`, rows whose unique values already exist are held back. */
  create(module: string, rows: readonly Row[], checkDuplicates?: boolean): Promise<WritePlan>;
  /** Each row has its `id`. Records that were changed after the time `unmodifiedSince` are refused. */
  update(module: string, rows: readonly Row[], unmodifiedSince?: string): Promise<WritePlan>;
  /** Without `checkFields`, rows are matched on the fields that Bigin compares by default. */
  upsert(module: string, rows: readonly Row[], checkFields?: readonly string[]): Promise<WritePlan>;
  delete(module: string, ids: readonly string[], unmodifiedSince?: string): Promise<WritePlan>;
}

export interface PlanningParts {
  reads: RecordReads;
  modules: Pick<Modules, "resolve" | "findRelated">;
  understand: Understanding;
}

const unreadNote = `not read before: ${tooManyToRead}`;
const uncheckedNote = `custom fields, options and stages were not checked: ${withoutMetadata}`;
const unplacedNote =
  "the stage was not checked against the sub-pipeline: the team pipelines could not be read";
const customNote =
  "custom fields are not read for this many records: undoing this will not restore them";
const ownId =
  "it has an id, which is not allowed here: use bigin_update_records, or leave the id out.";

export function createPlanning(parts: PlanningParts): Planning {
  return {
    create: (module, rows, checkDuplicates) => planCreate(parts, module, rows, checkDuplicates),
    update: (module, rows, since) => planUpdate(parts, module, rows, since),
    upsert: (module, rows, checkFields) => planUpsert(parts, module, rows, checkFields),
    delete: (module, ids, since) => planDelete(parts, module, ids, since),
  };
}

async function planCreate(
  parts: PlanningParts,
  name: string,
  given: readonly Row[],
  checkDuplicates = false,
): Promise<WritePlan> {
  const about = await begin(parts, name);
  const drafts = given.map((row): Draft => {
    return { row, isNew: true, problems: row["id"] === undefined ? [] : [ownId] };
  });
  const { rows, resolved, notes } = await check(parts, about.schema, drafts);
  const planned = rows.map((row, at): PlannedRow => ({ given: given[at] ?? {}, row }));
  const fields = fieldsFor(about.schema, rows);
  const plan = { ...about, fields, action: "create", rows: planned, resolved, notes } as const;
  if (!checkDuplicates) return plan;
  const held = await holdDuplicates(planned, about.schema, parts.understand);
  return { ...plan, rows: held.rows, notes: [...notes, ...held.notes] };
}

async function planUpdate(
  parts: PlanningParts,
  name: string,
  given: readonly Row[],
  unmodifiedSince: string | undefined,
): Promise<WritePlan> {
  const about = await begin(parts, name);
  const { schema } = about;
  const ids = given.map((row) => String(row["id"]));
  const wanted = changedFields(schema, given);
  const snapshots = await readSnapshots(parts.reads, schema.module, [...new Set(ids)], wanted);
  const { understand } = parts;
  const known = [
    ...identityProblems(schema.module, ids, snapshots),
    ...(await modifiedSince({ schema, snapshots, ids, given, unmodifiedSince, understand })),
  ];
  const before = (at: number) => snapshots?.get(ids[at] ?? "");
  const drafts = given.map((row, at): Draft => {
    const problems = known.filter((problem) => problem.row === at).map(({ sentence }) => sentence);
    if (Object.keys(row).length < 2) problems.push("it names no field to change besides its id.");
    return { row, isNew: false, before: before(at), problems };
  });
  const { rows, resolved, notes } = await check(parts, schema, drafts);
  const planned = rows.map((row, at): PlannedRow => {
    const losses = lossesIn(given[at] ?? {}, row, before(at), schema);
    return { given: given[at] ?? {}, row, id: ids[at], before: before(at), losses };
  });
  const fields = fieldsFor(schema, rows);
  const unread = withUnread(notes, snapshots);
  return { ...about, fields, action: "update", rows: planned, resolved, notes: unread };
}

async function planUpsert(
  parts: PlanningParts,
  name: string,
  given: readonly Row[],
  named: readonly string[] | undefined,
): Promise<WritePlan> {
  const about = await begin(parts, name);
  const { schema } = about;
  const keys = checkFieldsOf(schema, named);
  const keyed = given.map((row) => byApiName(row, schema));
  const found = await findRecordsByValue(parts.understand, schema, keys, keyed);
  const matches = keyed.map((row) => matchOf(row, keys, found));
  const ids = [...new Set(matches.flatMap((match) => match[0]?.id ?? []))];
  const fields = changedFields(schema, given);
  const snapshots = await readSnapshots(parts.reads, schema.module, ids, fields);
  const twins = sameRecordProblems(keyed, keys, matches);
  const drafts = given.map((row, at): Draft => {
    const id = matches[at]?.[0]?.id;
    const before = id ? snapshots?.get(id) : undefined;
    const problems = twins.filter((problem) => problem.row === at).map(({ sentence }) => sentence);
    if (row["id"] !== undefined) problems.push(ownId);
    return { row, isNew: id === undefined, before, problems };
  });
  const { rows, resolved, notes } = await check(parts, schema, drafts);
  const planned = rows.map((row, at): PlannedRow => {
    const match = matches[at] ?? [];
    const { before } = drafts[at] ?? {};
    const id = match[0]?.id;
    const losses = lossesIn(given[at] ?? {}, row, before, schema);
    const byId = id !== undefined && keys.some(holdsPhone);
    const held = ambiguous(match, keys, schema);
    return { given: given[at] ?? {}, row, id, before, byId, held, losses };
  });
  const checkFields = keys.map((field) => field.apiName);
  return {
    ...about,
    fields: fieldsFor(schema, rows),
    action: "upsert",
    rows: planned,
    checkFields,
    resolved,
    notes: withUnread([...notes, ...incompleteNote(found)], snapshots),
  };
}

async function planDelete(
  parts: PlanningParts,
  name: string,
  ids: readonly string[],
  unmodifiedSince: string | undefined,
): Promise<WritePlan> {
  const about = await begin(parts, name);
  const { schema } = about;
  // Without metadata, custom fields come only with whole records, and these are read one by one.
  const isWhole = !schema.checked && ids.length <= recordsOneByOne;
  const read = (fields: readonly string[] | undefined) =>
    readSnapshots(parts.reads, schema.module, [...new Set(ids)], fields);
  const listed = (isWhole && (await read(undefined))) || (await read(restorableFields(schema)));
  const snapshots = listed ?? (await readCompanies(parts.reads, schema.module, ids));
  const { understand } = parts;
  const check = { schema, snapshots, ids, given: [], unmodifiedSince, understand };
  const changed = await modifiedSince(check);
  const problems = [...identityProblems(schema.module, ids, snapshots), ...changed];
  if (problems.length > 0) throw badArguments(problemsMessage(problems, ids.length));
  const rows = ids.map((id): PlannedRow => {
    return { given: { id }, row: { id }, id, before: snapshots?.get(id) };
  });
  const notes = withUnread(schema.checked || isWhole ? [] : [customNote], snapshots);
  const along = await deletedAlong(parts, about.module, ids);
  const fieldsByName = fieldsFor(schema, []);
  return { ...about, fields: fieldsByName, action: "delete", rows, notes, ...(along && { along }) };
}

/** Companies are read one by one where lists of ids do not work: without them their contacts could not be created again. */
async function readCompanies(
  reads: RecordReads,
  module: string,
  ids: readonly string[],
): Promise<Snapshots | undefined> {
  if (module !== "Accounts" || ids.length > companiesReadOneByOne) return undefined;
  return unlessRefused(oneByOne(reads, module, ids, undefined), undefined);
}

/** The contacts that Bigin deletes with companies, with all that can be written again. */
async function deletedAlong(
  { reads, modules, understand }: PlanningParts,
  module: string,
  ids: readonly string[],
) {
  if (module !== "Accounts") return undefined;
  const fields = restorableFields(await understand.schema("Contacts"));
  return contactsOfCompanies({ reads, modules }, ids, fields);
}

async function begin({ modules, understand }: PlanningParts, name: string) {
  const module = await modules.resolve(name);
  const schema = await understand.schema(module);
  return { module, schema };
}

async function check(parts: PlanningParts, schema: Schema, drafts: readonly Draft[]) {
  const { reads, modules, understand } = parts;
  const isClosed = schema.fields.some((field) => !field.readOnly && field.closedTo.length > 0);
  const user = isClosed ? await understand.me() : undefined;
  const teams = schema.module === "Pipelines" ? await understand.teams() : noTeams;
  const isHeld: Resolvers["isHeld"] = (...args) => understand.holdsText(schema.module, ...args);
  const resolvers = { ...understand, when: understand.whenToWrite, isHeld };
  const checking = { schema, resolvers, modules, reads, user, teams };
  const { rows, resolved, notes } = await checkRows(drafts, checking);
  const hasPlace = rows.some(
    (row) => row["Sub_Pipeline"] !== undefined || row["Stage"] !== undefined,
  );
  const unplaced = hasPlace && teams.items.length === 0 && schema.checked ? [unplacedNote] : [];
  const skipped = schema.skipped > 0 ? [`not checked: ${skippedFields(schema.skipped)}`] : [];
  const unchecked = schema.checked ? skipped : [uncheckedNote];
  return { rows, resolved, notes: [...notes, ...unplaced, ...unchecked] };
}

/** Problems of rows whose record is named twice or was not found. */
function identityProblems(
  module: string,
  ids: readonly string[],
  snapshots: Snapshots | undefined,
): RowProblem[] {
  return ids.flatMap((id, row) => {
    const missing = `${module} has no record ${id}, or this user may not see it.`;
    return [
      ...(ids.indexOf(id) < row
        ? [{ row, sentence: `The id ${id} is named twice: name each record once.` }]
        : []),
      ...(snapshots && !snapshots.has(id) ? [{ row, sentence: missing }] : []),
    ];
  });
}

/** The fields that are read before a record is changed: to compare it, to check the row, and to restore it. */
function changedFields(schema: Schema, rows: readonly Row[]): string[] {
  const named = rows.flatMap((row) => Object.keys(byApiName(row, schema)));
  const place = ["Sub_Pipeline", "Stage", "Pipeline"];
  const needed = ["Modified_Time", "Modified_By", ...place, ...timesNeeded];
  const fields = schema.fields.filter(
    ({ apiName, display }) => display || needed.includes(apiName),
  );
  const points = schema.fields.some(pointsAnywhere);
  return [
    ...fields.map((field) => field.apiName),
    ...(points ? [moduleKey] : []),
    ...named.filter((name) => name !== "id"),
  ];
}

/** The fields that are read before a record is deleted: all that can be written again. */
function restorableFields(schema: Schema): string[] {
  const writable = schema.fields.filter((field) => !field.readOnly);
  return [...changedFields(schema, []), ...writable.map((field) => field.apiName)];
}

/** A row by API names, without the keys that are not fields. The check of the rows reports those keys. */
function byApiName(row: Row, schema: Schema): Row {
  const entries = Object.entries(row).flatMap(([key, value]) => {
    const field = fieldOf(schema, key);
    return field ? [[field.apiName, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

function fieldOf(schema: Schema, name: string): Field | undefined {
  try {
    return fieldNamed(schema, name);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function withUnread(notes: readonly string[], snapshots: Snapshots | undefined): string[] {
  return snapshots ? [...notes] : [...notes, unreadNote];
}
