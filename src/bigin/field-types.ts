import { readAlarm, readParticipants, readRecurrence, readReminders } from "./dates/reminders.ts";
import { lineCharacters } from "./limits.ts";
import { openLinks } from "./schema/activity-links.ts";
import type { Field } from "./schema/fields.ts";
import { isObject } from "./values.ts";
import {
  asGiven,
  type Read,
  readBoolean,
  readDate,
  readEmail,
  readInteger,
  readLines,
  readLongInteger,
  readLookup,
  readLookups,
  readNumber,
  readOption,
  readOptions,
  readPerson,
  readPersons,
  readStructure,
  readTags,
  readText,
  readTime,
} from "./write/field-values.ts";
import * as shape from "./write/value-shapes.ts";

/** Decides how filters compare the values of a field, and how they resolve the words in a filter. */
export type Kind =
  | "text"
  | "choice"
  | "number"
  | "boolean"
  | "date"
  | "datetime"
  | "record"
  | "person"
  | "team"
  | "list"
  /** The type is not known: each value decides how it is compared. */
  | "unknown";

/** The operators of filters. */
export const operators = [
  "equals",
  "not_equal",
  "starts_with",
  "contains",
  "in",
  "not_in",
  "between",
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "is_empty",
  "is_not_empty",
] as const;
export type Operator = (typeof operators)[number];

/** The operators that compare by size or by time. */
export const comparisons: readonly Operator[] = [
  "greater_than",
  "greater_equal",
  "less_than",
  "less_equal",
  "between",
];

const anyOf: readonly Operator[] = ["equals", "not_equal", "in", "not_in"];
const partOf: readonly Operator[] = ["starts_with", "contains"];
const emptiness: readonly Operator[] = ["is_empty", "is_not_empty"];

/** The operators each kind takes, in the order in which error messages list them. */
export const operatorsOf: Readonly<Record<Kind, readonly Operator[]>> = {
  text: [...anyOf, ...partOf, ...emptiness],
  choice: [...anyOf, ...partOf, ...emptiness],
  number: [...anyOf, ...comparisons, ...emptiness],
  boolean: ["equals", "not_equal"],
  date: [...anyOf, ...comparisons, ...emptiness],
  datetime: [...anyOf, ...comparisons, ...emptiness],
  record: [...anyOf, ...partOf, ...emptiness],
  person: [...anyOf, ...partOf, ...emptiness],
  team: ["equals", "contains", ...emptiness],
  list: [...anyOf, "contains", ...emptiness],
  unknown: operators,
};

/** How the program treats one of Bigin's field types. */
export interface FieldType extends shape.Shape {
  kind: Kind;
  /** Whether lists show the field if the caller names no fields. */
  isColumn: boolean;
  /**
   * Long text, which people outside the company may have written (web forms, e-mails, chats). Records are not sorted,
   * grouped or matched by it.
   */
  isLong: boolean;
  /** Whether it holds amounts of money, or can. */
  isMoney: boolean;
  /** Holds several short texts, which people write with commas between them. */
  isMany: boolean;
  /** Whether such a field can hold the name of a record. The result of a lost insert is recognised by this name. */
  isName: boolean;
  /** The search parameter, besides `word`, with which Bigin searches such fields. */
  selector: "email" | "phone" | undefined;
  /**
   * Converts an argument to the form that Bigin stores. Fails with one sentence that says what is wrong. Never called
   * with null.
   */
  read: Read;
  /** Whether a stored value can be of this type. Used to infer the type of a field without metadata. */
  looksLike: ((value: unknown) => boolean) | undefined;
  /** For lists: whether their items are users. */
  isOfUsers?: true;
  /** For links: whether they can be to records of any module. */
  isOpen?: true;
  /** How an argument can be written, for types whose stored form people do not write. */
  example?: string;
}

/** One line of text. Also used for types that are not in the table. */
const line: FieldType = {
  ...shape.plain,
  kind: "text",
  isColumn: true,
  isLong: false,
  isMoney: false,
  isMany: false,
  isName: false,
  selector: undefined,
  read: readText,
  looksLike: undefined,
};
const longText: FieldType = { ...line, isColumn: false, isLong: true };
const number: FieldType = { ...line, ...shape.quantity, kind: "number", read: readNumber };
const amount: FieldType = { ...number, isMoney: true };
const person: FieldType = { ...line, ...shape.person, kind: "person", read: readPerson };
const link: FieldType = { ...line, ...shape.link, kind: "record", read: readLookup };
const list: FieldType = { ...line, kind: "list" };
const upload: FieldType = { ...list, ...shape.upload, isColumn: false, read: asGiven };

/**
 * Bigin's field types by `data_type` (docs/reference/bigin-api.md §6). To add a type, add a row here. `tag`, `layout`,
 * `json` and `unknown` are our own names (schema/schema.ts). A field without metadata gets the first type that fits all
 * its values, so narrow types come before wide ones.
 */
const table: Readonly<Record<string, FieldType>> = {
  boolean: { ...line, ...shape.flag, kind: "boolean", read: readBoolean, looksLike: isFlag },
  integer: { ...number, read: readInteger },
  double: { ...number, looksLike: (value) => typeof value === "number" },
  currency: amount,
  percent: number,
  decimal: number,
  formula: amount,
  rollup_summary: amount,
  /** Up to 19 digits, as text or as a number. */
  bigint: { ...number, isColumn: false, read: readLongInteger },
  date: { ...line, kind: "date", read: readDate, looksLike: like(/^\d{4}-\d\d-\d\d$/) },
  datetime: {
    ...line,
    ...shape.instant,
    kind: "datetime",
    read: readTime,
    looksLike: like(/^\d{4}-\d\d-\d\dT/),
  },
  picklist: { ...line, kind: "choice", read: readOption },
  multiselectpicklist: {
    ...line,
    ...shape.valueList,
    kind: "choice",
    isMany: true,
    read: readOptions,
    looksLike: (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  },
  email: { ...line, selector: "email", read: readEmail },
  phone: { ...line, selector: "phone" },
  website: line,
  autonumber: line,
  /** Values of digits can be numbers or codes, so they take every operator. */
  unknown: {
    ...line,
    ...shape.quantity,
    kind: "unknown",
    read: asGiven,
    looksLike: like(/^-?\d+(\.\d+)?$/),
  },
  text: { ...line, isName: true, looksLike: isLine },
  textarea: { ...longText, isName: true, looksLike: (value) => typeof value === "string" },
  richtext: longText,
  mediumtext: longText,
  ownerlookup: person,
  userlookup: person,
  multiuserlookup: { ...list, ...shape.personList, read: readPersons, isOfUsers: true },
  multiselectlookup: { ...list, ...shape.linkList, read: readLookups },
  subform: { ...list, ...shape.lineList, isColumn: false, read: readLines },
  tag: { ...list, ...shape.tagList, isMany: true, read: readTags },
  layout: { ...line, ...shape.team, kind: "team", read: asGiven },
  json: { ...list, ...shape.valueList, read: readStructure, looksLike: Array.isArray },
  lookup: { ...link, looksLike: isObject },
  multi_module_lookup: { ...link, isOpen: true },
  /** Reminders and recurrence (docs/reference/bigin-api.md §6). */
  ALARM: { ...list, isColumn: false, read: readAlarm, example: "1 day before" },
  multireminder: {
    ...list,
    ...shape.valueList,
    isColumn: false,
    read: readReminders,
    example: "15 minutes before",
  },
  RRULE: { ...list, isColumn: false, read: readRecurrence, example: "every Monday until June" },
  participants: {
    ...list,
    ...shape.participantList,
    isColumn: false,
    read: readParticipants,
    example: "ann@example.com, me, Ben Stone",
  },
  profileimage: { ...line, ...shape.upload, isColumn: false },
  fileupload: upload,
  imageupload: upload,
};
export const fieldTypes: ReadonlyMap<string, FieldType> = new Map(Object.entries(table));

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function isLine(value: unknown): boolean {
  return typeof value === "string" && value.length <= lineCharacters && !value.includes("\n");
}

function like(form: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === "string" && form.test(value);
}

/** The type of a field; that of a line of text if its data type is not in the table. */
export function typeOf({ type }: Pick<Field, "type">): FieldType {
  return fieldTypes.get(type) ?? line;
}

export function kindOf(field: Pick<Field, "type">): Kind {
  return typeOf(field).kind;
}

/** Whether the field may hold amounts of money. Without metadata any number may be one. */
export function isMoney(field: Field): boolean {
  const { kind, isMoney: isKnown } = typeOf(field);
  return isKnown || (field.inferred && ["number", "unknown"].includes(kind));
}

/** The name of the first type that fits all these values; `unknown` if no type fits or there are no values. */
export function inferredType(values: readonly unknown[]): string {
  const fits = [...fieldTypes].find(
    ([, { looksLike }]) => looksLike && values.length > 0 && values.every(looksLike),
  );
  return fits?.[0] ?? "unknown";
}

/** Whether the field can link to records of several modules. The record's `$se_module` then names the module. */
export function pointsAnywhere({ type, apiName, target }: Field): boolean {
  if (kindOf({ type }) !== "record" || target !== undefined) return false;
  return typeOf({ type }).isOpen === true || openLinks.has(apiName);
}
