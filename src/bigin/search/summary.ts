import { compareDecimals, type Decimal, decimalIn, sumOf, zero } from "../../shared/decimal.ts";
import { badArguments } from "../../shared/failure.ts";
import type { BiginRecord } from "../api/records.ts";
import { dateIn, periodOf } from "../dates/dates.ts";
import { kindOf, typeOf } from "../field-types.ts";
import { type Field, fieldNamed, fieldsNamed, labelOf, type Schema } from "../schema/fields.ts";
import { isEmpty, nameWithId } from "../values.ts";

const periods = ["day", "week", "month", "quarter", "year"] as const;
type Period = (typeof periods)[number];

/** A field to group by; dates and times are grouped by a period. */
export interface Grouping {
  field: Field;
  period: Period | undefined;
}

/** One group of a summary. `keys` has a name for each grouping. */
export interface Group {
  keys: string[];
  count: number;
  /** Number of records whose measured field holds a number. */
  measured: number;
  sum: Decimal;
  minimum: Decimal | undefined;
  maximum: Decimal | undefined;
}

/** Resolves words such as "stage", "owner" or "closing date by month" to groupings. */
export function groupingsNamed(schema: Schema, texts: readonly string[]): Grouping[] {
  const groupings = texts.map((text) => groupingNamed(schema, text));
  const heads = groupings.map(headOf);
  const repeated = heads.find((head, at) => heads.indexOf(head) < at);
  if (repeated)
    throw badArguments(`group_by names ${repeated} twice: give two different fields, or one.`);
  return groupings;
}

/** The column head of a grouping: its field, and the period of a date. */
export function headOf({ field, period }: Grouping): string {
  return period ? `${field.apiName} by ${period}` : field.apiName;
}

/** Dates are grouped by month unless another period is named. */
function groupingNamed(schema: Schema, text: string): Grouping {
  const [, name = text, word] = /^(.*?)(?:\s+by\s+|\s*[:.]\s*)(\w+)$/i.exec(text.trim()) ?? [];
  const period = periods.find((one) => one === word?.toLowerCase());
  if (word && !period) checkPeriod(schema, text, name, word);
  const field = fieldNamed(schema, word && !period ? text : name);
  if (period && !isTime(field))
    throw badArguments(
      `${field.label} is not a date, so it cannot be grouped by ${period}. Group by ${field.apiName} alone.`,
    );
  if (typeOf(field).isLong)
    throw badArguments(
      `Records cannot be grouped by ${field.label}, because it holds long text. Name another field.`,
    );
  return { field, period: isTime(field) ? (period ?? "month") : undefined };
}

/**
 * Fails if "by" follows a date and the word after it is not a period, unless the whole text is the label of a field.
 */
function checkPeriod(schema: Schema, text: string, name: string, word: string): void {
  const isDate = fieldsNamed(schema, name).some(isTime);
  if (isDate && fieldsNamed(schema, text).length === 0)
    throw badArguments(
      `${name} cannot be grouped by "${word}": use ${periods.slice(0, -1).join(", ")} or ${periods.at(-1)}.`,
    );
}

function isTime(field: Field): boolean {
  return ["date", "datetime"].includes(kindOf(field));
}

/** Finds the field whose numbers are summed. Fails if it does not hold numbers. */
export function measureNamed(schema: Schema, name: string): Field {
  const field = fieldNamed(schema, name);
  if (["number", "unknown"].includes(kindOf(field))) return field;
  const numbers = schema.fields.filter((one) => kindOf(one) === "number").map((one) => one.label);
  throw badArguments(
    `${field.label} is not a number.${numbers.length > 0 ? ` Numbers in ${schema.module}: ${numbers.join(", ")}.` : ""}`,
  );
}

/** Groupings that keep the amounts of different currencies apart. */
interface Apart {
  groupings: readonly Grouping[];
  /** The place of the currency among the groupings; undefined if it is not one of them. */
  currencyAt: number | undefined;
  /** The currency of all records, if they have only one. */
  currency: string | undefined;
}

/** Adds the currency to the groupings if the records have several. `field` holds it. */
export function apartByCurrency(
  records: readonly BiginRecord[],
  groupings: readonly Grouping[],
  field: Field | undefined,
): Apart {
  const asked = groupings.findIndex((grouping) => grouping.field.apiName === field?.apiName);
  if (!field || asked >= 0)
    return { groupings, currencyAt: asked < 0 ? undefined : asked, currency: undefined };
  const grouping: Grouping = { field, period: undefined };
  const found = records.flatMap((record) => valuesOf(record[field.apiName], grouping, ""));
  const ids = new Set(found.map(({ id }) => id));
  if (ids.size > 1)
    return {
      groupings: [...groupings, grouping],
      currencyAt: groupings.length,
      currency: undefined,
    };
  const [only] = found;
  return { groupings, currencyAt: undefined, currency: only?.id ? only.name : undefined };
}

/**
 * Groups records and measures each group. Without groupings there is one group, even for no records. A record with
 * several values in a list counts in the group of each. Days begin in `zone`. Sums are exact, and are compared only
 * within the currency at `currencyAt` of the groupings.
 */
export function summarize(
  records: readonly BiginRecord[],
  { groupings, currencyAt }: Pick<Apart, "groupings" | "currencyAt">,
  measure: Field | undefined,
  zone: string,
): Group[] {
  const groups = new Map<string, Counted>();
  if (groupings.length === 0) groups.set("[]", counted([]));
  for (const record of records) {
    for (const keys of keysOf(record, groupings, zone)) {
      const id = JSON.stringify(keys.map((key) => key.id));
      const value = measure && record[measure.apiName];
      groups.set(id, withValue(groups.get(id) ?? counted(keys), value));
    }
  }
  return inOrder(withNames([...groups.values()]), groupings, currencyAt);
}

/** How many records have a value that is not a number, so that it is left out of sums. */
export function notNumbersIn(records: readonly BiginRecord[], measure: Field | undefined): number {
  if (!measure) return 0;
  const values = records.map((record) => record[measure.apiName]);
  return values.filter((value) => !isEmpty(value) && decimalIn(value) === undefined).length;
}

/** A value to group by. Records with the same name have different ids. */
interface Key {
  id: string;
  name: string;
}

type Counted = Omit<Group, "keys"> & { keys: Key[] };

function counted(keys: Key[]): Counted {
  return { keys, count: 0, measured: 0, sum: zero, minimum: undefined, maximum: undefined };
}

/** Groups with the names of their keys; names that two keys share get the id too. */
function withNames(groups: readonly Counted[]): Group[] {
  const ids = new Map<string, Set<string>>();
  const slot = (name: string, at: number) => `${at} ${name}`;
  for (const { keys } of groups)
    for (const [at, { id, name }] of keys.entries())
      ids.set(slot(name, at), (ids.get(slot(name, at)) ?? new Set()).add(id));
  return groups.map((group) => ({
    ...group,
    keys: group.keys.map(({ id, name }, at) =>
      (ids.get(slot(name, at))?.size ?? 1) > 1 && id !== name ? nameWithId(name, id) : name,
    ),
  }));
}

/** The group with one more record. */
function withValue(group: Counted, measured: unknown): Counted {
  const count = group.count + 1;
  const value = decimalIn(measured);
  if (value === undefined) return { ...group, count };
  return {
    keys: group.keys,
    count,
    measured: group.measured + 1,
    sum: sumOf(group.sum, value),
    minimum: atMost(group.minimum, value),
    maximum: atLeast(group.maximum, value),
  };
}

function atMost(least: Decimal | undefined, value: Decimal): Decimal {
  return least && compareDecimals(least, value) <= 0 ? least : value;
}

function atLeast(most: Decimal | undefined, value: Decimal): Decimal {
  return most && compareDecimals(most, value) >= 0 ? most : value;
}

/** Every combination of the values of the groupings. */
function keysOf(record: BiginRecord, groupings: readonly Grouping[], zone: string): Key[][] {
  return groupings.reduce<Key[][]>(
    (all, grouping) => {
      const values = valuesOf(record[grouping.field.apiName], grouping, zone);
      return all.flatMap((keys) => values.map((value) => [...keys, value]));
    },
    [[]],
  );
}

const none: Key = { id: "", name: "(none)" };

function valuesOf(value: unknown, { field, period }: Grouping, zone: string): Key[] {
  if (isEmpty(value)) return [none];
  if (Array.isArray(value)) {
    const keys = value.map((one) => keyOf(one, field));
    return [...new Map(keys.map((key) => [key.id, key])).values()];
  }
  if (!period) return [keyOf(value, field)];
  const date = kindOf(field) === "datetime" ? dateIn(String(value), zone) : String(value);
  return [date ? textKey(periodOf(date, period)) : none];
}

function textKey(text: string): Key {
  return { id: text, name: text };
}

function keyOf(value: unknown, field: Field): Key {
  if (typeof value !== "object" || value === null) return textKey(labelOf(field, String(value)));
  if ("name" in value && value.name !== null) {
    const name = String(value.name);
    return "id" in value ? { id: String(value.id), name } : textKey(name);
  }
  // A line of a deal has no name of its own, but its product has.
  const subject = Object.values(value).find(
    (part) => typeof part === "object" && part !== null && "name" in part,
  );
  return subject ? keyOf(subject, field) : none;
}

/** Periods are sorted by time, options as Bigin lists them, all else by size within its currency. */
function inOrder(
  groups: readonly Group[],
  [first]: readonly Grouping[],
  currencyAt: number | undefined,
): Group[] {
  const currency = ({ keys }: Group) => (currencyAt === undefined ? "" : (keys[currencyAt] ?? ""));
  if (first?.period)
    return groups.toSorted((a, b) => (a.keys.join(" ") < b.keys.join(" ") ? -1 : 1));
  if (!first || first.field.options.length === 0)
    return groups.toSorted(
      (a, b) =>
        currency(a).localeCompare(currency(b)) ||
        compareDecimals(b.sum, a.sum) ||
        b.count - a.count,
    );
  const order = new Map(first.field.options.map((option, at) => [option.label, at]));
  const position = ({ keys: [name = ""] }: Group) => order.get(name) ?? order.size;
  return groups.toSorted((a, b) => position(a) - position(b));
}
