import { badArguments } from "../../shared/failure.ts";
import type { When } from "../dates/dates.ts";
import type { Person } from "../names/people.ts";
import { type Field, optionNamed } from "../schema/fields.ts";
import { idIn, isObject } from "../values.ts";

/** What the words in a value are understood with. */
export interface Words {
  person(name: string): Promise<Person>;
  record(module: string | undefined, name: string): Promise<{ id: string; name: string }>;
  when(text: string): Promise<When | undefined>;
}

type Read = (value: unknown, field: Field, words: Words) => unknown;

/**
 * A value in the form in which Bigin stores its field (bigin-api.md §2.6 and §6), or one sentence, as a Failure, on what
 * is wrong with it. Null clears a field. Nothing is guessed: "12.000,50" is no number, "friday" in a choice no option.
 */
export async function readValue(field: Field, value: unknown, words: Words): Promise<unknown> {
  if (value === null || value === undefined) return null;
  return (readers[field.type] ?? readText)(value, field, words);
}

const readers: Readonly<Record<string, Read>> = {
  email: readEmail,
  picklist: readOption,
  multiselectpicklist: (value, field) => listOf(value, field).map((one) => readOption(one, field)),
  boolean: readBoolean,
  integer: readNumber,
  double: readNumber,
  currency: readNumber,
  percent: readNumber,
  date: readDate,
  datetime: readTime,
  lookup: readLookup,
  ownerlookup: readPerson,
  tag: (value, field) => listOf(value, field).map((one) => ({ name: tagName(one, field) })),
  multiselectlookup: (value, field, words) =>
    Promise.all(
      listOf(value, field).map(async (one) => ({
        [field.apiName]: await readLookup(
          isObject(one) ? (one[field.apiName] ?? one) : one,
          field,
          words,
        ),
      })),
    ),
  subform: (value, field, words) =>
    Promise.all(listOf(value, field).map((one) => readSubformRow(one, field, words))),
  // Structures of the engine's own, which no metadata describes.
  json: readStructure,
  fileupload: asGiven,
  imageupload: asGiven,
  layout: asGiven,
  // A custom field of a connection without metadata, of which no record told anything: Bigin judges.
  unknown: asGiven,
};

/** Nobody reads it on the way, so that a number that lost digits before it came here would go through. */
export function asGiven(value: unknown, field: Pick<Field, "label">): unknown {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw badArguments(
      `${field.label} holds the number ${value}: one so long loses digits unless it stands in quotes.`,
    );
  if (typeof value === "object" && value !== null)
    for (const part of Object.values(value)) asGiven(part, field);
  return value;
}

function readStructure(value: unknown, field: Field): unknown {
  if (typeof value === "object") return asGiven(value, field);
  throw wrong(field, "is a structure of the engine's own, an object as a record shows it", value);
}

function readText(value: unknown, field: Field): string {
  const isExact = typeof value === "boolean" || Number.isSafeInteger(value) || isDecimal(value);
  const text = isExact ? String(value) : value;
  if (typeof value === "number" && !isExact)
    throw wrong(field, "is text: a number so long loses digits unless it stands in quotes", value);
  if (typeof text !== "string") throw wrong(field, "is text", value);
  if (field.maxLength !== undefined && text.length > field.maxLength)
    throw badArguments(
      `${field.label} holds at most ${field.maxLength} characters; this has ${text.length}.`,
    );
  return text;
}

function isDecimal(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) < 1e9;
}

function readEmail(value: unknown, field: Field): string {
  const text = readText(value, field).trim();
  if (text === "" || /^[^\s@<>(),;"]+@[^\s@<>(),;"]+\.[^\s@<>(),;".]{2,}$/.test(text)) return text;
  throw wrong(field, "is one e-mail address, such as ann@example.com", value);
}

function readOption(value: unknown, field: Field): string {
  const text = readText(value, field);
  if (text.trim() === "") throw badArguments(`${field.label} is cleared with null, not with "".`);
  return optionNamed(field, text);
}

function readBoolean(value: unknown, field: Field): boolean {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (["true", "yes"].includes(word)) return true;
  if (["false", "no"].includes(word)) return false;
  throw wrong(field, "is true or false", value);
}

function readNumber(value: unknown, field: Field): number {
  const digits = typeof value === "string" ? value.trim() : value;
  const isNumber =
    typeof digits === "string" ? /^-?\d+(\.\d+)?$/.test(digits) : typeof digits === "number";
  const number = isNumber ? Number(digits) : Number.NaN;
  if (!Number.isFinite(number))
    throw wrong(field, "is a number, written with digits and a point, such as 12000.50", value);
  if (field.type === "integer" && !Number.isInteger(number))
    throw wrong(field, "is a whole number", value);
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER || losesDigits(digits, number))
    throw wrong(field, "is a number of at most 15 digits", value);
  const whole = String(Math.trunc(Math.abs(number))).length;
  if (field.maxLength !== undefined && whole > field.maxLength)
    throw badArguments(`${field.label} has at most ${field.maxLength} digits; this has ${whole}.`);
  return number;
}

/** Fifteen digits are kept whatever they are, more of them only by chance. */
function losesDigits(text: unknown, number: number): boolean {
  if (typeof text !== "string") return false;
  const [whole = "", part = ""] = text.replace("-", "").split(".");
  const after = part.replace(/0+$/, "");
  const digits = `${whole}${after}`.replace(/^0+/, "");
  return digits.length > 15 && !(after === "" && Number.isSafeInteger(number));
}

async function readDate(value: unknown, field: Field, words: Words): Promise<string> {
  const when = await words.when(readText(value, field));
  if (when?.kind === "day") return when.date;
  const form = 'is a day, such as 2026-12-24 or "next friday"';
  throw wrong(field, when?.kind === "span" ? `${form}, not a stretch of days` : form, value);
}

async function readTime(value: unknown, field: Field, words: Words): Promise<string> {
  const when = await words.when(readText(value, field));
  if (when?.kind === "instant") return when.iso;
  throw wrong(
    field,
    'is a day with a time, such as 2026-12-24 15:00 or "tomorrow at 9:30 am"',
    value,
  );
}

async function readPerson(value: unknown, field: Field, words: Words): Promise<{ id: string }> {
  const { id, name, active } = await words.person(nameIn(value, field));
  if (active) return { id };
  throw badArguments(`${field.label}: ${name} is no active user of this Bigin any more.`);
}

async function readLookup(value: unknown, field: Field, words: Words): Promise<{ id: string }> {
  return { id: (await words.record(field.target, nameIn(value, field))).id };
}

/** The id or the name by which a value points at somebody or something. */
function nameIn(value: unknown, field: Field): string {
  const name = isObject(value) ? (value["id"] ?? value["name"]) : value;
  if (typeof name === "string" && name.trim() !== "") return name.trim();
  throw wrong(field, "is a name, an id in quotes, or null", value);
}

function tagName(value: unknown, field: Field): string {
  const name = isObject(value) ? value["name"] : value;
  if (typeof name === "string" && name.trim() !== "") return name.trim();
  throw wrong(field, "is a list of names", value);
}

/** The numbers of a deal's line (bigin-api.md §2.3); what else a line may hold is Bigin's to read. */
const lineNumbers = ["Quantity", "List_Price", "Discount"];

/** A deal's line: its product by name or id, its numbers as numbers. A line with an id may leave its product out. */
async function readSubformRow(value: unknown, field: Field, words: Words): Promise<unknown> {
  if (!isObject(value)) throw wrong(field, "is a list of rows, each a JSON object", value);
  const numbers = lineNumbers
    .filter((name) => value[name] !== undefined && value[name] !== null)
    .map((name) => {
      const label = `${name} in ${field.label}`;
      return [name, readNumber(value[name], { ...field, label, type: "double" })] as const;
    });
  asGiven(value, field);
  const line = { ...value, ...Object.fromEntries(numbers) };
  const { Product } = value;
  if (Product === undefined || Product === null) {
    if (idIn(value) !== undefined) return line;
    throw wrong(
      field,
      'has lines with a Product each, such as {"Product":"…","Quantity":2}',
      value,
    );
  }
  const { id } = await words.record("Products", nameIn(Product, field));
  return { ...line, Product: { id } };
}

function listOf(value: unknown, field: Field): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string" && value.trim() !== "") return [value];
  throw wrong(field, "is a JSON array", value);
}

function wrong(field: Field, is: string, value: unknown): Error {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return badArguments(`${field.label} ${is}; ${shown} is not.`);
}
