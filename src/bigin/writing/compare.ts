import { isEmpty } from "../matching.ts";
import type { BiginRecord, Row } from "../records.ts";
import type { Field } from "../schema.ts";
import { noField } from "./plan.ts";
import { idIn, isObject } from "./values.ts";

/** Whether a record holds what was sent for a field. Times are compared as instants, links by id, tags by name. */
export function holds(field: Field, sent: unknown, stored: unknown): boolean {
  return canonical(field, sent) === canonical(field, stored);
}

/** One text for values that mean the same, whether written or read. */
function canonical(field: Field, value: unknown): string {
  if (isEmpty(value)) return "";
  if (field.type === "datetime") return String(Date.parse(String(value)));
  if (!Array.isArray(value)) return idIn(value) ?? JSON.stringify(value) ?? "";
  return value
    .map((part) => partOf(field, part))
    .toSorted()
    .join();
}

/** An entry of a list by what it is about: a tag's name, a second contact's id, a deal line's product and quantity. */
function partOf(field: Field, part: unknown): string {
  if (!isObject(part)) return JSON.stringify(part) ?? "";
  if (field.type === "tag") return String(part["name"]).toLowerCase();
  if (field.type === "multiselectlookup") return idIn(part[field.apiName]) ?? idIn(part) ?? "";
  if (field.type === "subform" && idIn(part["Product"]))
    return `${idIn(part["Product"])} ${String(part["Quantity"] ?? 1)}`;
  return JSON.stringify(part);
}

/** The fields of a row as it is sent, with their metadata. */
export function fieldsIn(row: Row, fields: ReadonlyMap<string, Field>): Field[] {
  return Object.keys(row).flatMap((name) => {
    const field = noField.has(name) ? undefined : fields.get(name);
    return field ? [field] : [];
  });
}

/** What a write did to one record: fields with another value than before, and those that do not hold what was sent. */
export interface Difference {
  changed: { field: Field; before: unknown; after: unknown }[];
  altered: { field: Field; sent: unknown; after: unknown }[];
}

export function differenceOf(
  row: Row,
  fields: ReadonlyMap<string, Field>,
  before: BiginRecord | undefined,
  after: BiginRecord,
): Difference {
  const sent = fieldsIn(row, fields);
  const value = (field: Field) => after[field.apiName];
  return {
    changed: before
      ? sent
          .filter((field) => !holds(field, before[field.apiName], value(field)))
          .map((field) => ({ field, before: before[field.apiName], after: value(field) }))
      : [],
    altered: sent
      .filter((field) => !holds(field, row[field.apiName], value(field)))
      .map((field) => ({ field, sent: row[field.apiName], after: value(field) })),
  };
}
