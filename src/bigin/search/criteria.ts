import { compareDecimals, decimalIn, textOfDecimal } from "../../shared/decimal.ts";
import { boundsOf } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import { type Kind, kindOf, type Operator } from "../field-types.ts";
import { conditionsPerSearch } from "../limits.ts";
import type { Field } from "../schema/fields.ts";
import type { Condition, Operand, Tree } from "./filters.ts";

/** If there are more dates than this, the span from the first to the last is searched. */
const datesAtMost = 4;
const unsearchable: ReadonlySet<Kind> = new Set(["list", "team", "unknown"]);

/** A piece of criteria, and how many conditions it has. */
interface Part {
  text: string;
  conditions: number;
}

/**
 * The Bigin criteria for as many of the conditions as Bigin can search; undefined if it can search none of them. The
 * criteria may match more records than the conditions do, but never fewer: every hit is checked again.
 */
export function criteriaOf(tree: Tree, zone: string): string | undefined {
  return partOf(tree, zone)?.text;
}

function partOf(tree: Tree, zone: string): Part | undefined {
  if ("every" in tree) {
    const parts = tree.every.map((one) => partOf(one, zone)).filter((one) => one !== undefined);
    return join(fitting(parts), "and");
  }
  if ("some" in tree) {
    // If one alternative cannot be searched, any record may meet it, so the others do not narrow the search.
    const parts = tree.some.map((one) => partOf(one, zone)).filter((one) => one !== undefined);
    const whole = parts.length === tree.some.length && fitting(parts).length === parts.length;
    return whole ? join(parts, "or") : undefined;
  }
  return criterion(tree, zone);
}

/** The parts that fit into one search together. */
function fitting(parts: readonly Part[]): Part[] {
  let conditions = 0;
  return parts.filter((part) => {
    const fits = conditions + part.conditions <= conditionsPerSearch;
    conditions += fits ? part.conditions : 0;
    return fits;
  });
}

function join(parts: readonly Part[], word: "and" | "or"): Part | undefined {
  if (parts.length <= 1) return parts[0];
  return {
    text: `(${parts.map((part) => part.text).join(word)})`,
    conditions: parts.reduce((sum, part) => sum + part.conditions, 0),
  };
}

function one(name: string, op: string, value: string): Part {
  return { text: `(${name}:${op}:${value})`, conditions: 1 };
}

/** Undefined for conditions for which Bigin could miss matches: empty values, negations, parts of words. */
function criterion({ field, op, operands }: Condition, zone: string): Part | undefined {
  const kind = kindOf(field);
  if (!field.searchable || unsearchable.has(kind)) return undefined;
  if (["not_equal", "not_in", "contains", "is_empty", "is_not_empty"].includes(op))
    return undefined;
  if (op === "starts_with" && kind !== "text") return undefined;
  if (operands.some((operand) => operand.kind === "time"))
    return timeCriterion(field.apiName, op, operands, kind === "date", zone);
  const isLink = kind === "record" || kind === "person";
  // Links are searched by id only.
  const values = operands.map(isLink ? idOf : textOf).filter((value) => value !== undefined);
  return values.length === operands.length ? textCriterion(field, op, values) : undefined;
}

function textCriterion(field: Field, op: Operator, values: readonly string[]): Part | undefined {
  const isLink = ["record", "person"].includes(kindOf(field));
  const name = isLink ? `${field.apiName}.id` : field.apiName;
  if (op === "starts_with")
    return join(
      values.map((value) => one(name, op, value)),
      "or",
    );
  // Several values: a list, or options that share the filter's label.
  return one(name, op === "equals" && values.length > 1 ? "in" : op, values.join(","));
}

function idOf(operand: Operand): string | undefined {
  return operand.kind === "record" ? operand.id : undefined;
}

function textOf(operand: Operand): string | undefined {
  switch (operand.kind) {
    case "text":
      return escaped(operand.text);
    case "number":
      return plainText(operand.digits);
    case "boolean":
      return String(operand.boolean);
    case "record":
      return operand.id;
    case "time":
      return undefined;
    // Bigin finds a phone number in one spelling only.
    case "phone":
      return undefined;
  }
}

/** Plain digits. Undefined for a number that a double would round: Bigin may compare doubles, and miss matches. */
function plainText(digits: string): string | undefined {
  const [exact, rounded] = [decimalIn(digits), decimalIn(Number(digits))];
  const isSame = exact && rounded && compareDecimals(exact, rounded) === 0;
  return isSame ? textOfDecimal(exact) : undefined;
}

/** Undefined for text with line breaks and other control characters, which criteria cannot hold. */
function escaped(text: string): string | undefined {
  return /[\p{Cc}]/u.test(text) ? undefined : text.replace(/[\\(),]/g, "\\$&");
}

function timeCriterion(
  name: string,
  op: Operator,
  operands: readonly Operand[],
  isDate: boolean,
  zone: string,
): Part | undefined {
  const whens = operands.flatMap((operand) => (operand.kind === "time" ? [operand.when] : []));
  const bounds = whens.map((when) => (isDate ? daysOf(when) : boundsOf(when, zone)));
  const [first, last = first] = [bounds[0], bounds.at(-1)];
  if (!first || !last) return undefined;
  switch (op) {
    case "equals":
    case "in":
      return bounds.length > datesAtMost
        ? wholeSpan(name, bounds)
        : join(
            bounds.map(({ from, to }) => between(name, from, to)),
            "or",
          );
    case "between":
      return between(name, first.from, last.to);
    case "greater_than":
      return one(name, op, first.to);
    case "greater_equal":
      return one(name, op, first.from);
    case "less_than":
      return one(name, op, first.from);
    case "less_equal":
      return one(name, op, first.to);
    default:
      return undefined;
  }
}

function between(name: string, from: string, to: string): Part {
  return from === to ? one(name, "equals", from) : one(name, "between", `${from},${to}`);
}

/** From the earliest to the latest. Times are compared as instants, because their offsets can differ. */
function wholeSpan(name: string, bounds: readonly { from: string; to: string }[]): Part {
  const first = bounds.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from))[0];
  const last = bounds.toSorted((a, b) => Date.parse(b.to) - Date.parse(a.to))[0];
  return between(name, first?.from ?? "", last?.to ?? "");
}
