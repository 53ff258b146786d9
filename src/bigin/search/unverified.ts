import { unlessFailed } from "../api/batch.ts";
import type { BiginRecord, RecordReads } from "../api/records.ts";
import { kindOf } from "../field-types.ts";
import { recordsPerPage } from "../limits.ts";
import type { Field } from "../schema/fields.ts";
import type { TeamPipelines } from "../schema/pipelines.ts";
import { comparable, isEmpty } from "../values.ts";
import { type Condition, conditionsOf, type Operand, type Tree } from "./filters.ts";
import type { Found } from "./find.ts";
import { summarize } from "./summary.ts";

/** The operators with which a value that does not exist finds nothing. */
const finding: readonly string[] = ["equals", "in", "contains", "starts_with"];
const fieldsListed = 5;
const valuesListed = 10;

/** A field in which a filter asked for values that may not exist. */
interface Doubt {
  field: Field;
  asked: string[];
  /** The most frequent values of the field, with the number of records that have each. */
  occurring: [string, number][];
}

/** Why a search may have found nothing, and how many records were read to see which values occur. */
export interface Doubts {
  doubts: Doubt[];
  /** Undefined if none could be read. */
  read: number | undefined;
}

/**
 * The options, stages, tags and users in filters that are not known to exist, if a search found nothing. The values
 * that do occur are those in the records that were read for it, or else in the newest records.
 */
export async function doubtsAbout(
  found: Found,
  tree: Tree,
  module: string,
  { reads, teams }: { reads: Pick<RecordReads, "list">; teams(): Promise<TeamPipelines> },
): Promise<Doubts | undefined> {
  const conditions = conditionsOf(tree).filter(({ op }) => finding.includes(op));
  const hasTeams = conditions.some(({ field }) => kindOf(field) === "team");
  const known = hasTeams ? (await teams()).items.map(({ name }) => name) : [];
  const asked = new Map<Field, string[]>();
  for (const condition of conditions) {
    const { field, operands } = condition;
    const doubtful = operands.filter((operand) => !isVerified(operand, condition, known));
    const values = [...(asked.get(field) ?? []), ...doubtful.map(shown)];
    if (values.length > 0) asked.set(field, [...new Set(values)]);
  }
  const doubtful = [...asked].slice(0, fieldsListed);
  if (doubtful.length === 0) return undefined;
  const records =
    found.seen ??
    (await newest(
      reads,
      module,
      doubtful.map(([field]) => field),
    ));
  return {
    doubts: doubtful.map(([field, values]) => {
      return { field, asked: values, occurring: valuesIn(records ?? [], field) };
    }),
    read: records?.length,
  };
}

/** Whether the value of a filter is known to exist, or needs not be one of a set. */
function isVerified(operand: Operand, { field, op }: Condition, teams: readonly string[]): boolean {
  const isWhole = op === "equals" || op === "in";
  const isAmong = (names: readonly string[]) =>
    operand.kind === "text" &&
    names.map(comparable).some((name) => {
      const wanted = comparable(operand.text);
      return isWhole ? name === wanted : name.includes(wanted);
    });
  switch (kindOf(field)) {
    case "choice":
      return isAmong(field.options.flatMap(({ value, label }) => [value, label]));
    case "team":
      return isAmong(teams);
    case "list":
      return false;
    case "person":
      // A user who was not found has only the id that was asked for.
      return operand.kind === "record" && operand.name !== operand.id;
    case "text":
    case "record":
    case "unknown":
      return !field.inferred;
    default:
      return true;
  }
}

function shown(operand: Operand): string {
  if (operand.kind === "record") return operand.name;
  return operand.kind === "text" ? operand.text : "";
}

async function newest(
  reads: Pick<RecordReads, "list">,
  module: string,
  fields: readonly Field[],
): Promise<BiginRecord[] | undefined> {
  const params = { fields: fields.map((field) => field.apiName), per_page: recordsPerPage };
  return (await unlessFailed(reads.list(module, params), undefined))?.records;
}

function valuesIn(records: readonly BiginRecord[], field: Field): [string, number][] {
  const filled = records.filter((record) => !isEmpty(record[field.apiName]));
  const grouped = { groupings: [{ field, period: undefined }], currencyAt: undefined };
  return summarize(filled, grouped, undefined, "UTC")
    .toSorted((a, b) => b.count - a.count)
    .slice(0, valuesListed)
    .map(({ keys: [name = ""], count }) => [name, count]);
}
