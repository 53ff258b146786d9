import type { BiginRecord } from "../api/records.ts";
import { boundsOf } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import type { Operator } from "../field-types.ts";
import { comparable, isEmpty } from "../values.ts";
import type { Condition, Operand, Tree } from "./filters.ts";

/**
 * Whether a record fulfils the conditions, by value. Bigin's own `equals` matches words (bigin-api.md §3), so its
 * hits are always checked again with this. Texts are compared without case.
 */
export function matches(record: BiginRecord, tree: Tree, zone: string): boolean {
  if ("every" in tree) return tree.every.every((part) => matches(record, part, zone));
  if ("some" in tree) return tree.some.some((part) => matches(record, part, zone));
  return holds(record[tree.field.apiName], tree, zone);
}

type Test = (value: unknown, operands: readonly Operand[], zone: string) => boolean;

const isOneOf: Test = (value, operands, zone) =>
  operands.some((operand) => isEqual(value, operand, zone));
const lies =
  (...places: readonly Place[]): Test =>
  (value, [operand], zone) =>
    places.includes(compare(value, operand, zone));

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
    lies("above", "within")(value, from ? [from] : [], zone) &&
    lies("below", "within")(value, to ? [to] : [], zone),
  greater_than: lies("above"),
  greater_equal: lies("above", "within"),
  less_than: lies("below"),
  less_equal: lies("below", "within"),
};

function holds(value: unknown, { op, operands }: Condition, zone: string): boolean {
  if (isEmpty(value)) return ["is_empty", "not_equal", "not_in"].includes(op);
  return tests[op](value, operands, zone);
}

function isEqual(value: unknown, operand: Operand, zone: string): boolean {
  switch (operand.kind) {
    case "text":
      return textsOf(value).includes(lower(operand));
    case "boolean":
      return value === operand.boolean;
    case "record":
      return idOf(value) === operand.id;
    case "number":
    case "time":
      return compare(value, operand, zone) === "within";
  }
}

type Place = "below" | "within" | "above" | "apart";

/** Where a value lies beside a number, a day, a span or an instant. */
function compare(value: unknown, operand: Operand | undefined, zone: string): Place {
  if (operand?.kind === "number" && typeof value === "number")
    return place(value, operand.number, operand.number);
  if (operand?.kind !== "time" || typeof value !== "string") return "apart";
  if (/^\d{4}-\d\d-\d\d$/.test(value)) {
    const { from, to } = daysOf(operand.when);
    return place(value, from, to);
  }
  const { from, to } = boundsOf(operand.when, zone);
  const time = Date.parse(value);
  return Number.isNaN(time) ? "apart" : place(Math.floor(time / 1000), seconds(from), seconds(to));
}

function place<T extends number | string>(value: T, from: T, to: T): Place {
  if (value < from) return "below";
  return value > to ? "above" : "within";
}

function seconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}

/** The texts a value can be compared by: itself, the name of a lookup, the names in a list. */
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
