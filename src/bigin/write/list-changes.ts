import { badArguments } from "../../shared/failure.ts";
import type { BiginRecord, Row } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import { type Field, fieldsNamed, type Schema } from "../schema/fields.ts";
import { comparable, isObject } from "../values.ts";

/** Items to add to a list and to remove from it, as the caller gives them. Any other value replaces the list. */
export interface ListChange {
  add: unknown[];
  remove: unknown[];
}

/** Items that a row would remove from a list without naming them. */
export interface Loss {
  field: Field;
  items: unknown[];
}

/** Reads `{"add":[…]}`, `{"remove":[…]}` or both; undefined for other values and for fields that hold no list. */
export function listChangeIn(value: unknown, field: Field): ListChange | undefined {
  if (!typeOf(field).isItem || !isObject(value)) return undefined;
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every((key) => key === "add" || key === "remove"))
    return undefined;
  return { add: listed(value["add"]), remove: listed(value["remove"]) };
}

function listed(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * The whole list after a change, in the form in which it is sent. `before` is the record; undefined for a new one, or if
 * it was not read. `read` converts items to Bigin's form.
 */
export async function changedList(
  { add, remove }: ListChange,
  field: Field,
  { before, isNew }: { before?: BiginRecord | undefined; isNew: boolean },
  read: (items: unknown[]) => unknown,
): Promise<unknown[]> {
  if (!isNew && !before)
    throw badArguments(
      `${field.label}: items cannot be added or removed, because the record could not be read before the write. Send fewer records in one call, or give the whole list.`,
    );
  const stored = listed(before?.[field.apiName]);
  const gone = new Set<unknown>();
  for (const item of remove) gone.add(await storedItem(item, field, stored, read));
  const kept = stored.filter((item) => !gone.has(item));
  const added = add.length > 0 ? await read(asItems(add, field)) : [];
  const isNewItem = (item: unknown) =>
    typeOf(field).repeats || !kept.some((one) => sameItem(field, item, one));
  return [...writable(kept, field), ...listed(added).filter(isNewItem)];
}

/** The stored item that an argument names: by the text that a record shows for it, or by what the argument means. */
async function storedItem(
  item: unknown,
  field: Field,
  stored: readonly unknown[],
  read: (items: unknown[]) => unknown,
): Promise<unknown> {
  const text = typeof item === "string" ? comparable(item) : undefined;
  const named = text === undefined ? [] : stored.filter((one) => namesOf(one).includes(text));
  if (named[0] !== undefined) return only(named, item, field);
  const [meant] = listed(await read(asItems([item], field)));
  return only(
    stored.filter((one) => sameItem(field, meant, one)),
    item,
    field,
  );
}

function only(found: readonly unknown[], item: unknown, field: Field): unknown {
  const [one, second] = found;
  const shown = JSON.stringify(item);
  if (one === undefined)
    throw badArguments(`${field.label} has no item ${shown}, so it cannot be removed.`);
  if (second !== undefined)
    throw badArguments(`${field.label} has ${shown} ${found.length} times: name its own id.`);
  return one;
}

/** A line of a deal may be named by its product alone. */
function asItems(items: unknown[], field: Field): unknown[] {
  if (!typeOf(field).repeats) return items;
  return items.map((item) => (typeof item === "string" ? { Product: item } : item));
}

function namesOf(item: unknown): string[] {
  if (typeof item === "string") return [comparable(item)];
  if (!isObject(item)) return [];
  const texts = [item["id"], item["name"], item["email"]].filter((one) => typeof one === "string");
  const inner = Object.values(item).flatMap((part) => (isObject(part) ? namesOf(part) : []));
  return [...texts.map(comparable), ...inner];
}

function writable(items: unknown[], field: Field): unknown[] {
  const row = typeOf(field).restore(items, field);
  const restored = listed(row[field.apiName]);
  // A line keeps its id, so that Bigin changes it and does not replace it.
  return restored.map((one, at) => {
    const item = items[at];
    const isLine = typeOf(field).repeats && isObject(item) && item["Product"] !== undefined;
    return isLine && isObject(one) ? { ...one, id: item["id"] } : one;
  });
}

function sameItem(field: Field, sent: unknown, stored: unknown): boolean {
  return typeOf(field).isItem?.(sent, stored, field) ?? false;
}

/** The items that a row would remove from lists of its record without naming them: it gives a shorter or another list. */
export function lossesIn(
  given: Row,
  row: Row,
  before: BiginRecord | undefined,
  schema: Schema,
): Loss[] {
  if (!before) return [];
  const changed = new Set(
    Object.entries(given).flatMap(([key, value]) =>
      fieldsNamed(schema, key).flatMap((field) =>
        listChangeIn(value, field) ? field.apiName : [],
      ),
    ),
  );
  return schema.fields
    .filter(({ apiName }) => apiName in row && !changed.has(apiName))
    .flatMap((field) => {
      const items = lostItems(field, listed(before[field.apiName]), listed(row[field.apiName]));
      return items.length > 0 ? [{ field, items }] : [];
    });
}

/** The stored items for which no sent item stands. Each sent item stands for one. */
function lostItems(field: Field, stored: readonly unknown[], sent: readonly unknown[]): unknown[] {
  if (!typeOf(field).isItem) return [];
  const free = [...sent];
  return stored.filter((item) => {
    const at = free.findIndex((one) => sameItem(field, one, item));
    if (at !== -1) free.splice(at, 1);
    return at === -1;
  });
}
