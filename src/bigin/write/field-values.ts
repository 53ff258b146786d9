import { badArguments, type Failure } from "../../shared/failure.ts";
import { cutIn, restored } from "../../shared/reply-marks.ts";
import type { When } from "../dates/dates.ts";
import type { Person } from "../names/people.ts";
import { type Field, hasOption, optionNamed } from "../schema/fields.ts";
import { arrayIn, valuesIn } from "../value-lists.ts";
import { comparable, idIn, isObject } from "../values.ts";

/** Looks up what the words in a value mean. */
export interface Resolvers {
  person(name: string): Promise<Person>;
  /** Undefined if no user has the name. */
  personIfAny(name: string): Promise<Person | undefined>;
  /** A record by its name or id; `module` is undefined where it can be in several. */
  record(module: string | undefined, name: string): Promise<{ id: string; name: string }>;
  /** Whether a record is called so; `module` is undefined where it can be in several. */
  isRecord(module: string | undefined, name: string): Promise<boolean>;
  /** A date, a time or words for one; undefined if the text is none of them. */
  when(text: string): Promise<When | undefined>;
  /** Whether some record holds this text in the field of the row. */
  isHeld?(field: Field, text: string): Promise<boolean>;
  /** The day, or the time, at which the activity of the row is due or begins; undefined if the row has none. */
  begins?(): Promise<string | undefined>;
}

/**
 * Converts an argument to the form that Bigin stores (docs/reference/bigin-api.md §2.6 and §6), or fails with one
 * sentence that says what is wrong. Nothing is guessed: "12.000,50" is not a number, and "friday" is not an option.
 */
export type Read = (value: unknown, field: Field, resolvers: Resolvers) => unknown;

const longestShown = 60;

/** Passes a value on unchanged. Fails for whole numbers so long that JavaScript has already lost their last digits. */
export function asGiven(value: unknown, field: Pick<Field, "label">): unknown {
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw badArguments(
      `${field.label} holds the number ${value}: numbers this long lose digits unless they are in quotes.`,
    );
  if (typeof value === "object" && value !== null)
    for (const part of Object.values(value)) asGiven(part, field);
  return value;
}

/**
 * A value whose texts are whole. Replies cut long texts, and agents send them back that way: what was cut off is taken from
 * the record as it is now. Fails if that is not possible, because the rest of the text would be lost.
 */
export function withWholeText(value: unknown, field: Field, before: unknown): unknown {
  const cut = firstCut(value);
  if (cut === undefined) return value;
  const whole = typeof before === "string" ? before : undefined;
  const text =
    typeof value === "string" && whole !== undefined ? restored(value, whole) : undefined;
  if (text !== undefined) return text;
  throw badArguments(
    `${field.label} has a text that a reply cut, at "${cut}", and the rest cannot be taken from the record. Give the whole text: bigin_get_record shows it with this one field in fields, and goes on with text_from.`,
  );
}

function firstCut(value: unknown): string | undefined {
  if (typeof value === "string") return cutIn(value);
  const parts = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  for (const part of parts) {
    const cut = firstCut(part);
    if (cut !== undefined) return cut;
  }
  return undefined;
}

/** A JSON object or list, which is sent as it is: only Bigin knows its form. */
export function readStructure(value: unknown, field: Field): unknown {
  if (typeof value === "object") return asGiven(value, field);
  throw wrong(field, "is a JSON object or list in the form in which a record shows it", value);
}

/** Text. Booleans and exactly known numbers become text too. Fails if the field holds fewer characters. */
export function readText(value: unknown, field: Field): string {
  const isExact = typeof value === "boolean" || Number.isSafeInteger(value) || isDecimal(value);
  const text = isExact ? String(value) : value;
  if (typeof value === "number" && !isExact)
    throw wrong(field, "is text: numbers this long lose digits unless they are in quotes", value);
  if (typeof text !== "string") throw wrong(field, "is text", value);
  if (field.maxLength !== undefined && text.length > field.maxLength)
    throw badArguments(
      `${field.label} holds at most ${counted(field.maxLength, "character")}; this has ${text.length}.`,
    );
  return text;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function isDecimal(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) < 1e9;
}

export function readEmail(value: unknown, field: Field): string {
  const text = readText(value, field).trim();
  if (text === "" || /^[^\s@<>(),;"]+@[^\s@<>(),;"]+\.[^\s@<>(),;".]{2,}$/.test(text)) return text;
  throw wrong(field, "is one e-mail address, such as ann@example.com", value);
}

export function readOption(value: unknown, field: Field): string {
  const text = readText(value, field);
  if (text.trim() === "" && field.mandatory)
    throw badArguments(`${field.label} is mandatory: name one of its options.`);
  if (text.trim() === "") throw badArguments(`${field.label} is cleared with null, not with "".`);
  return optionNamed(field, text);
}

export async function readOptions(value: unknown, field: Field): Promise<string[]> {
  const given = listOf(value, field);
  const parts = given.map((one) =>
    typeof one === "string" ? valuesIn(one, (text) => hasOption(field, text)) : [one],
  );
  return (await Promise.all(parts)).flat().map((one) => readOption(one, field));
}

export function readBoolean(value: unknown, field: Field): boolean {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (["true", "yes"].includes(word)) return true;
  if (["false", "no"].includes(word)) return false;
  throw wrong(field, "is true or false", value);
}

export function readInteger(value: unknown, field: Field): number {
  const isWhole =
    typeof value === "string" ? /^-?\d+(\.0*)?$/.test(value.trim()) : Number.isInteger(value);
  if (!isWhole) throw wrong(field, "is a whole number, written with digits, such as 5", value);
  return readNumber(value, field);
}

/** A number of at most 15 digits, also written as text. `maxLength` limits the digits before the point. */
export function readNumber(value: unknown, field: Field): number {
  const number = numberIn(value, field);
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER || losesDigits(value, number))
    throw wrong(field, "is a number of at most 15 digits", value);
  const whole = String(Math.trunc(Math.abs(number))).length;
  if (field.maxLength !== undefined && whole > field.maxLength)
    throw badArguments(
      `${field.label} has at most ${counted(field.maxLength, "digit")}; this has ${whole}.`,
    );
  return number;
}

const longestInteger = 19;

/** A whole number of up to 19 digits: as text where a JavaScript number would lose some. */
export function readLongInteger(value: unknown, field: Field): number | string {
  const text = typeof value === "string" ? value.trim() : "";
  const isLong = /^-?\d+$/.test(text) && text.replace(/^-?0*/, "").length > 15;
  if (!isLong) return readInteger(value, { ...field, maxLength: undefined });
  if (text.replace("-", "").length <= longestInteger) return text;
  throw wrong(field, `is a whole number of at most ${longestInteger} digits`, value);
}

function numberIn(value: unknown, field: Field): number {
  const isNumber =
    typeof value === "string" ? /^-?\d+(\.\d+)?$/.test(value.trim()) : typeof value === "number";
  const number = isNumber ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  // A field for few digits would refuse the longer example.
  const example = field.maxLength !== undefined && field.maxLength < 5 ? "5.50" : "12000.50";
  throw wrong(field, `is a number, written with digits and a point, such as ${example}`, value);
}

/** A JavaScript number holds any 15 digits exactly, but more digits only by chance. */
function losesDigits(given: unknown, number: number): boolean {
  if (typeof given !== "string") return false;
  const [whole = "", part = ""] = given.trim().replace("-", "").split(".");
  const after = part.replace(/0+$/, "");
  const digits = `${whole}${after}`.replace(/^0+/, "");
  return digits.length > 15 && !(after === "" && Number.isSafeInteger(number));
}

/** Words for a time. The length of the field is that of the stored value, and words may be longer. */
function wordsIn(value: unknown, field: Field): string {
  return readText(value, { ...field, maxLength: undefined });
}

export async function readDate(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<string> {
  const when = await resolvers.when(wordsIn(value, field));
  if (when?.kind === "day") return when.date;
  const form = 'is a day, such as 2026-12-24 or "next friday"';
  throw wrong(field, when?.kind === "span" ? `${form}, not a range of days` : form, value);
}

export async function readTime(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<string> {
  const when = await resolvers.when(wordsIn(value, field));
  if (when?.kind === "instant") return when.iso;
  throw wrong(
    field,
    'is a day with a time, such as 2026-12-24 15:00 or "tomorrow at 9:30 am"',
    value,
  );
}

/** A user by name, e-mail address or id. Fails for users who left, because Bigin does not let them own records. */
export async function readPerson(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<{ id: string }> {
  const { id, name, active } = await resolvers.person(nameIn(value, field));
  if (active) return { id };
  throw badArguments(
    `${field.label}: ${name} is no longer an active user of this Bigin. Name another.`,
  );
}

export function readPersons(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<{ id: string }[]> {
  return Promise.all(listOf(value, field).map((one) => readPerson(one, field, resolvers)));
}

export async function readLookup(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<{ id: string }> {
  return { id: (await resolvers.record(field.target, nameIn(value, field))).id };
}

/**
 * Bigin takes each link under the field's own name; the caller may leave this name out. A text with commas is several
 * names, as tables show them, unless a record is called so.
 */
export async function readLookups(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<Record<string, { id: string }>[]> {
  const isName = (text: string) => resolvers.isRecord(field.target, text);
  const parts = listOf(value, field).map((one) =>
    typeof one === "string" && one.trim() !== "" ? valuesIn(one, isName) : [one],
  );
  return Promise.all(
    (await Promise.all(parts)).flat().map(async (one) => {
      const linked = isObject(one) ? (one[field.apiName] ?? one) : one;
      return { [field.apiName]: await readLookup(linked, field, resolvers) };
    }),
  );
}

/** The id or the name of the record or user in a value. */
function nameIn(value: unknown, field: Field): string {
  const name = isObject(value) ? (value["id"] ?? value["name"]) : value;
  if (typeof name === "string" && name.trim() !== "") return name.trim();
  throw wrong(field, "is a name, an id in quotes, or null", value);
}

/** Tags. A text with commas is several tags, unless a record has it as one; an object is one tag. */
export async function readTags(
  value: unknown,
  field: Field,
  { isHeld }: Resolvers,
): Promise<{ name: string }[]> {
  const isTag = async (text: string) => (await isHeld?.(field, text)) ?? false;
  const names = listOf(value, field).map(async (one) => {
    if (typeof one === "string" && one.trim() !== "") return valuesIn(one, isTag);
    const name = isObject(one) ? one["name"] : undefined;
    if (typeof name === "string" && name.trim() !== "") return [name];
    throw wrong(field, "is a list of names", one);
  });
  const tags = (await Promise.all(names)).flat().map((name) => name.trim());
  // Bigin ignores case in tags.
  const keys = tags.map(comparable);
  return tags.filter((_, at) => keys.indexOf(keys[at] ?? "") === at).map((name) => ({ name }));
}

/** The numbers in a line of a deal (docs/reference/bigin-api.md §2.3). Bigin checks what else a line holds. */
const lineNumbers = ["Quantity", "List_Price", "Discount"];

/** The lines of a deal, each with its product by name or id. A line with an id of its own can leave the product out. */
export function readLines(value: unknown, field: Field, resolvers: Resolvers): Promise<unknown[]> {
  return Promise.all(listOf(value, field).map((line) => readLine(line, field, resolvers)));
}

async function readLine(value: unknown, field: Field, resolvers: Resolvers): Promise<unknown> {
  if (!isObject(value)) throw wrong(field, "is a list of rows, each a JSON object", value);
  const numbers = lineNumbers
    .filter((name) => value[name] !== undefined && value[name] !== null)
    .map((name) => {
      const label = `${name} in ${field.label}`;
      return [name, readNumber(value[name], { ...field, label })] as const;
    });
  asGiven(value, field);
  const line = { ...value, ...Object.fromEntries(numbers) };
  const { Product } = value;
  if (Product === undefined || Product === null) {
    if (idIn(value) !== undefined) return line;
    throw wrong(
      field,
      'is a list of lines with a Product each, such as [{"Product":"…","Quantity":2}]',
      value,
    );
  }
  const { id } = await resolvers.record("Products", nameIn(Product, field));
  return { ...line, Product: { id } };
}

function listOf(value: unknown, field: Field): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string" && value.trim() !== "") return arrayIn(value) ?? [value];
  throw wrong(field, "is a JSON array", value);
}

/** The failure for a value that is not what the field `is`. */
export function wrong(field: Field, is: string, value: unknown): Failure {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > longestShown ? `${text.slice(0, longestShown - 3)}…` : text;
  return badArguments(`${field.label} ${is}; ${shown} is not.`);
}
