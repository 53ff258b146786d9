import * as z from "zod";
import { rowsPerCall } from "../bigin/limits.ts";
import { badArguments } from "../shared/failure.ts";
import { cutIn, withoutMarkers } from "../shared/reply-marks.ts";
import { refusalOf } from "./argument-faults.ts";
import type { OfferedTool } from "./catalogue.ts";
import { listsAsText } from "./params.ts";
import { type SharedArguments, splitArguments } from "./shared-arguments.ts";

/** The longest text that Bigin stores has 32,000 characters; its longest name has a hundred. */
const textCharacters = 100_000;
const nameCharacters = 300;
/** More than the fields of any module. */
const namesPerObject = 1_000;
/** The lines of a deal with their products are five levels deep. */
const levels = 30;
/**
 * Enough for as many rows as a call takes with a hundred fields each. Half a million values block the process for
 * seconds.
 */
const valuesPerCall = rowsPerCall * 120;

/**
 * Checks a call's arguments against the tool's schema and splits them into the tool's own and the shared ones. Some
 * hosts send a list or an object as JSON text, or a number instead of text: both are accepted. Fails with one sentence
 * for each fault.
 */
export function checkArguments(
  offered: OfferedTool,
  given: unknown,
): { own: Record<string, unknown>; shared: SharedArguments } {
  const unpacked = unpack(given ?? {}, offered.input, createJsonReader());
  checkBounds(unpacked);
  const bare = withoutMarks(unpacked);
  const parsed = offered.input.safeParse(bare);
  if (parsed.success) return splitArguments(offered.tool, parsed.data);
  throw refusalOf(parsed.error.issues, offered, bare);
}

/**
 * The arguments without the markers that replies put around texts. A text that a reply cut is refused, except in the rows
 * of a write: there the rest can be taken from the record (src/bigin/write/field-values.ts).
 */
function withoutMarks(value: unknown, name = ""): unknown {
  if (typeof value === "string") return unmarked(value, name);
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map((item) => withoutMarks(item, name));
  const parts = Object.entries(value).map(([key, part]) => [key, withoutMarks(part, name || key)]);
  return Object.fromEntries(parts);
}

function unmarked(text: string, name: string): string {
  if (!/[[⟦]/.test(text)) return text;
  const cut = name === "records" ? undefined : cutIn(text);
  if (cut === undefined) return withoutMarkers(text);
  throw badArguments(
    `${name} has a text that a reply cut, at "${cut}". Give the whole text, or a part of it without this mark.`,
  );
}

type JsonReader = (text: string) => unknown;

/**
 * Parses the JSON texts of one call; a text that is not JSON stays as it is. Values are counted before they are parsed,
 * because parsing them is most of the work.
 */
function createJsonReader(): JsonReader {
  let values = 0;
  return (text) => {
    values += valuesInJson(text);
    checkCount(values);
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  };
}

/** About how many values a JSON text holds: its commas and opening brackets outside of quotation marks. */
function valuesInJson(text: string): number {
  let count = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) at += character === "\\" ? 1 : 0;
    else if (character === "," || character === "[" || character === "{") count += 1;
  }
  return count;
}

/** Converts a value to the form that its schema expects, if its meaning is unambiguous. */
function unpack(value: unknown, schema: z.ZodType, read: JsonReader): unknown {
  const inner = unwrap(schema);
  if (listsAsText.has(schema) && isFlat(value)) return JSON.stringify(value);
  if (inner instanceof z.ZodString) return isScalar(value) ? String(value) : value;
  if (inner instanceof z.ZodArray) return unpackItems(parsedIn(value, read), inner, read);
  if (inner instanceof z.ZodObject)
    return unpackProperties(parsedIn(value, read), inner.shape, read);
  return value;
}

/** Whether a value is a list of single values. Another one can be too deep for JSON.stringify. */
function isFlat(value: unknown): boolean {
  return Array.isArray(value) && !value.some(isObject);
}

function parsedIn(value: unknown, read: JsonReader): unknown {
  return typeof value === "string" && /^\s*[[{]/.test(value) ? read(value) : value;
}

function unpackItems(value: unknown, { element }: z.ZodArray, read: JsonReader): unknown {
  if (!Array.isArray(value) || !(element instanceof z.ZodType)) return value;
  return value.map((item) => unpack(item, element, read));
}

function unpackProperties(value: unknown, shape: z.ZodRawShape, read: JsonReader): unknown {
  if (!isObject(value) || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    return [key, schema instanceof z.ZodType ? unpack(item, schema, read) : item] as const;
  });
  return Object.fromEntries(entries);
}

/** Whether a value can become text without loss. A number beyond 2^53 may have lost digits already. */
function isScalar(value: unknown): value is number | boolean {
  return typeof value === "boolean" || (typeof value === "number" && Math.abs(value) < 2 ** 53);
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodOptional)) return schema;
  const inner = schema.unwrap();
  return inner instanceof z.ZodType ? unwrap(inner) : schema;
}

/**
 * Refuses arguments that Bigin cannot store or that take long to process: huge texts, deep nesting, too many values.
 */
function checkBounds(args: unknown): void {
  let values = 0;
  const visit = (value: unknown, level: number): void => {
    values += 1;
    checkCount(values);
    if (typeof value === "string") checkLength(value, textCharacters, "A text");
    if (!isObject(value)) return;
    if (level === levels)
      throw badArguments(`The arguments are nested more than ${levels} levels deep.`);
    if (!Array.isArray(value)) checkNames(Object.keys(value));
    for (const part of Object.values(value)) visit(part, level + 1);
  };
  visit(args, 0);
}

function checkNames(names: readonly string[]): void {
  if (names.length > namesPerObject)
    throw badArguments(
      `An object in the arguments has ${names.length} names; at most ${namesPerObject} are allowed.`,
    );
  for (const name of names) checkLength(name, nameCharacters, "A name");
}

function checkCount(values: number): void {
  if (values > valuesPerCall)
    throw badArguments(
      `The arguments hold more than ${valuesPerCall} values. Send fewer rows in one call.`,
    );
}

function checkLength(text: string, longest: number, what: string): void {
  if (text.length > longest)
    throw badArguments(
      `${what} in the arguments, "${text.slice(0, 40)}…", has ${text.length} characters; at most ${longest} are allowed.`,
    );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
