import * as z from "zod";
import { badArguments, type Failure } from "../shared/failure.ts";
import { problemsMessage } from "../shared/row-numbers.ts";
import { didYouMean } from "../shared/suggest.ts";
import type { OfferedTool } from "./catalogue.ts";
import { rowLists } from "./params.ts";

const issuesNamed = 3;
/** Characters of a value that an error message quotes. */
const charactersQuoted = 60;

/** The failure of a call whose arguments do not fit the schema, with one sentence per fault. */
export function refusalOf(
  found: readonly z.core.$ZodIssue[],
  offered: OfferedTool,
  args: unknown,
): Failure {
  const issues = firstIssues(found);
  const ofRows = rowsRefusal(issues, offered, args);
  if (ofRows) return ofRows;
  const sentences = new Set(issues.map((issue) => sentenceOf(issue, offered, args)));
  const shown = [...sentences].slice(0, issuesNamed);
  const left = sentences.size - shown.length;
  return badArguments(`${shown.join(" ")}${left > 0 ? ` And ${left} more.` : ""}`);
}

/**
 * Keeps only the first issue at each path, because zod also reports the length of a text that should be a list. Issues
 * between arguments are left out while a single argument is wrong.
 */
function firstIssues(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const places = new Set<string>();
  const ofOneArgument = issues.filter(({ code, path }) => {
    const place = path.join("/");
    const isFirst = !places.has(place);
    places.add(place);
    return path.length > 0 ? isFirst : code !== "custom";
  });
  return ofOneArgument.length > 0 ? ofOneArgument : issues;
}

/** If only rows of a write are wrong, a failure that names them by number, as the later checks of rows do. */
function rowsRefusal(
  issues: readonly z.core.$ZodIssue[],
  offered: OfferedTool,
  args: unknown,
): Failure | undefined {
  const [list] = issues[0]?.path ?? [];
  const schema = offered.input.shape[String(list)];
  const isRow = ({ path }: z.core.$ZodIssue) => path[0] === list && typeof path[1] === "number";
  if (!(schema instanceof z.ZodType) || !rowLists.has(schema) || !issues.every(isRow))
    return undefined;
  const rows = valueAt(args, [list ?? ""]);
  const faults = issues.map((issue) => {
    const row = Number(issue.path[1]);
    const inRow = { ...issue, path: issue.path.slice(2) };
    return { row, sentence: sentenceOf(inRow, offered, valueAt(rows, [row]), "it") };
  });
  return badArguments(problemsMessage(faults, Array.isArray(rows) ? rows.length : faults.length));
}

/** One fault as a sentence. `whole` is the subject of the sentence if the path is empty. */
function sentenceOf(
  issue: z.core.$ZodIssue,
  offered: OfferedTool,
  args: unknown,
  whole = "The arguments",
): string {
  const where = issue.path.length === 0 ? whole : `"${nameOf(issue.path)}"`;
  const value = valueAt(args, issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return unknownArguments(issue.keys, offered);
    case "invalid_type": {
      const expected = expectations[issue.expected] ?? `a ${issue.expected}`;
      if (value === undefined) return `${where} is missing; it must be ${expected}.`;
      return `${where} must be ${expected}, not ${quoted(value)}.`;
    }
    case "invalid_value":
      return `${where} must be ${choice(issue.values.map(String))}, not ${quoted(value)}.`;
    case "too_big":
      return `${where} ${tooBig(issue.origin, Number(issue.maximum), value)}.`;
    case "too_small":
      return `${where} ${tooSmall(issue.origin, Number(issue.minimum), value)}.`;
    case "custom":
      return issue.path.length > 0 ? `${where} ${issue.message}.` : issue.message;
    default:
      return `${where} ${quoted(value)} ${issue.message}.`;
  }
}

function tooBig(origin: string, maximum: number, value: unknown): string {
  if (origin === "array")
    return `has more than ${maximum} items; send at most ${maximum} in one call`;
  if (origin === "string") return `has more than ${maximum} characters`;
  return `must be at most ${maximum}, not ${quoted(value)}`;
}

function tooSmall(origin: string, minimum: number, value: unknown): string {
  if (origin === "array") return `is empty; give at least ${minimum}`;
  if (origin === "string") return "is empty; give a value, or leave it out";
  return `must be at least ${minimum}, not ${quoted(value)}`;
}

function unknownArguments(keys: readonly string[], { tool, input }: OfferedTool): string {
  const valid = Object.keys(input.shape);
  const list = valid.length > 0 ? ` It takes: ${valid.join(", ")}.` : " It takes no arguments.";
  const named = keys
    .slice(0, issuesNamed)
    .map((key) => `${tool.name} has no argument "${key}".${didYouMean(key, valid) || list}`);
  const left = keys.length - named.length;
  return `${named.join(" ")}${left > 0 ? ` And ${left} more unknown arguments.` : ""}`;
}

const expectations: Readonly<Record<string, string>> = {
  string: "text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a JSON array",
  object: "a JSON object",
};

/** `records[2].id` for the path records, 2, id. */
function nameOf(path: readonly PropertyKey[]): string {
  const parts = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`));
  return parts.join("").replace(/^\./, "");
}

function valueAt(args: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isObject(value) ? value[String(key)] : undefined),
    args,
  );
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > charactersQuoted ? `${text.slice(0, charactersQuoted - 3)}…` : text;
}

function choice(values: readonly string[]): string {
  return values.length > 1 ? `one of ${values.join(", ")}` : `"${values.join("")}"`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
