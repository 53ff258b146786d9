import { compareDecimals, decimalIn } from "../../shared/decimal.ts";
import type { BiginRecord } from "../api/records.ts";
import { boundsOf } from "../dates/dates.ts";
import { daysOf } from "../dates/spans.ts";
import type { Operator } from "../field-types.ts";
import { comparable, idIn, isEmpty, isObject, phoneKey } from "../values.ts";
import type { Condition, Operand, Tree } from "./filters.ts";

/** Undefined if a value cannot be compared: then the record may match. */
export type Verdict = boolean | undefined;

/**
 * Whether a record meets the conditions. Bigin's own `equals` matches words (docs/reference/bigin-api.md §3), so its
 * hits are always checked with this. Texts are compared without case; days begin in `zone`.
 */
export function matches(record: BiginRecord, tree: Tree, zone: string): Verdict {
  if ("every" in tree)
    return not(anyOf(tree.every.map((part) => not(matches(record, part, zone)))));
  if ("some" in tree) return anyOf(tree.some.map((part) => matches(record, part, zone)));
  return meets(record[tree.field.apiName], tree, zone);
}

function anyOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.includes(true) || (verdicts.includes(undefined) ? undefined : false);
}

function allOf(verdicts: readonly Verdict[]): Verdict {
  return not(anyOf(verdicts.map(not)));
}

function not(verdict: Verdict): Verdict {
  return verdict === undefined ? undefined : !verdict;
}

type Test = (value: unknown, operands: readonly Operand[], zone: string) => Verdict;

/** For values that are not empty. */
const tests: Readonly<Record<Operator, Test>> = {
  equals: isOneOf,
  in: isOneOf,
  not_equal: (...args) => not(isOneOf(...args)),
  not_in: (...args) => not(isOneOf(...args)),
  is_empty: () => false,
  is_not_empty: () => true,
  starts_with: hasText((text, part) => text.startsWith(part)),
  contains: hasText((text, part) => text.includes(part)),
  between: (value, [from, to = from], zone) =>
    allOf([
      isAt("above", "within")(value, from ? [from] : [], zone),
      isAt("below", "within")(value, to ? [to] : [], zone),
    ]),
  greater_than: isAt("above"),
  greater_equal: isAt("above", "within"),
  less_than: isAt("below"),
  less_equal: isAt("below", "within"),
};

function meets(value: unknown, { op, operands }: Condition, zone: string): Verdict {
  if (isEmpty(value)) return ["is_empty", "not_equal", "not_in"].includes(op);
  return tests[op](value, operands, zone);
}

function isOneOf(value: unknown, operands: readonly Operand[], zone: string): Verdict {
  return anyOf(operands.map((operand) => isEqual(value, operand, zone)));
}

function hasText(fits: (text: string, part: string) => boolean): Test {
  return (value, operands) => {
    const texts = textsOf(value);
    if (texts.length === 0) return undefined;
    return texts.some((text) => operands.some((operand) => fits(text, lower(operand))));
  };
}

function isEqual(value: unknown, operand: Operand, zone: string): Verdict {
  switch (operand.kind) {
    case "text":
      return isCalled(value, lower(operand));
    case "phone": {
      const texts = textsOf(value);
      return texts.length === 0 ? undefined : texts.some((text) => phoneKey(text) === operand.key);
    }
    case "boolean":
      return typeof value === "boolean" ? value === operand.boolean : undefined;
    case "record":
      return isLinked(value, operand.id);
    case "number":
    case "time":
      return isAt("within")(value, [operand], zone);
  }
}

/** Undefined if the value has no name and another id. */
function isCalled(value: unknown, wanted: string): Verdict {
  const names = textsOf(value);
  if ([...names, ...handlesOf(value)].includes(wanted)) return true;
  return names.length === 0 ? undefined : false;
}

/** Whether a link, or one of several, is to this id. */
function isLinked(value: unknown, id: string): Verdict {
  if (Array.isArray(value)) return anyOf(value.map((one) => isLinked(one, id)));
  const linked = isObject(value) ? (value["id"] ?? value["participant"]) : idIn(value);
  return typeof linked === "string" || typeof linked === "number"
    ? String(linked) === id
    : undefined;
}

/** The position of a value relative to a number, a day, a span or an instant; "apart" if the two cannot be compared. */
type Position = "below" | "within" | "above" | "apart";

function isAt(...positions: readonly Position[]): Test {
  return (value, [operand], zone) => {
    const position = positionOf(value, operand, zone);
    return position === "apart" ? undefined : positions.includes(position);
  };
}

function positionOf(value: unknown, operand: Operand | undefined, zone: string): Position {
  if (operand?.kind === "number") {
    const [ours, theirs] = [decimalIn(value), decimalIn(operand.digits)];
    return ours && theirs ? positionIn(compareDecimals(ours, theirs), 0, 0) : "apart";
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

/** By what else a user or a record can be named: the id, the e-mail address. */
function handlesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(handlesOf);
  if (!isObject(value)) return [];
  const handles = [value["id"], value["email"], value["participant"]];
  return handles.filter((one) => typeof one === "string").map(comparable);
}
