import type { BiginRecord, Row } from "../api/records.ts";
import { pointsAnywhere, typeOf } from "../field-types.ts";
import type { Field } from "../schema/fields.ts";
import { isEmpty } from "../values.ts";

/**
 * The values a record held, in the form in which they are written again. `names` limits it to some fields, which are
 * then cleared where they were empty; without it everything that held a value is taken.
 */
export function asWritten(
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
  const module = record["$se_module"];
  const pointing = wanted.some(pointsAnywhere) && typeof module === "string";
  return {
    ...Object.fromEntries(rows.flatMap(Object.entries)),
    ...(pointing && { $se_module: module }),
  };
}
