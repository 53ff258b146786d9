import type { BiginRecord, Row } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import type { Field } from "../schema/fields.ts";
import { noField } from "./plan.ts";

/** Whether a record that holds `stored` has what was sent for the field. */
export function holds(field: Field, sent: unknown, stored: unknown): boolean {
  return typeOf(field).same(sent, stored, field);
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
