import { compareDecimals, decimalIn } from "../../shared/decimal.ts";
import { badArguments } from "../../shared/failure.ts";
import { unlessUnknown } from "../api/batch.ts";
import type { When } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import {
  comparisons,
  kindOf,
  type Operator,
  operatorsOf,
  pointsAnywhere,
  typeOf,
} from "../field-types.ts";
import { type Field, fieldNamed, optionsNamed, type Schema } from "../schema/fields.ts";
import { comparable, isId, phoneKey } from "../values.ts";
import { emptyHint, type FilterResolvers, filterValues } from "./filter-values.ts";

/** A filter as an agent writes it. `value` is text, whatever the type of the field. */
export interface Filter {
  field: string;
  /** An operator. It is checked together with the field, because field types take different operators. */
  op: string;
  value?: string | undefined;
}

/** A value of a condition, in the type of its field. */
export type Operand =
  | { kind: "text"; text: string }
  | { kind: "phone"; key: string }
  /** As it was written: a JavaScript number would round some. */
  | { kind: "number"; digits: string }
  | { kind: "boolean"; boolean: boolean }
  | { kind: "record"; id: string; name: string }
  | { kind: "time"; when: When };

/** A filter whose field and values are resolved, each value in the type of the field. */
export interface Condition {
  field: Field;
  op: Operator;
  operands: readonly Operand[];
}

/** Conditions, joined by "and" (`every`) or "or" (`some`). */
export type Tree = Condition | { every: readonly Tree[] } | { some: readonly Tree[] };

/** Resolves one filter, or fails with one sentence that says what is wrong. */
export async function resolveFilter(
  filter: Filter,
  schema: Schema,
  resolvers: FilterResolvers,
): Promise<Tree> {
  const field = fieldNamed(schema, filter.field);
  const kind = kindOf(field);
  const op = operatorsOf[kind].find((one) => one === filter.op);
  if (!op)
    throw badArguments(
      `${field.label} cannot be compared with ${filter.op}. Use one of: ${operatorsOf[kind].join(", ")}.`,
    );
  if (op === "is_empty" || op === "is_not_empty") return { field, op, operands: [] };
  const value = filter.value?.trim();
  if (!value) throw badArguments(`The filter on ${field.label} needs a value.${emptyHint(field)}`);
  const texts = await filterValues(field, op, value, resolvers);
  const operands = await Promise.all(
    texts.map((text) => resolveOperands(field, op, text, resolvers)),
  );
  if (op === "between") checkBetween(field, operands.flat());
  if (!typeOf(field).isMany || texts.length === 1) return { field, op, operands: operands.flat() };
  const each = operands.map((some): Condition => ({ field, op, operands: some }));
  // Tags equal to "a, b" are those with both.
  if (op === "equals") return { every: each };
  return op === "not_equal" ? { some: each } : { field, op, operands: operands.flat() };
}

function checkBetween(field: Field, operands: readonly Operand[]): void {
  const [from, to] = operands;
  if (operands.length === 1 && from?.kind === "time" && from.when.kind !== "instant") return;
  if (operands.length !== 2 || !from || !to)
    throw badArguments(
      `between on ${field.label} needs two values separated by a comma, such as "10,20".`,
    );
  if (isAfter(from, to))
    throw badArguments(
      `between on ${field.label} takes the lower value first; these two are the other way round.`,
    );
}

function isAfter(from: Operand, to: Operand): boolean {
  if (from.kind === "number" && to.kind === "number") {
    const [low, high] = [decimalIn(from.digits), decimalIn(to.digits)];
    return low !== undefined && high !== undefined && compareDecimals(low, high) > 0;
  }
  if (from.kind !== "time" || to.kind !== "time") return false;
  if (from.when.kind === "instant" && to.when.kind === "instant")
    return Date.parse(from.when.iso) > Date.parse(to.when.iso);
  return daysOf(from.when).from > daysOf(to.when).to;
}

/** What a value means for the field: several operands if options share a label. */
async function resolveOperands(
  field: Field,
  op: Operator,
  text: string,
  resolvers: FilterResolvers,
): Promise<Operand[]> {
  if (op === "starts_with" || op === "contains") return [{ kind: "text", text }];
  if (kindOf(field) === "choice")
    return optionsNamed(field, text).map((value) => ({ kind: "text", text: value }));
  if (typeOf(field).selector === "phone") return [{ kind: "phone", key: phoneKey(text) }];
  const operand = await resolveOperand(field, op, text, resolvers);
  const user = mayBeUser(field, op, text)
    ? await resolvers.personIfAny(text).catch(unlessUnknown)
    : undefined;
  return user ? [operand, recordOperand(user)] : [operand];
}

/** Whether a word for a user can mean something in a field that holds users among other things, or may hold them. */
function mayBeUser(field: Field, op: Operator, text: string): boolean {
  if (!["list", "unknown"].includes(kindOf(field)) || comparisons.includes(op)) return false;
  return typeOf(field).isOfUsers === true || text.includes("@") || comparable(text) === "me";
}

async function resolveOperand(
  field: Field,
  op: Operator,
  text: string,
  resolvers: FilterResolvers,
): Promise<Operand> {
  switch (kindOf(field)) {
    case "number":
      return { kind: "number", digits: numberIn(field, text) };
    case "boolean":
      return { kind: "boolean", boolean: booleanIn(field, text) };
    case "date":
    case "datetime":
      return { kind: "time", when: await timeIn(field, text, resolvers) };
    case "person":
      return recordOperand(await resolvers.person(text));
    case "record":
      // Where the module is not known, names are compared.
      return isAimed(field) || isId(text)
        ? recordOperand(await resolvers.record(field.target, text))
        : { kind: "text", text };
    case "team":
      return { kind: "text", text: await resolvers.team(text) };
    case "unknown":
      return comparisons.includes(op)
        ? orderedOperand(field, text, resolvers)
        : { kind: "text", text };
    default:
      return { kind: "text", text };
  }
}

function isAimed(field: Field): boolean {
  return field.target !== undefined || field.inferred || pointsAnywhere(field);
}

function recordOperand({ id, name }: { id: string; name: string }): Operand {
  return { kind: "record", id, name };
}

/** A number or a date, for a field that may hold either. */
async function orderedOperand(
  field: Field,
  text: string,
  resolvers: FilterResolvers,
): Promise<Operand> {
  if (isNumber(text)) return { kind: "number", digits: text };
  return { kind: "time", when: await timeIn(field, text, resolvers) };
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text) && decimalIn(text) !== undefined;
}

function numberIn(field: Field, text: string): string {
  if (isNumber(text)) return text;
  throw badArguments(
    `${field.label} is a number, and "${text}" is not: write digits with a point, such as 12000.50.`,
  );
}

function booleanIn(field: Field, text: string): boolean {
  const word = text.toLowerCase();
  if (["true", "yes"].includes(word)) return true;
  if (["false", "no"].includes(word)) return false;
  throw badArguments(`${field.label} is true or false, not "${text}".`);
}

async function timeIn(field: Field, text: string, resolvers: FilterResolvers): Promise<When> {
  const when = await resolvers.when(text);
  if (when) return when;
  throw badArguments(
    `"${text}" is not a date for ${field.label}: write 2026-12-24, or words such as "next friday", "this month", "last 30 days".`,
  );
}

/** Every condition of a tree. */
export function conditionsOf(tree: Tree): Condition[] {
  if ("every" in tree) return tree.every.flatMap(conditionsOf);
  if ("some" in tree) return tree.some.flatMap(conditionsOf);
  return [tree];
}
