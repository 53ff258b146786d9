import { badArguments } from "../../shared/failure.ts";
import type { RowProblem } from "../../shared/row-numbers.ts";
import type { Row } from "../api/records.ts";
import { fieldsNamed, type Schema } from "../schema/fields.ts";
import type { Understanding } from "../understanding.ts";
import { isObject } from "../values.ts";
import type { Images } from "./snapshots.ts";

const valuesTold = 8;
/** Clocks differ. */
const skewMs = 60_000;

/**
 * The records that were changed after an instant, with their current values. Bigin has no such precondition: this is
 * a read just before the write, so a change in the moment between the two is not seen (docs/writes.md).
 */
export async function modifiedSince(check: {
  schema: Schema;
  images: Images | undefined;
  ids: readonly string[];
  given: readonly Row[];
  unmodifiedSince: string | undefined;
  understand: Understanding;
}): Promise<RowProblem[]> {
  const { schema, images, ids, given, unmodifiedSince, understand } = check;
  if (unmodifiedSince === undefined) return [];
  const when = await understand.when(unmodifiedSince);
  if (when?.kind !== "instant")
    throw badArguments(
      `if_unmodified_since must be a time, such as a record's Modified_Time; "${unmodifiedSince}" is none.`,
    );
  if (Date.parse(when.iso) > Date.now() + skewMs)
    throw badArguments(
      `if_unmodified_since ${when.iso} lies ahead, so it would refuse nothing: give the time at which you read the record.`,
    );
  if (!images)
    throw badArguments(
      "if_unmodified_since cannot be checked for so many records over this connection: send at most 10 at once.",
    );
  const { wallTime } = await import("../dates/dates.ts");
  const zone = await understand.zone();
  const since = Date.parse(when.iso);
  return ids.flatMap((id, row) => {
    const record = images.get(id);
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

/** The fields the row is about to change, or else the record's name. */
function currentValues(record: Row, row: Row, schema: Schema): string {
  const named = Object.keys(row).filter((key) => key !== "id" && !key.startsWith("$"));
  const display = schema.fields.filter((field) => field.display);
  // Names that are no field are told by the check.
  const known = named.flatMap((name) => fieldsNamed(schema, name));
  const fields = known.length > 0 ? known : display;
  return fields
    .slice(0, valuesTold)
    .map((field) => `${field.label} ${shown(record[field.apiName])}`)
    .join(", ");
}

function shown(value: unknown): string {
  const plain = isObject(value) && "name" in value ? value["name"] : (value ?? null);
  const text = JSON.stringify(plain) ?? "null";
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}
