import { badArguments } from "../failure.ts";
import type { Field, Schema } from "./schema.ts";
import { fieldNamed, optionNamed } from "./schema.ts";
import type { When } from "./when.ts";

export const operators = [
  "equals",
  "not_equal",
  "starts_with",
  "contains",
  "in",
  "not_in",
  "between",
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "is_empty",
  "is_not_empty",
] as const;
export type Operator = (typeof operators)[number];

/** A filter as an agent writes it; `value` is text whatever the field's type. */
export interface Filter {
  field: string;
  /** One of the operators; checked with the field. */
  op: string;
  value?: string | undefined;
}

export type Operand =
  | { kind: "text"; text: string }
  | { kind: "number"; number: number }
  | { kind: "boolean"; boolean: boolean }
  | { kind: "record"; id: string; name: string }
  | { kind: "time"; when: When };

/** A filter with everything resolved: the field, and each value in the field's type. */
export interface Condition {
  field: Field;
  op: Operator;
  operands: readonly Operand[];
}

export type Tree = Condition | { every: readonly Tree[] } | { some: readonly Tree[] };

/** What a filter's words are resolved with. */
export interface Resolvers {
  person(name: string): Promise<{ id: string; name: string }>;
  record(target: string | undefined, name: string): Promise<{ id: string; name: string }>;
  when(text: string): Promise<When | undefined>;
}

export type Kind =
  | "text"
  | "choice"
  | "number"
  | "boolean"
  | "date"
  | "datetime"
  | "record"
  | "list";

const kinds: Readonly<Record<string, Kind>> = {
  picklist: "choice",
  multiselectpicklist: "choice",
  integer: "number",
  double: "number",
  currency: "number",
  percent: "number",
  boolean: "boolean",
  date: "date",
  datetime: "datetime",
  lookup: "record",
  ownerlookup: "record",
  layout: "list",
  multiselectlookup: "list",
  subform: "list",
  tag: "list",
  fileupload: "list",
  imageupload: "list",
  json: "list",
};

export function kindOf(field: Field): Kind {
  return kinds[field.type] ?? "text";
}

const empties = ["is_empty", "is_not_empty"] as const;
const comparisons = [
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "between",
] as const;
const allowed: Readonly<Record<Kind, readonly Operator[]>> = {
  text: ["equals", "not_equal", "starts_with", "contains", "in", "not_in", ...empties],
  choice: ["equals", "not_equal", "in", "not_in", "starts_with", "contains", ...empties],
  number: ["equals", "not_equal", "in", "not_in", ...comparisons, ...empties],
  boolean: ["equals", "not_equal"],
  date: ["equals", "not_equal", "in", "not_in", ...comparisons, ...empties],
  datetime: ["equals", "not_equal", "in", "not_in", ...comparisons, ...empties],
  record: ["equals", "not_equal", "in", "not_in", "starts_with", "contains", ...empties],
  list: ["equals", "contains", ...empties],
};

/** Resolves one filter, or says in a sentence what is wrong with it. */
export async function resolveFilter(
  filter: Filter,
  schema: Schema,
  resolvers: Resolvers,
): Promise<Condition> {
  const field = fieldNamed(schema, filter.field);
  const kind = kindOf(field);
  const op = allowed[kind].find((one) => one === filter.op);
  if (!op)
    throw badArguments(
      `${field.label} cannot be compared with ${filter.op}. For it: ${allowed[kind].join(", ")}.`,
    );
  if (op === "is_empty" || op === "is_not_empty") return { field, op, operands: [] };
  const value = filter.value?.trim();
  if (!value)
    throw badArguments(`The filter on ${field.label} needs a value; for none use is_empty.`);
  const texts = ["in", "not_in", "between"].includes(op) ? valuesIn(value) : [value];
  const partial = op === "starts_with" || op === "contains";
  const operands = await Promise.all(
    texts.map((text) => resolveOperand(field, text, partial, resolvers)),
  );
  if (op === "between") checkBetween(field, operands);
  return { field, op, operands };
}

/** Several values stand in a JSON array, or between commas. */
function valuesIn(text: string): string[] {
  if (text.startsWith("[")) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list)) return list.map(String);
    } catch {
      // Not JSON after all: a value that begins with a bracket.
    }
  }
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

function checkBetween(field: Field, operands: readonly Operand[]): void {
  const [only] = operands;
  const isSpan = operands.length === 1 && only?.kind === "time" && only.when.kind === "span";
  if (operands.length !== 2 && !isSpan)
    throw badArguments(`between on ${field.label} needs two values with a comma, such as "10,20".`);
}

async function resolveOperand(
  field: Field,
  text: string,
  partial: boolean,
  resolvers: Resolvers,
): Promise<Operand> {
  if (partial) return { kind: "text", text };
  switch (kindOf(field)) {
    case "number":
      return { kind: "number", number: numberIn(field, text) };
    case "boolean":
      return { kind: "boolean", boolean: booleanIn(field, text) };
    case "date":
    case "datetime":
      return { kind: "time", when: await timeIn(field, text, resolvers) };
    case "record":
      return { kind: "record", ...(await recordIn(field, text, resolvers)) };
    case "choice":
      return { kind: "text", text: optionNamed(field, text) };
    case "text":
    case "list":
      return { kind: "text", text };
  }
}

function numberIn(field: Field, text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw badArguments(
    `${field.label} is a number, and "${text}" is none: write digits with a point, such as 12000.50.`,
  );
}

function booleanIn(field: Field, text: string): boolean {
  const word = text.toLowerCase();
  if (["true", "yes"].includes(word)) return true;
  if (["false", "no"].includes(word)) return false;
  throw badArguments(`${field.label} is true or false, not "${text}".`);
}

async function timeIn(field: Field, text: string, resolvers: Resolvers): Promise<When> {
  const when = await resolvers.when(text);
  if (when) return when;
  throw badArguments(
    `"${text}" is no date for ${field.label}: write 2026-12-24, or words such as "next friday", "this month", "last 30 days".`,
  );
}

function recordIn(
  field: Field,
  text: string,
  resolvers: Resolvers,
): Promise<{ id: string; name: string }> {
  return field.type === "ownerlookup"
    ? resolvers.person(text)
    : resolvers.record(field.target, text);
}

/** Every condition of a tree. */
export function conditionsOf(tree: Tree): Condition[] {
  if ("every" in tree) return tree.every.flatMap(conditionsOf);
  if ("some" in tree) return tree.some.flatMap(conditionsOf);
  return [tree];
}
