import { type Difference, differenceOf, fieldsIn } from "../bigin/write/compare.ts";
import type { PlannedRow, WritePlan } from "../bigin/write/plan.ts";
import { cutTo, tokensOf } from "./budget.ts";
import type { Renderer } from "./table.ts";

/** Estimated tokens of one record in the report of a write: about 60 by exact count. */
const recordTokens = 64;
/** Tokens of the key that holds a list of fields. */
const keyTokens = 6;
/** Characters of a value in a report, and in a preview. */
const longestReported = 40;
const longestPlanned = 80;

/** A field as the reply shows it. */
interface Shown {
  field: Difference["altered"][number]["field"];
  /** `[old, new]` for a change, else an object that names both values. */
  values(show: (value: unknown) => unknown): unknown;
}

/**
 * What a write did to one record: `changed` has old and new values, `altered` what Bigin stored differently from what was
 * sent, and `not_taken` what it did not store at all. Fields are shown with their values as long as they fit into the
 * record's share of the reply, which also includes `line`. Further fields are only named, and the last changed ones only
 * counted. Fields that do not hold what was sent are always named, because a caller does not expect them.
 */
export function reportedChanges(
  difference: Difference,
  line: unknown,
  renderer: Renderer,
): Record<string, unknown> {
  const notTaken = difference.notTaken.map(
    ({ field, sent, after }): Shown => ({
      field,
      values: (show) => ({ sent: show(sent), actual: show(after) }),
    }),
  );
  const altered = difference.altered.map(
    ({ field, sent, after }): Shown => ({
      field,
      values: (show) => ({ sent: show(sent), stored: show(after) }),
    }),
  );
  const isAltered = new Set(difference.altered.map(({ field }) => field.apiName));
  const changed = difference.changed
    .filter(({ field }) => !isAltered.has(field.apiName))
    .map(
      ({ field, before, after }): Shown => ({
        field,
        values: (show) => [show(before), show(after)],
      }),
    );
  const room = recordTokens - tokensOf(line) - keyTokens;
  const first = valuesThatFit(notTaken, room - namesCost([...notTaken, ...altered]), renderer);
  const afterFirst = room - first.cost - namesCost(first.others);
  const second = valuesThatFit(altered, afterFirst - namesCost(altered), renderer);
  const left = afterFirst - second.cost - namesCost(second.others);
  const third = valuesThatFit(changed, left, renderer);
  const moreChanged = cutTo(
    namesOf(third.others),
    left - third.cost - keyTokens,
    (count) => `${count} more`,
  );
  return {
    ...(third.values && { changed: third.values }),
    ...(moreChanged.length > 0 && { more_changed: moreChanged.join(", ") }),
    ...(second.values && { altered: second.values }),
    ...(second.others.length > 0 && { also_altered: namesOf(second.others).join(", ") }),
    ...(first.values && { not_taken: first.values }),
    ...(first.others.length > 0 && { also_not_taken: namesOf(first.others).join(", ") }),
  };
}

/** The values by field for those that fit into `room` tokens, and the fields that do not. */
function valuesThatFit(fields: readonly Shown[], room: number, renderer: Renderer) {
  const values = new Map<string, unknown>();
  let cost = 0;
  for (const shown of fields) {
    const { apiName } = shown.field;
    const both = shown.values((value) => renderer.cell(apiName, value, longestReported));
    const more = tokensOf({ [apiName]: both });
    if (cost + more > room) continue;
    cost += more;
    values.set(apiName, both);
  }
  const others = fields.filter(({ field }) => !values.has(field.apiName));
  return { ...(values.size > 0 && { values: Object.fromEntries(values) }), others, cost };
}

function namesOf(fields: readonly Shown[]): string[] {
  return fields.map(({ field }) => field.apiName);
}

function namesCost(fields: readonly Shown[]): number {
  return fields.length > 0 ? tokensOf(namesOf(fields).join(", ")) + keyTokens : 0;
}

/** The fields that sending `row` would change in the record `before`: name → [old value, new value]. */
export function plannedChanges(
  fields: WritePlan["fields"],
  row: PlannedRow["row"],
  before: NonNullable<PlannedRow["before"]>,
  renderer: Renderer,
): Record<string, unknown> {
  const after = { ...before, ...row, id: before.id };
  const { changed } = differenceOf(row, fields, before, after);
  const isChanged = new Set(changed.map(({ field }) => field.apiName));
  const pairs = fieldsIn(row, fields)
    .filter(({ apiName }) => isChanged.has(apiName))
    .map(({ apiName }) => [
      apiName,
      [before[apiName], row[apiName]].map((one) => renderer.cell(apiName, one, longestPlanned)),
    ]);
  return Object.fromEntries(pairs);
}
