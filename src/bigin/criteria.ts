import { type Condition, kindOf, type Operand, type Operator, type Tree } from "./conditions.ts";
import { daysOf } from "./days.ts";
import { boundsOf } from "./when.ts";

/** Zoho CRM's bound, whose engine this is (bigin-api.md §3). */
const criteriaAtMost = 10;

/**
 * The part of the conditions that Bigin can search, as its criteria. Undefined when nothing would be left that
 * narrows the search. The result may find more than asked for, never less: every hit is checked again.
 */
export function criteriaOf(tree: Tree, zone: string): string | undefined {
  if ("every" in tree) {
    const parts = tree.every
      .map((part) => criteriaOf(part, zone))
      .filter((part) => part !== undefined);
    return join(parts.slice(0, criteriaAtMost), "and");
  }
  if ("some" in tree) {
    const parts = tree.some.map((part) => criteriaOf(part, zone));
    const all = parts.filter((part) => part !== undefined);
    return all.length === parts.length && all.length <= criteriaAtMost
      ? join(all, "or")
      : undefined;
  }
  return criterion(tree, zone);
}

function join(parts: readonly string[], word: "and" | "or"): string | undefined {
  return parts.length > 1 ? `(${parts.join(word)})` : parts[0];
}

/** What Bigin would leave out although it fits (empty values, other words) is never handed to it. */
function criterion({ field, op, operands }: Condition, zone: string): string | undefined {
  if (!field.searchable || field.type === "tag" || kindOf(field) === "list") return undefined;
  if (["not_equal", "not_in", "contains", "is_empty", "is_not_empty"].includes(op))
    return undefined;
  if (op === "starts_with" && kindOf(field) !== "text") return undefined;
  const isDate = kindOf(field) === "date";
  if (operands.some((operand) => operand.kind === "time"))
    return timeCriterion(field.apiName, op, operands, isDate, zone);
  const values = operands.map(textOf);
  if (values.some((value) => value === undefined)) return undefined;
  const name =
    kindOf(field) === "record" && op !== "starts_with" ? `${field.apiName}.id` : field.apiName;
  return `(${name}:${op}:${values.join(",")})`;
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
): string | undefined {
  const whens = operands.flatMap((operand) => (operand.kind === "time" ? [operand.when] : []));
  const bounds = whens.map((when) => (isDate ? daysOf(when) : boundsOf(when, zone)));
  const [first, last = first] = [bounds[0], bounds.at(-1)];
  if (!first || !last) return undefined;
  switch (op) {
    case "equals":
    case "in":
      return bounds.length === 1
        ? between(name, first.from, first.to)
        : join(
            bounds.map(({ from, to }) => between(name, from, to)),
            "or",
          );
    case "between":
      return between(name, first.from, last.to);
    case "greater_than":
      return `(${name}:greater_than:${first.to})`;
    case "greater_equal":
      return `(${name}:greater_equal:${first.from})`;
    case "less_than":
      return `(${name}:less_than:${first.from})`;
    case "less_equal":
      return `(${name}:less_equal:${first.to})`;
    default:
      return undefined;
  }
}

function between(name: string, from: string, to: string): string {
  return from === to ? `(${name}:equals:${from})` : `(${name}:between:${from},${to})`;
}
