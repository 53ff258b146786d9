import { boundsOf } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import { type Kind, kindOf, type Operator } from "../field-types.ts";
import type { Condition, Operand, Tree } from "./filters.ts";

/** Zoho CRM's bound on conditions, whose engine this is (bigin-api.md §3). */
const conditionsAtMost = 10;
/** More dates than these are searched as the stretch from the first to the last. */
const datesAtMost = 4;

const unsearchable: ReadonlySet<Kind> = new Set(["list", "team", "unknown"]);

/** Criteria, and how many conditions they hold. */
interface Part {
  text: string;
  conditions: number;
}

/**
 * The part of the conditions that Bigin can search, as its criteria. Undefined when nothing would be left that
 * narrows the search. The result may find more than asked for, never less: every hit is checked again.
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
    const parts = tree.some.map((one) => partOf(one, zone)).filter((one) => one !== undefined);
    const whole = parts.length === tree.some.length && fitting(parts).length === parts.length;
    return whole ? join(parts, "or") : undefined;
  }
  return criterion(tree, zone);
}

/** As many as Bigin takes, each whole. */
function fitting(parts: readonly Part[]): Part[] {
  let conditions = 0;
  return parts.filter((part) => {
    const fits = conditions + part.conditions <= conditionsAtMost;
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

/** What Bigin would leave out although it fits (empty values, other words) is never handed to it. */
function criterion({ field, op, operands }: Condition, zone: string): Part | undefined {
  const kind = kindOf(field);
  if (!field.searchable || unsearchable.has(kind)) return undefined;
  if (["not_equal", "not_in", "contains", "is_empty", "is_not_empty"].includes(op))
    return undefined;
  if (op === "starts_with" && kind !== "text") return undefined;
  const isDate = kind === "date";
  if (operands.some((operand) => operand.kind === "time"))
    return timeCriterion(field.apiName, op, operands, isDate, zone);
  const values = operands.map(textOf);
  if (values.some((value) => value === undefined)) return undefined;
  const isLink = kind === "record" || kind === "person";
  const name = isLink ? `${field.apiName}.id` : field.apiName;
  // Several options may share the label that was asked for.
  return one(name, op === "equals" && values.length > 1 ? "in" : op, values.join(","));
}

function textOf(operand: Operand): string | undefined {
  switch (operand.kind) {
    case "text":
      return escapeValue(operand.text);
    case "number":
      return String(operand.number);
    case "boolean":
      return String(operand.boolean);
    case "record":
      return operand.id;
    case "time":
      return undefined;
  }
}

/** Parentheses, commas and backslashes are escaped; a text with line breaks cannot be searched at all. */
function escapeValue(text: string): string | undefined {
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
        ? stretch(name, bounds)
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

/** From the earliest to the latest, as instants where they have offsets. */
function stretch(name: string, bounds: readonly { from: string; to: string }[]): Part {
  const first = bounds.toSorted((a, b) => Date.parse(a.from) - Date.parse(b.from))[0];
  const last = bounds.toSorted((a, b) => Date.parse(b.to) - Date.parse(a.to))[0];
  return between(name, first?.from ?? "", last?.to ?? "");
}
