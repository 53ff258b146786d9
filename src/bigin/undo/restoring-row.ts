import type { BiginRecord, Row } from "../api/records.ts";
import { pointsAnywhere, typeOf } from "../field-types.ts";
import { moduleKey } from "../schema/activity-links.ts";
import type { Field } from "../schema/fields.ts";
import { isEmpty } from "../values.ts";

/**
 * A row that gives a record its old values. `names` limits it to some fields, which are cleared if they were empty;
 * without it the row has all fields that had a value.
 */
export function restoringRow(
  record: BiginRecord,
  fields: ReadonlyMap<string, Field>,
  names?: readonly string[],
): Row {
  const wanted = names
    ? names.flatMap((name) => fields.get(name) ?? [])
    : [...fields.values()].filter((field) => !isEmpty(record[field.apiName]));
  const rows = wanted
    .filter((field) => !field.readOnly)
    .map((field) => typeOf(field).restore(record[field.apiName], field));
  const module = record[moduleKey];
  const pointing = wanted.some(pointsAnywhere) && typeof module === "string";
  return {
    ...Object.fromEntries(rows.flatMap(Object.entries)),
    ...(pointing && { [moduleKey]: module }),
  };
}
