import type { BiginRecord } from "../api/records.ts";
import { boundsOf } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import type { Operator } from "../field-types.ts";
import { comparable, isEmpty, numberIn, phoneKey } from "../values.ts";
import type { Condition, Operand, Tree } from "./filters.ts";

/**
 * Whether a record meets the conditions. Bigin's own `equals` matches words (docs/reference/bigin-api.md §3), so its
 * hits are always checked with this. Texts are compared without case; days begin in `zone`.
 */
export function matches(record: BiginRecord, tree: Tree, zone: string): boolean {
  if ("every" in tree) return tree.every.every((part) => matches(record, part, zone));
  if ("some" in tree) return tree.some.some((part) => matches(record, part, zone));
  return meets(record[tree.field.apiName], tree, zone);
}

type Test = (value: unknown, operands: readonly Operand[], zone: string) => boolean;

/** For values that are not empty. */
const tests: Readonly<Record<Operator, Test>> = {
  equals: isOneOf,
  in: isOneOf,
  not_equal: (...args) => !isOneOf(...args),
  not_in: (...args) => !isOneOf(...args),
  is_empty: () => false,
  is_not_empty: () => true,
  starts_with: (value, operands) =>
    textsOf(value).some((text) => operands.some((operand) => text.startsWith(lower(operand)))),
  contains: (value, operands) =>
    textsOf(value).some((text) => operands.some((operand) => text.includes(lower(operand)))),
  between: (value, [from, to = from], zone) =>
    ["above", "within"].includes(positionOf(value, from, zone)) &&
    ["below", "within"].includes(positionOf(value, to, zone)),
  greater_than: isAt("above"),
  greater_equal: isAt("above", "within"),
  less_than: isAt("below"),
  less_equal: isAt("below", "within"),
};

function meets(value: unknown, { op, operands }: Condition, zone: string): boolean {
  if (isEmpty(value)) return ["is_empty", "not_equal", "not_in"].includes(op);
  return tests[op](value, operands, zone);
}

function isOneOf(value: unknown, operands: readonly Operand[], zone: string): boolean {
  return operands.some((operand) => isEqual(value, operand, zone));
}

function isEqual(value: unknown, operand: Operand, zone: string): boolean {
  switch (operand.kind) {
    case "text":
      return textsOf(value).includes(lower(operand));
    case "phone":
      return textsOf(value).some((text) => phoneKey(text) === operand.key);
    case "boolean":
      return value === operand.boolean;
    case "record":
      return idOf(value) === operand.id;
    case "number":
    case "time":
      return positionOf(value, operand, zone) === "within";
  }
}

/** The position of a value relative to a number, a day, a span or an instant; "apart" if the two cannot be compared. */
type Position = "below" | "within" | "above" | "apart";

function isAt(...positions: readonly Position[]): Test {
  return (value, [operand], zone) => positions.includes(positionOf(value, operand, zone));
}

function positionOf(value: unknown, operand: Operand | undefined, zone: string): Position {
  if (operand?.kind === "number") {
    const number = numberIn(value);
    return number === undefined ? "apart" : positionIn(number, operand.number, operand.number);
  }
  if (operand?.kind !== "time" || typeof value !== "string") return "apart";
  if (/^\d{4}-\d\d-\d\d$/.test(value)) {
    const { from, to } = daysOf(operand.when);
    return positionIn(value, from, to);
  }
  const { from, to } = boundsOf(operand.when, zone);
  const time = secondsOf(value);
  return Number.isNaN(time) ? "apart" : positionIn(time, secondsOf(from), secondsOf(to));
}

function positionIn<T extends number | string>(value: T, from: T, to: T): Position {
  if (value < from) return "below";
  return value > to ? "above" : "within";
}

function secondsOf(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}

/** The texts by which a value can be compared: itself, the name of a lookup, the names in a list. */
export function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (typeof value !== "object" || value === null) return [comparable(String(value))];
  if ("name" in value) return textsOf(value.name);
  return Object.values(value)
    .filter((part) => typeof part === "object" && part !== null)
    .flatMap(textsOf);
}

function lower(operand: Operand): string {
  return operand.kind === "text" ? comparable(operand.text) : "";
}

function idOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
}
