import { badArguments } from "../../shared/failure.ts";
import type { RowProblem } from "../../shared/row-numbers.ts";
import type { Row } from "../api/records.ts";
import { wallTime } from "../dates/dates.ts";
import { clockSkewMs, recordsOneByOne } from "../limits.ts";
import { fieldsNamed, type Schema } from "../schema/fields.ts";
import type { Understanding } from "../understanding.ts";
import { isObject } from "../values.ts";
import type { Snapshots } from "./snapshots.ts";

const valuesShown = 8;
const longestValue = 100;

/**
 * A problem for each record that was changed after `unmodifiedSince`, with its current values. Bigin has no such
 * precondition: the records are read just before the write, so a change in between is missed (docs/writes.md).
 */
export async function modifiedSince(check: {
  schema: Schema;
  snapshots: Snapshots | undefined;
  ids: readonly string[];
  given: readonly Row[];
  unmodifiedSince: string | undefined;
  understand: Pick<Understanding, "when" | "zone">;
}): Promise<RowProblem[]> {
  const { schema, snapshots, ids, given, unmodifiedSince, understand } = check;
  if (unmodifiedSince === undefined) return [];
  const when = await understand.when(unmodifiedSince);
  if (when?.kind !== "instant")
    throw badArguments(
      `if_unmodified_since must be a time, such as a record's Modified_Time; "${unmodifiedSince}" is not.`,
    );
  const since = Date.parse(when.iso);
  const times = [...(snapshots?.values() ?? [])].map((one) =>
    Date.parse(String(one["Modified_Time"])),
  );
  // The record's own time is never in the future, even if our clock was set back.
  if (since > Date.now() + clockSkewMs && !times.some((time) => time >= since))
    throw badArguments(
      `if_unmodified_since ${when.iso} is in the future, so it would refuse nothing: give the time at which you read the record.`,
    );
  if (!snapshots)
    throw badArguments(
      `if_unmodified_since cannot be checked for this many records over this connection: send at most ${recordsOneByOne} at once.`,
    );
  const zone = await understand.zone();
  return ids.flatMap((id, row) => {
    const record = snapshots.get(id);
    const time = String(record?.["Modified_Time"]);
    if (!record || Date.parse(time) <= since) return [];
    const by = isObject(record["Modified_By"])
      ? ` by ${String(record["Modified_By"]["name"])}`
      : "";
    const values = currentValues(record, given[row] ?? {}, schema);
    const now = values && `; it now has ${values}`;
    return [{ row, sentence: `${id} was changed at ${wallTime(time, zone) ?? time}${by}${now}.` }];
  });
}

/** The fields that the row would change, or the record's name. */
function currentValues(record: Row, row: Row, schema: Schema): string {
  const named = Object.keys(row).filter((key) => key !== "id" && !key.startsWith("$"));
  const display = schema.fields.filter((field) => field.display);
  // Names that are not fields are reported by the check of the rows.
  const known = named.flatMap((name) => fieldsNamed(schema, name));
  const fields = known.length > 0 ? known : display;
  return fields
    .slice(0, valuesShown)
    .map((field) => `${field.label} ${shownValue(record[field.apiName])}`)
    .join(", ");
}

function shownValue(value: unknown): string {
  const plain = isObject(value) && "name" in value ? value["name"] : (value ?? null);
  const text = JSON.stringify(plain) ?? "null";
  return text.length > longestValue ? `${text.slice(0, longestValue - 3)}…` : text;
}
