import { badArguments, Failure } from "../../shared/failure.ts";
import { problemsMessage, type RowProblem } from "../../shared/row-numbers.ts";
import { chunksOf } from "../api/batch.ts";
import type { BiginRecord, Reading, Row } from "../api/records.ts";
import type { User } from "../api/users.ts";
import { kindOf, pointsAnywhere, typeOf } from "../field-types.ts";
import { type Field, fieldNamed, type Schema } from "../schema/fields.ts";
import type { Modules } from "../schema/modules.ts";
import { placed, type TeamPipeline } from "../schema/pipelines.ts";
import { idIn, isObject } from "../values.ts";
import { asGiven, type Resolvers } from "./field-values.ts";
import { deadLinks, type Link } from "./links.ts";

/** After so many nobody reads on, and each costs time to explain. */
const faultsAtMost = 1_000;
const faultsInRow = 50;
/** Rows checked at once, so that the names in all of them are looked up together. */
const rowsAtOnce = 100;

/** What rows are checked against and understood with. */
export interface Checking {
  schema: Schema;
  resolvers: Resolvers;
  modules: Pick<Modules, "resolve">;
  reading: Reading;
  /** The user whose profile decides which fields may be written; undefined where nobody knows. */
  user: User | undefined;
  /** Empty for every module but Pipelines, and where the layouts were not granted. */
  teams: readonly TeamPipeline[];
}

export interface Draft {
  row: Row;
  /** The record as it is, for a row that changes one; undefined for a new one or where it was not read. */
  before?: BiginRecord | undefined;
  /** Mandatory fields must be there. */
  isNew: boolean;
  /** What is wrong with it already, a sentence each. */
  faults?: readonly string[];
}

export interface CheckedRows {
  /** In Bigin's form: API names, stored values, ids. */
  rows: Row[];
  /** What could not be checked, a sentence each. */
  notes: string[];
}

/**
 * Checks rows before anything is sent, and puts them into Bigin's form. What Bigin would drop without a word (an unknown
 * field) or make up (a company from a free text) is refused too. All faults of all rows come back in one failure.
 */
export async function checkRows(
  drafts: readonly Draft[],
  checking: Checking,
): Promise<CheckedRows> {
  const faults: RowProblem[] = [];
  const report = (row: number, sentence: string) => void faults.push({ row, sentence });
  const links: Link[] = [];
  const rows: Row[] = [];
  const check = (draft: Draft, at: number) => {
    const tell = (sentence: string) => report(at, sentence);
    const link = (found: Omit<Link, "row">) => void links.push({ ...found, row: at });
    for (const known of draft.faults ?? []) tell(known);
    return checkRow(draft, checking, tell, link);
  };
  for (const some of chunksOf(drafts, rowsAtOnce)) {
    const first = rows.length;
    rows.push(...(await Promise.all(some.map((draft, at) => check(draft, first + at)))));
    if (faults.length > faultsAtMost) break;
  }
  const { dead, checked } = await deadLinks(checking.reading, links);
  for (const { row, label, module, id } of dead)
    report(row, `${label} points at ${id}, and ${module} has no such record.`);
  if (faults.length > 0)
    throw badArguments(problemsMessage(faults, drafts.length, drafts.length - rows.length));
  const notes = checked ? [] : ["links by id were not checked: whether those records exist"];
  return { rows, notes };
}

type Report = (sentence: string) => void;

async function checkRow(
  draft: Draft,
  checking: Checking,
  tell: Report,
  link: (link: Omit<Link, "row">) => void,
): Promise<Row> {
  const row: Row = {};
  const given = new Map<string, string>();
  let told = 0;
  const report: Report = (sentence) => {
    told += 1;
    tell(sentence);
  };
  const parent = await parentModule(draft, checking, report);
  for (const [key, value] of Object.entries(draft.row)) {
    if (told > faultsInRow) break;
    if (key === "id") row[key] = value;
    else if (key === "$se_module" || key === "Layout")
      await collected(report, async () => engineKey(key, value, row, checking.schema));
    else
      await collected(report, async () => {
        const field = writable(fieldNamed(checking.schema, key), checking);
        const twin = given.get(field.apiName);
        given.set(field.apiName, key);
        if (twin) throw badArguments(`"${twin}" and "${key}" are the same field: name it once.`);
        const target = targetOf(field, value, parent);
        const aimed = { ...field, target };
        row[field.apiName] = await readField(aimed, value, draft, checking);
        // A record that was looked up by its name is known to exist.
        for (const to of typeOf(field).links?.(value, aimed) ?? [])
          link({ ...to, label: field.label });
      });
  }
  if (parent && checking.schema.fields.some((one) => needsModule(one) && row[one.apiName]))
    row["$se_module"] = parent;
  checkMandatory(draft, row, given, checking.schema, report);
  if (checking.teams.length > 0)
    await collected(report, async () => place(row, draft, checking.teams));
  return row;
}

/** Sub-pipelines and stages stay as given: `place` reads them together, by where the deal is. */
async function readField(
  field: Field,
  value: unknown,
  { isNew, before }: Draft,
  { resolvers, teams, schema }: Checking,
): Promise<unknown> {
  // Its type is not known, so Bigin has to judge the value.
  if (!schema.checked && field.custom) return asGiven(value, field);
  if (value === null || value === undefined) return cleared(field);
  const isPlace = ["Sub_Pipeline", "Stage"].includes(field.apiName);
  if ((isPlace || kindOf(field) === "team") && textOf(value) === undefined)
    throw badArguments(`${field.label} must be a name.`);
  const isPlaced = teams.length > 0 && (isNew || before !== undefined);
  return isPlace && isPlaced && typeof value === "string"
    ? value
    : typeOf(field).read(value, field, resolvers);
}

function cleared(field: Field): null {
  if (kindOf(field) !== "team" && field.apiName !== "Owner") return null;
  throw badArguments(`${field.label} cannot be cleared: every record has one. Name another.`);
}

/** Keys that are no fields: the module a link leads into, and the team pipeline as Bigin takes it. */
function engineKey(key: string, value: unknown, row: Row, { module, fields }: Schema): void {
  const isUseful = key === "Layout" ? module === "Pipelines" : fields.some(needsModule);
  if (!isUseful) throw badArguments(`${module} has no use for ${key}: leave it out.`);
  if (textOf(value) === undefined)
    throw badArguments(`${key} must be a name${key === "Layout" ? ", or an id in quotes" : ""}.`);
  // The module itself goes along with the field that points.
  if (key === "Layout") row[key] = value;
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

/** Whether `$se_module` must name the module the field points at, as for What_Id and Parent_Id. */
function needsModule(field: Field): boolean {
  return pointsAnywhere(field) && !field.guessed;
}

function targetOf(field: Field, value: unknown, parent: string | undefined): string | undefined {
  if (!needsModule(field)) return field.target;
  if (parent || value === null) return parent;
  throw badArguments(
    `${field.label} needs $se_module beside it: the module of the record it points at, such as "deals".`,
  );
}

async function parentModule(
  draft: Draft,
  { modules }: Checking,
  report: Report,
): Promise<string | undefined> {
  const name = draft.row["$se_module"] ?? draft.before?.["$se_module"];
  if (typeof name !== "string") return undefined;
  return collected(report, () => modules.resolve(name));
}

function checkMandatory(
  draft: Draft,
  row: Row,
  given: ReadonlyMap<string, string>,
  schema: Schema,
  report: Report,
): void {
  // A value that was refused for what it is was told already, and is not in the row.
  const isBlank = (name: string) => {
    const value = row[name];
    return value === null || (typeof value === "string" && value.trim() === "");
  };
  const lacking = schema.fields.filter(
    ({ apiName, mandatory, readOnly }) =>
      mandatory && !readOnly && (given.has(apiName) ? isBlank(apiName) : draft.isNew),
  );
  if (lacking.length === 0) return;
  const names = lacking.map((field) => field.apiName).join(", ");
  const are = lacking.length > 1 ? "are" : "is";
  report(
    draft.isNew
      ? `${names} ${are} missing: mandatory in ${schema.module}.`
      : `${names} cannot be cleared: mandatory in ${schema.module}.`,
  );
}

/**
 * A deal's team pipeline, sub-pipeline and stage must fit each other; a team that is not named is found by its
 * sub-pipeline. Bigin takes the team as `Layout` (bigin-api.md §2.5).
 */
function place(row: Row, draft: Draft, teams: readonly TeamPipeline[]): void {
  const { Layout, Pipeline } = row;
  const wanted = {
    team: textOf(Layout ?? Pipeline),
    subPipeline: textOf(row["Sub_Pipeline"]),
    stage: textOf(row["Stage"]),
  };
  const isAsked = Object.values(wanted).some((one) => one !== undefined);
  const { before } = draft;
  // What is missing was reported already; without the record as it is, nothing can be compared.
  if (!isAsked || (draft.isNew ? !wanted.subPipeline || !wanted.stage : !before)) return;
  const now = {
    team: idIn(before?.["Pipeline"]),
    subPipeline: textOf(before?.["Sub_Pipeline"]),
    stage: textOf(before?.["Stage"]),
  };
  const { team, subPipeline, stage } = placed(teams, wanted, now);
  delete row["Pipeline"];
  delete row["Layout"];
  if (wanted.subPipeline !== undefined) row["Sub_Pipeline"] = subPipeline.value;
  if (wanted.stage !== undefined) row["Stage"] = stage;
  if (teams.length > 1 && team.id !== now.team) row["Layout"] = { id: team.id };
}

function textOf(value: unknown): string | undefined {
  const text = isObject(value) ? (value["id"] ?? value["name"]) : value;
  return typeof text === "string" && text.trim() !== "" ? text : undefined;
}

/** Does the work; what is wrong with the arguments is reported instead of thrown. */
async function collected<T>(report: Report, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.kind !== "bad_arguments") throw error;
    report(error.message);
    return undefined;
  }
}
