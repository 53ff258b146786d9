import { type Difference, differenceOf, fieldsIn } from "../bigin/write/compare.ts";
import type { PlannedRow, WritePlan } from "../bigin/write/plan.ts";
import { cutTo, tokensOf } from "./budget.ts";
import type { Renderer } from "./table.ts";

/** A record in a reply (design §9). */
const recordTokens = 60;
const longestValue = 40;
const longestPlannedValue = 80;
/** Of the key under which a list of fields stands. */
const envelopeTokens = 6;

interface Told {
  field: Difference["altered"][number]["field"];
  from: unknown;
  to: unknown;
}

/**
 * What Bigin altered and what changed, as far as a record's share of the reply reaches beside its `line`: old and new
 * values, else names, else a count. Each altered field is named, even beyond that: nobody looks for what was ignored.
 */
export function toldChanges(
  difference: Difference,
  line: unknown,
  renderer: Renderer,
): Record<string, unknown> {
  const isAltered = new Set(difference.altered.map(({ field }) => field.apiName));
  const altered = difference.altered.map(({ field, sent, after }): Told => {
    return { field, from: sent, to: after };
  });
  const changed = difference.changed
    .filter(({ field }) => !isAltered.has(field.apiName))
    .map(({ field, before, after }): Told => ({ field, from: before, to: after }));
  const room = recordTokens - tokensOf(line) - envelopeTokens;
  const first = valuesThatFit(altered, room - namesCost(difference.altered), renderer);
  const left = room - first.cost - namesCost(first.untold);
  const second = valuesThatFit(changed, left, renderer);
  const names = cutTo(
    namesOf(second.untold),
    left - second.cost - envelopeTokens,
    (count) => `${count} more`,
  );
  return {
    ...(second.values && { changed: second.values }),
    ...(names.length > 0 && { also_changed: names.join(", ") }),
    ...(first.values && { altered: first.values }),
    ...(first.untold.length > 0 && { also_altered: namesOf(first.untold).join(", ") }),
  };
}

function valuesThatFit(fields: readonly Told[], room: number, renderer: Renderer) {
  const values = new Map<string, unknown>();
  let cost = 0;
  for (const { field, from, to } of fields) {
    const name = field.apiName;
    const pair = [renderer.cell(name, from, longestValue), renderer.cell(name, to, longestValue)];
    const more = tokensOf({ [name]: pair });
    if (cost + more > room) continue;
    cost += more;
    values.set(name, pair);
  }
  const untold = fields.filter(({ field }) => !values.has(field.apiName));
  return { ...(values.size > 0 && { values: Object.fromEntries(values) }), untold, cost };
}

function namesOf(fields: readonly Pick<Told, "field">[]): string[] {
  return fields.map(({ field }) => field.apiName);
}

function namesCost(fields: readonly Pick<Told, "field">[]): number {
  return fields.length > 0 ? tokensOf(namesOf(fields).join(", ")) + envelopeTokens : 0;
}

/** Old and new values of the fields that would change. */
export function changesIn(
  fields: WritePlan["fields"],
  row: PlannedRow["row"],
  before: NonNullable<PlannedRow["before"]>,
  renderer: Renderer,
): Record<string, unknown> {
  const after = { ...before, ...row, id: before.id };
  const { changed } = differenceOf(row, fields, before, after);
  const wanted = new Set(changed.map(({ field }) => field.apiName));
  return Object.fromEntries(
    fieldsIn(row, fields)
      .filter((field) => wanted.has(field.apiName))
      .map((field) => [
        field.apiName,
        [
          renderer.cell(field.apiName, before[field.apiName], longestPlannedValue),
          renderer.cell(field.apiName, row[field.apiName], longestPlannedValue),
        ],
      ]),
  );
}
