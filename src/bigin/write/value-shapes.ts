import type { Row } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import { idIn, isEmpty, isObject } from "../values.ts";

/** A record that a value links to by its id. */
interface Pointer {
  module: string;
  id: string;
}

/** How stored values of a field type are restored and compared, and which records they link to. */
export interface Shape {
  /** A row that sets a stored value again; the value may be empty. The row is empty if no write can set the field. */
  restore(value: unknown, field: Field): Row;
  /** Whether the `stored` value is what was sent. */
  same(sent: unknown, stored: unknown, field: Field): boolean;
  /**
   * The records that an argument links to by id. Such a field loses its value, or entries of it, when a linked record
   * is deleted, and the Modified_Time of its own record does not change.
   */
  links: ((value: unknown, field: Field) => Pointer[]) | undefined;
  /** For lists: whether an item that is sent stands for a stored one, so that this one is not lost. */
  isItem?: (sent: unknown, stored: unknown, field: Field) => boolean;
  /** True if an item may occur twice in a list. */
  repeats?: true;
}

/** Written as it is read. */
export const plain: Shape = {
  restore: restoring(null, (value) => value),
  same: sameBy(jsonOf),
  links: undefined,
};

/** A number, which Bigin may store as text. */
export const quantity: Shape = {
  ...plain,
  same: (sent, stored, field) =>
    isScalar(sent) && isScalar(stored)
      ? numberKey(sent) === numberKey(stored)
      : plain.same(sent, stored, field),
};

/** A checkbox is never empty: unchecked is false. */
export const flag: Shape = { ...plain, restore: restoring(false, (value) => value) };

/** Equal times may be written with different offsets. */
export const instant: Shape = {
  ...plain,
  same: (sent, stored) => timeKey(sent) === timeKey(stored),
};

/** A user, read with name and e-mail address and written by id. */
export const person: Shape = {
  ...plain,
  restore: restoring(null, (value) => ({ id: idIn(value) })),
};

/** A list of plain values, written as it is read. */
export const valueList: Shape = { ...plain, isItem: sameKey(jsonOf) };

/** Users, each read with name and e-mail address and written by id. */
export const personList: Shape = {
  ...plain,
  restore: restoring([], (value) => listIn(value).map((one) => ({ id: idIn(one) }))),
  same: sameBy(userKey),
  isItem: sameKey(userKey),
};

/** A link to one record, read with its name and written by id. */
export const link: Shape = {
  ...person,
  links: (value, { target }) => pointers(target, [value]),
};

/** Links to several records, each under the name of the field: `[{"Secondary_Contacts": {"id": "…"}}]`. */
export const linkList: Shape = {
  restore: restoring([], (value, { apiName }) =>
    listIn(value).map((part) => ({
      [apiName]: { id: isObject(part) ? linkedId(part, apiName) : part },
    })),
  ),
  same: sameBy(linkKey),
  isItem: sameKey(linkKey),
  links: (value, { apiName, target }) =>
    pointers(
      target,
      oneOrMore(value).map((part) => (isObject(part) ? (part[apiName] ?? part) : part)),
    ),
};

/** The participants of an event: a record shows more of each than is written. */
export const participantList: Shape = { ...plain, isItem: sameKey(participantKey) };

/** Tags, compared by name, without case. */
export const tagList: Shape = {
  ...plain,
  restore: restoring([], (value) =>
    listIn(value).map((tag) => ({ name: isObject(tag) ? tag["name"] : tag })),
  ),
  same: sameBy(tagKey),
  isItem: sameKey(tagKey),
};

/** The lines of a deal, each about a product. */
export const lineList: Shape = {
  restore: restoring([], (value) =>
    listIn(value).map((line) => (isObject(line) ? writableLine(line) : line)),
  ),
  same: (sent, stored, field) =>
    Array.isArray(sent) && Array.isArray(stored)
      ? sameLines(sent, stored)
      : plain.same(sent, stored, field),
  isItem: isSameLine,
  repeats: true,
  links: (value) =>
    pointers(
      "Products",
      oneOrMore(value).flatMap((line) => (isObject(line) ? [line["Product"]] : [])),
    ),
};

/** A deal's team pipeline, read as `Pipeline` and written as `Layout` (docs/reference/bigin-api.md §2.5). */
export const team: Shape = {
  ...plain,
  restore: (value) => {
    const id = idIn(value);
    return id ? { Layout: { id } } : {};
  },
};

/** Files and pictures, which have endpoints of their own: no write of a record sets them. */
export const upload: Shape = { ...plain, restore: () => ({}) };

function restoring(
  empty: unknown,
  written: (value: unknown, field: Field) => unknown,
): Shape["restore"] {
  return (value, field) => ({ [field.apiName]: isEmpty(value) ? empty : written(value, field) });
}

/** Compares links by id and lists by a key of each entry, in any order. */
function sameBy(keyOf: (part: unknown, field: Field) => string): Shape["same"] {
  const key = (value: unknown, field: Field): string => {
    if (isEmpty(value)) return "";
    if (!Array.isArray(value)) return idIn(value) ?? jsonOf(value);
    return value
      .map((part) => keyOf(part, field))
      .toSorted()
      .join();
  };
  return (sent, stored, field) => key(sent, field) === key(stored, field);
}

function sameKey(keyOf: (part: unknown, field: Field) => string): NonNullable<Shape["isItem"]> {
  return (sent, stored, field) => keyOf(sent, field) === keyOf(stored, field);
}

function userKey(user: unknown): string {
  return idIn(user) ?? jsonOf(user);
}

function linkKey(part: unknown, { apiName }: Field): string {
  return isObject(part) ? (linkedId(part, apiName) ?? "") : jsonOf(part);
}

function participantKey(one: unknown): string {
  return isObject(one) ? `${String(one["type"])} ${String(one["participant"])}` : jsonOf(one);
}

function tagKey(tag: unknown): string {
  return isObject(tag) ? String(tag["name"]).toLowerCase() : jsonOf(tag);
}

/** A line stands for the stored one with its id, or for one with the same product. */
function isSameLine(sent: unknown, stored: unknown): boolean {
  if (!isObject(sent) || !isObject(stored)) return false;
  if (idIn(sent) !== undefined && idIn(sent) === idIn(stored)) return true;
  const product = idIn(sent["Product"]);
  return product !== undefined && product === idIn(productOf(stored));
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function isScalar(value: unknown): boolean {
  return isEmpty(value) || typeof value === "number" || typeof value === "string";
}

/** Text with more digits than a JavaScript number holds is compared as it is. */
function numberKey(value: unknown): string {
  if (isEmpty(value)) return "";
  const text = String(value).trim();
  const number = Number(text);
  return Number.isNaN(number) || Math.abs(number) > Number.MAX_SAFE_INTEGER ? text : String(number);
}

function timeKey(value: unknown): string {
  return isEmpty(value) ? "" : String(Date.parse(String(value)));
}

/** The id of an entry, nested under the field's name or flat. */
function linkedId(part: Record<string, unknown>, apiName: string): string | undefined {
  return idIn(part[apiName]) ?? idIn(part);
}

function pointers(module: string | undefined, values: readonly unknown[]): Pointer[] {
  return values.flatMap((value) => {
    const id = idIn(value);
    return module && id ? [{ module, id }] : [];
  });
}

/** A line without the values that Bigin computes, and with its product by id. */
function writableLine(line: Row): Row {
  const { id: _id, name: _name, Total: _total, ...rest } = line;
  return { ...rest, Product: { id: idIn(productOf(line)) } };
}

/** The product of a line. In flat lists the line is the product, with its id and name (docs/compatibility.md). */
function productOf(line: Row): unknown {
  return line["Product"] ?? { id: line["id"] };
}

/**
 * Lines are equal if each sent line matches a different stored line in all its values. Ids are ignored, because Bigin
 * sets them.
 */
function sameLines(sent: readonly unknown[], stored: readonly unknown[]): boolean {
  const free = [...stored];
  const placed = sent.every((line) => {
    const at = free.findIndex((one) => holdsLine(line, one));
    if (at !== -1) free.splice(at, 1);
    return at !== -1;
  });
  return placed && free.length === 0;
}

function holdsLine(line: unknown, stored: unknown): boolean {
  if (!isObject(line) || !isObject(stored)) return jsonOf(line) === jsonOf(stored);
  const names = Object.keys(line).filter((name) => name !== "id");
  return names.every((name) => {
    const [ours, theirs] = [line[name], name === "Product" ? productOf(stored) : stored[name]];
    return (
      (isEmpty(ours) && isEmpty(theirs)) ||
      (idIn(ours) ?? jsonOf(ours)) === (idIn(theirs) ?? jsonOf(theirs))
    );
  });
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function oneOrMore(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
