import type { BiginRecord, Row } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import { idIn } from "../values.ts";
import { fieldsIn, holds } from "./compare.ts";

/** A change to a record that was there: the row that was sent, empty of fields for a delete. */
interface Change {
  row: Row;
  isDelete: boolean;
  fields: ReadonlyMap<string, Field>;
}

/**
 * Whether the record, read after a change whose answer was lost, shows that the change was carried out. False leaves it
 * in doubt: it may be under way still, or Bigin may have altered a value.
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
