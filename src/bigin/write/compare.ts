import type { BiginRecord, Row } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import { idIn, isEmpty, isObject } from "../values.ts";
import { noField } from "./plan.ts";

/** Whether a record holds what was sent for a field. Times are compared as instants, links by id, tags by name. */
export function holds(field: Field, sent: unknown, stored: unknown): boolean {
  if (field.type === "subform" && Array.isArray(sent) && Array.isArray(stored))
    return holdsLines(sent, stored);
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

/** An entry of a list by what it is about: a tag's name, a second contact's id. */
function partOf(field: Field, part: unknown): string {
  if (!isObject(part)) return JSON.stringify(part) ?? "";
  if (field.type === "tag") return String(part["name"]).toLowerCase();
  if (field.type === "multiselectlookup") return idIn(part[field.apiName]) ?? idIn(part) ?? "";
  return JSON.stringify(part);
}

/** Lines fit when each line sent finds one of its own that has all it says; the ids of lines are Bigin's. */
function holdsLines(sent: readonly unknown[], stored: readonly unknown[]): boolean {
  const free = [...stored];
  const placed = sent.every((line) => {
    const at = free.findIndex((one) => saysTheSame(line, one));
    if (at !== -1) free.splice(at, 1);
    return at !== -1;
  });
  return placed && free.length === 0;
}

function saysTheSame(line: unknown, stored: unknown): boolean {
  if (!isObject(line) || !isObject(stored)) return JSON.stringify(line) === JSON.stringify(stored);
  const names = Object.keys(line).filter((name) => name !== "id");
  return names.every((name) => {
    const [ours, theirs] = [line[name], stored[name]];
    return (
      (isEmpty(ours) && isEmpty(theirs)) ||
      (idIn(ours) ?? JSON.stringify(ours)) === (idIn(theirs) ?? JSON.stringify(theirs))
    );
  });
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
