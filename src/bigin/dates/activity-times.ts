import type { BiginRecord, Row } from "../api/records.ts";
import { type Field, fieldsNamed, type Schema } from "../schema/fields.ts";
import { type Resolvers, readText, wrong } from "../write/field-values.ts";
import type { When } from "./dates.ts";

/** The fields that say when an activity begins or is due. */
const beginnings = ["Due_Date", "Start_DateTime", "Call_Start_Time"];
const startName = "Start_DateTime";
const endName = "End_DateTime";
const allDayName = "All_day";

/** The fields of a record by which the times of a row are checked. */
export const timesNeeded: readonly string[] = [...beginnings, endName, allDayName];

/** When the activity of a row begins, by the row itself or else by its record. */
export async function beginOf(
  row: Row,
  schema: Schema,
  { when }: Pick<Resolvers, "when">,
): Promise<string | undefined> {
  const value = valuesOf(row, schema, beginnings).at(-1);
  const begin = typeof value === "string" ? await when(value) : undefined;
  if (begin?.kind === "instant") return begin.iso;
  return begin?.kind === "day" ? begin.date : undefined;
}

/** The values that a row has for fields, whatever it calls them. */
function valuesOf(row: Row, schema: Schema, names: readonly string[]): unknown[] {
  return Object.entries(row).flatMap(([key, value]) =>
    fieldsNamed(schema, key).some((field) => names.includes(field.apiName)) ? [value] : [],
  );
}

/** Days and times, in the zone of the organisation. */
interface Times {
  when: Resolvers["when"];
  /** The first and the last second of days. */
  boundsOf(when: When): Promise<{ from: string; to: string }>;
}

/**
 * Reads what no field type tells: the plain days of an event that takes whole days, and the length of a call. Undefined
 * for any other value. `row` has the values of the record too.
 */
export async function readActivityValue(
  value: unknown,
  field: Field,
  { row, schema }: { row: Row; schema: Schema },
  { when, boundsOf }: Times,
): Promise<string | undefined> {
  const { apiName } = field;
  if (schema.module === "Calls" && apiName === "Call_Duration") return readDuration(value, field);
  if (apiName !== startName && apiName !== endName) return undefined;
  const day = typeof value === "string" ? await when(value) : undefined;
  if (day?.kind !== "day") return undefined;
  if (!isAllDay(row, schema))
    throw wrong(
      field,
      "is a day with a time, such as 2026-12-24 15:00, unless All_day is true",
      value,
    );
  // An event that takes whole days ends in the last second of its last day (docs/reference/bigin-api.md §2.3).
  const { from, to } = await boundsOf(day);
  return apiName === startName ? from : to;
}

function isAllDay(row: Row, schema: Schema): boolean {
  const value = valuesOf(row, schema, [allDayName]).at(-1);
  return value === true || ["true", "yes"].includes(String(value).trim().toLowerCase());
}

/** A problem if the event of a row would not end after it starts. What the row does not set is taken from the record. */
export function endsTooEarly(
  row: Row,
  before: BiginRecord | undefined,
  { fields }: Schema,
): string | undefined {
  const [start, end] = [startName, endName].map((name) => row[name] ?? before?.[name]);
  const isSet = typeof row[startName] === "string" || typeof row[endName] === "string";
  if (!isSet || !(Date.parse(String(end)) <= Date.parse(String(start)))) return undefined;
  const [from, to] = [startName, endName].map(
    (name) => fields.find(({ apiName }) => apiName === name)?.label ?? name,
  );
  return `an event ends after it starts, but ${from} is ${start} and ${to} is ${end}: give a later ${to}.`;
}

/** Whether a row sets only one of the two times, and the other is not known. */
export function endsUnchecked(row: Row, before: BiginRecord | undefined): boolean {
  const set = [startName, endName].filter((name) => row[name] !== undefined);
  return set.length === 1 && !before;
}

const aDuration = /^(?:\d{1,4}:[0-5]\d|\d{1,4})$/;

/** The length of a call: minutes and seconds, or whole minutes. */
function readDuration(value: unknown, field: Field): string {
  const text = readText(value, field).trim();
  if (text === "" || aDuration.test(text)) return text;
  throw wrong(field, 'is minutes and seconds, such as "05:30", or whole minutes, such as 5', value);
}
