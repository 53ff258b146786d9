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

/** A field with two of its values: before and after the write, or sent and stored. */
interface FieldChange {
  field: Difference["altered"][number]["field"];
  from: unknown;
  to: unknown;
}

/**
 * What a write changed in one record, and what Bigin stored differently from what was sent (`altered`). Fields are
 * shown with their old and new values as long as they fit into the record's share of the reply, which also includes
 * `line`. Further fields are only named, and the last ones only counted. Altered fields are always named, because a
 * caller does not expect them.
 */
export function reportedChanges(
  difference: Difference,
  line: unknown,
  renderer: Renderer,
): Record<string, unknown> {
  const altered = difference.altered.map(
    ({ field, sent, after }): FieldChange => ({ field, from: sent, to: after }),
  );
  const isAltered = new Set(difference.altered.map(({ field }) => field.apiName));
  const changed = difference.changed
    .filter(({ field }) => !isAltered.has(field.apiName))
    .map(({ field, before, after }): FieldChange => ({ field, from: before, to: after }));
  const room = recordTokens - tokensOf(line) - keyTokens;
  const first = valuesThatFit(altered, room - namesCost(altered), renderer);
  const left = room - first.cost - namesCost(first.others);
  const second = valuesThatFit(changed, left, renderer);
  const alsoChanged = cutTo(
    namesOf(second.others),
    left - second.cost - keyTokens,
    (count) => `${count} more`,
  );
  return {
    ...(second.values && { changed: second.values }),
    ...(alsoChanged.length > 0 && { also_changed: alsoChanged.join(", ") }),
    ...(first.values && { altered: first.values }),
    ...(first.others.length > 0 && { also_altered: namesOf(first.others).join(", ") }),
  };
}

/** `[from, to]` by field for those that fit into `room` tokens, and the fields that do not. */
function valuesThatFit(fields: readonly FieldChange[], room: number, renderer: Renderer) {
  const values = new Map<string, unknown>();
  let cost = 0;
  for (const change of fields) {
    const { apiName } = change.field;
    const pair = [change.from, change.to].map((one) =>
      renderer.cell(apiName, one, longestReported),
    );
    const more = tokensOf({ [apiName]: pair });
    if (cost + more > room) continue;
    cost += more;
    values.set(apiName, pair);
  }
  const others = fields.filter(({ field }) => !values.has(field.apiName));
  return { ...(values.size > 0 && { values: Object.fromEntries(values) }), others, cost };
}

function namesOf(fields: readonly FieldChange[]): string[] {
  return fields.map(({ field }) => field.apiName);
}

function namesCost(fields: readonly FieldChange[]): number {
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
