import type { BiginRecord, Row } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import type { Field } from "../schema/fields.ts";
import { comparable, idIn, isEmpty } from "../values.ts";
import { notFields } from "./plan.ts";

/** Whether the `stored` value of a field is what was sent. */
export function holds(field: Field, sent: unknown, stored: unknown): boolean {
  return typeOf(field).same(sent, stored, field);
}

/** The fields of a row in Bigin's form. */
export function fieldsIn(row: Row, fields: ReadonlyMap<string, Field>): Field[] {
  return Object.keys(row).flatMap((name) => {
    const field = notFields.has(name) ? undefined : fields.get(name);
    return field ? [field] : [];
  });
}

interface Sent {
  field: Field;
  sent: unknown;
  after: unknown;
}

/** What a write did to one record. */
export interface Difference {
  /** Fields whose value changed. */
  changed: { field: Field; before: unknown; after: unknown }[];
  /** Fields in which Bigin stored something else than what was sent. */
  altered: Sent[];
  /** Fields that kept their old value, although Bigin reported success. */
  notTaken: Sent[];
}

/** Compares a record after a write with what was sent, and with the record before if that is known. */
export function differenceOf(
  row: Row,
  fields: ReadonlyMap<string, Field>,
  before: BiginRecord | undefined,
  after: BiginRecord,
): Difference {
  const sent = fieldsIn(row, fields);
  const value = (field: Field) => after[field.apiName];
  const others = sent
    .filter((field) => !holds(field, row[field.apiName], value(field)))
    .map((field) => ({ field, sent: row[field.apiName], after: value(field) }));
  const isTaken = ({ field, sent, after }: Sent) =>
    !isKept(field, before?.[field.apiName], after) || isSameText(sent, after);
  return {
    changed: before
      ? sent
          .filter((field) => !holds(field, before[field.apiName], value(field)))
          .map((field) => ({ field, before: before[field.apiName], after: value(field) }))
      : [],
    altered: others.filter(isTaken),
    notTaken: others.filter((one) => !isTaken(one)),
  };
}

/** Whether a field has its old value. Without the record before, only an empty field shows it. */
function isKept(field: Field, before: unknown, after: unknown): boolean {
  return isEmpty(before) && isEmpty(after) ? true : holds(field, before, after);
}

/** Whether two texts differ only in case and outer spaces: then Bigin took the one and stored the other. */
function isSameText(sent: unknown, after: unknown): boolean {
  const areTexts = typeof sent === "string" && typeof after === "string";
  return areTexts && comparable(sent) === comparable(after);
}

/** A change to an existing record. The row is what was sent; for a delete it does not matter. */
interface Change {
  row: Row;
  isDelete: boolean;
  fields: ReadonlyMap<string, Field>;
}

/**
 * Whether a record, read after a change whose response was lost, shows that the change was carried out. False proves
 * nothing: the change may still be in progress, or Bigin may have altered a value.
 */
export function wasCarriedOut(
  { row, isDelete, fields }: Change,
  after: BiginRecord | undefined,
): boolean {
  if (isDelete || !after) return isDelete && !after;
  const sent = fieldsIn(row, fields);
  const team = row["Layout"];
  const isMoved = team === undefined || idIn(team) === idIn(after["Pipeline"]);
  return (
    sent.length > 0 &&
    isMoved &&
    sent.every((field) => holds(field, row[field.apiName], after[field.apiName]))
  );
}
