import * as z from "zod";
import { badArguments } from "../shared/failure.ts";
import { problemsMessage } from "../shared/row-numbers.ts";
import { didYouMean } from "../shared/suggest.ts";
import { checkBounds } from "./bounds.ts";
import type { OfferedTool } from "./catalogue.ts";
import { rowLists } from "./params.ts";
import { type SharedArguments, splitArguments } from "./shared-arguments.ts";

const issuesNamed = 3;

/**
 * Checks a call's arguments against the tool's schema and splits them into the tool's own and the shared ones. A list
 * or an object that arrives as JSON text is parsed first, and a number is accepted as text: several hosts send them so.
 * Faults are reported in one sentence each.
 */
export function checkArguments(
  offered: OfferedTool,
  given: unknown,
): { own: Record<string, unknown>; shared: SharedArguments } {
  const unpacked = unpack(given ?? {}, offered.input);
  checkBounds(unpacked);
  const parsed = offered.input.safeParse(unpacked);
  if (parsed.success) return splitArguments(offered.tool, parsed.data);
  refuseRows(parsed.error.issues, offered, unpacked);
  const sentences = telling(parsed.error.issues).map((issue) => sentence(issue, offered, given));
  const shown = [...new Set(sentences)].slice(0, issuesNamed);
  const more =
    sentences.length > shown.length ? ` And ${sentences.length - shown.length} more.` : "";
  throw badArguments(`${shown.join(" ")}${more}`);
}

/** Where nothing but entries of one list is wrong, all of them are told, by their row, as all faults of rows are. */
function refuseRows(
  issues: readonly z.core.$ZodIssue[],
  offered: OfferedTool,
  given: unknown,
): void {
  const [list] = issues[0]?.path ?? [];
  const schema = offered.input.shape[String(list)];
  const isRow = ({ path }: z.core.$ZodIssue) => path[0] === list && typeof path[1] === "number";
  if (!(schema instanceof z.ZodType) || !rowLists.has(schema) || !issues.every(isRow)) return;
  const entries = valueAt(given, [list ?? ""]);
  const faults = telling(issues).map((issue) => ({
    row: Number(issue.path[1]),
    sentence: sentence(
      { ...issue, path: issue.path.slice(2) },
      offered,
      valueAt(entries, issue.path.slice(1, 2)),
      "it",
    ),
  }));
  if (faults.length > 0) {
    const rows = Array.isArray(entries) ? entries.length : faults.length;
    throw badArguments(problemsMessage(faults, rows));
  }
}

/**
 * The first issue of each place: zod measures a text that should have been a list, too. A rule between
 * arguments is told only when each of them is right by itself.
 */
function telling(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const places = new Set<string>();
  const ofOne = issues.filter(({ code, path }) => {
    const place = path.join("/");
    const isFirst = !places.has(place);
    places.add(place);
    return path.length > 0 ? isFirst : code !== "custom";
  });
  return ofOne.length > 0 ? ofOne : issues;
}

function unpack(value: unknown, schema: z.ZodType): unknown {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodString && isScalar(value)) return String(value);
  if (typeof value === "string" && (inner instanceof z.ZodArray || inner instanceof z.ZodObject))
    return unpackText(value, inner);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item) =>
      inner.element instanceof z.ZodType ? unpack(item, inner.element) : item,
    );
  if (!(inner instanceof z.ZodObject) || !isObject(value) || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const property = Object.hasOwn(inner.shape, key) ? inner.shape[key] : undefined;
      return [key, property instanceof z.ZodType ? unpack(item, property) : item];
    }),
  );
}

/** A number where text is due is taken as its digits, unless it may have lost some. */
function isScalar(value: unknown): value is number | boolean {
  return typeof value === "boolean" || (typeof value === "number" && Math.abs(value) < 2 ** 53);
}

function unpackText(text: string, schema: z.ZodType): unknown {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return unpack(value, schema);
  } catch {
    return text;
  }
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodOptional)) return schema;
  const inner = schema.unwrap();
  return inner instanceof z.ZodType ? unwrap(inner) : schema;
}

function sentence(
  issue: z.core.$ZodIssue,
  offered: OfferedTool,
  given: unknown,
  whole = "The arguments",
): string {
  const where = place(issue.path, whole);
  switch (issue.code) {
    case "unrecognized_keys": {
      const named = issue.keys.slice(0, issuesNamed).map((key) => unknownArgument(key, offered));
      const left = issue.keys.length - named.length;
      return `${named.join(" ")}${left > 0 ? ` Nor has it ${left} others that were given.` : ""}`;
    }
    case "invalid_type": {
      const value = valueAt(given, issue.path);
      const expected = expectations[issue.expected] ?? `a ${issue.expected}`;
      if (value === undefined) return `${where} is missing; it must be ${expected}.`;
      return `${where} must be ${expected}, not ${shown(value)}.`;
    }
    case "invalid_value":
      return `${where} must be ${list(issue.values.map(String))}, not ${shown(valueAt(given, issue.path))}.`;
    case "too_big":
      return issue.origin === "array"
        ? `${where} holds more than ${issue.maximum} items: send at most ${issue.maximum} in one call.`
        : `${where} must be at most ${issue.maximum}, not ${shown(valueAt(given, issue.path))}.`;
    case "too_small":
      return issue.origin === "array"
        ? `${where} is empty: give at least ${issue.minimum}.`
        : `${where} must be at least ${issue.minimum}, not ${shown(valueAt(given, issue.path))}.`;
    case "custom":
      return issue.path.length > 0 ? `${where} ${issue.message}.` : issue.message;
    default:
      return `${where} ${shown(valueAt(given, issue.path))} ${issue.message}.`;
  }
}

function unknownArgument(key: string, { tool, input }: OfferedTool): string {
  const valid = Object.keys(input.shape);
  const hint = didYouMean(key, valid) || ` It takes: ${valid.join(", ") || "nothing"}.`;
  return `${tool.name} has no argument "${key}".${hint}`;
}

const expectations: Record<string, string> = {
  string: "text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a JSON array",
  object: "a JSON object",
};

function place(path: readonly PropertyKey[], whole: string): string {
  if (path.length === 0) return whole;
  const text = path.map((key, at) =>
    typeof key === "number" ? `[${key}]` : `${at > 0 ? "." : ""}${String(key)}`,
  );
  return `"${text.join("")}"`;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isObject(value) ? value[String(key)] : undefined),
    given,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function list(values: readonly string[]): string {
  return values.length > 1 ? `one of ${values.join(", ")}` : `"${values.join("")}"`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
