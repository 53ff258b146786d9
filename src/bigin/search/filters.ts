import { badArguments } from "../../shared/failure.ts";
import { unlessUnknown } from "../api/batch.ts";
import type { When } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import { comparisons, kindOf, type Operator, operatorsOf, pointsAnywhere } from "../field-types.ts";
import { valuesPerFilter } from "../limits.ts";
import { type Field, fieldNamed, optionsNamed, type Schema } from "../schema/fields.ts";
import { comparable, isId } from "../values.ts";
import type { Resolvers } from "../write/field-values.ts";

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
  | { kind: "number"; number: number }
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

/** Looks up what the words in a filter mean. */
export interface FilterResolvers extends Resolvers {
  /** The name of a team pipeline, as deals hold it. */
  team(name: string): Promise<string>;
}

/** Resolves one filter, or fails with one sentence that says what is wrong. */
export async function resolveFilter(
  filter: Filter,
  schema: Schema,
  resolvers: FilterResolvers,
): Promise<Condition> {
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
  const texts = ["in", "not_in", "between"].includes(op) ? valuesIn(field, value) : [value];
  const operands = await Promise.all(
    texts.map((text) => resolveOperands(field, op, text, resolvers)),
  );
  if (op === "between") checkBetween(field, operands.flat());
  return { field, op, operands: operands.flat() };
}

/** How to find empty fields, if this one can be empty. */
function emptyHint(field: Field): string {
  return operatorsOf[kindOf(field)].includes("is_empty")
    ? " To find empty fields use is_empty."
    : "";
}

/** Several values: a JSON array, or text with commas. */
function valuesIn(field: Field, text: string): string[] {
  const values = listIn(field, text) ?? text.split(",");
  const filled = values.map((part) => part.trim()).filter(Boolean);
  if (filled.length > valuesPerFilter)
    throw badArguments(
      `The filter on ${field.label} has ${filled.length} values; at most ${valuesPerFilter} are allowed.`,
    );
  if (filled.length > 0) return filled;
  throw badArguments(`The filter on ${field.label} needs at least one value.${emptyHint(field)}`);
}

/** The values of a JSON array; undefined if the text is not one. */
function listIn(field: Field, text: string): string[] | undefined {
  const list = arrayIn(text);
  return list?.map((one) => {
    if (["string", "number", "boolean"].includes(typeof one)) return String(one);
    throw badArguments(
      `${shown(one)} is not a value for ${field.label}: list texts or numbers.${emptyHint(field)}`,
    );
  });
}

/** Nested lists are not shown, because one can be too deep for JSON.stringify. */
function shown(value: unknown): string {
  const isShort = !Array.isArray(value) || value.every((one) => typeof one !== "object");
  return value === null || (Array.isArray(value) && isShort)
    ? JSON.stringify(value)
    : "A nested value";
}

function arrayIn(text: string): unknown[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    // Plain text that begins with a bracket.
    return undefined;
  }
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
  if (from.kind === "number" && to.kind === "number") return from.number > to.number;
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
  const operand = await resolveOperand(field, op, text, resolvers);
  const user = mayBeUser(field, op, text)
    ? await resolvers.personIfAny(text).catch(unlessUnknown)
    : undefined;
  return user ? [operand, recordOperand(user)] : [operand];
}

/** Whether a word for a user can mean something in a field that holds users among other things, or may hold them. */
function mayBeUser(field: Field, op: Operator, text: string): boolean {
  if (!["list", "unknown"].includes(kindOf(field)) || comparisons.includes(op)) return false;
  return field.type === "multiuserlookup" || text.includes("@") || comparable(text) === "me";
}

async function resolveOperand(
  field: Field,
  op: Operator,
  text: string,
  resolvers: FilterResolvers,
): Promise<Operand> {
  switch (kindOf(field)) {
    case "number":
      return { kind: "number", number: numberIn(field, text) };
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
  if (isNumber(text)) return { kind: "number", number: Number(text) };
  return { kind: "time", when: await timeIn(field, text, resolvers) };
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

function numberIn(field: Field, text: string): number {
  if (isNumber(text)) return Number(text);
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
