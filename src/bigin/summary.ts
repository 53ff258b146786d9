import { badArguments } from "../failure.ts";
import { kindOf } from "./conditions.ts";
import { isEmpty } from "./matching.ts";
import type { BiginRecord } from "./records.ts";
import { type Field, fieldNamed, labelOf, type Schema } from "./schema.ts";
import { dateIn, periodOf } from "./when.ts";

const periods = ["day", "week", "month", "quarter", "year"] as const;
type Period = (typeof periods)[number];

/** A field to group by; a date is taken by its period. */
export interface Grouping {
  field: Field;
  period: Period | undefined;
}

export interface Group {
  keys: string[];
  count: number;
  /** Records in which the measured field holds a number. */
  measured: number;
  sum: number;
  minimum: number | undefined;
  maximum: number | undefined;
}

/** What to group by, from words such as "stage", "owner" or "closing date by month". Dates go by month unless told. */
export function groupingNamed(schema: Schema, text: string): Grouping {
  const [, name = text, word] = /^(.*?)(?:\s+by\s+|\s*[:.]\s*)(\w+)$/i.exec(text.trim()) ?? [];
  const period = periods.find((one) => one === word?.toLowerCase());
  const field = fieldNamed(schema, word && !period ? text : name);
  const isTime = field.type === "date" || field.type === "datetime";
  if (period && !isTime)
    throw badArguments(`${field.label} is no date: it cannot be grouped by ${period}.`);
  if (field.type === "textarea")
    throw badArguments(`${field.label} is a long text: records cannot be grouped by it.`);
  return { field, period: isTime ? (period ?? "month") : undefined };
}

/** The field whose numbers are added up. */
export function measureNamed(schema: Schema, name: string): Field {
  const field = fieldNamed(schema, name);
  if (kindOf(field) === "number") return field;
  const numbers = schema.fields.filter((one) => kindOf(one) === "number").map((one) => one.label);
  throw badArguments(
    `${field.label} is no number.${numbers.length > 0 ? ` Numbers in ${schema.module}: ${numbers.join(", ")}.` : ""}`,
  );
}

/** Groups records and measures each group. A record with several values in a list counts in each of them. */
export function summarize(
  records: readonly BiginRecord[],
  groupings: readonly Grouping[],
  measure: Field | undefined,
  zone: string,
): Group[] {
  const groups = new Map<string, Group>();
  for (const record of records) {
    for (const keys of keysOf(record, groupings, zone)) {
      const id = JSON.stringify(keys);
      const group = groups.get(id) ?? {
        keys,
        count: 0,
        measured: 0,
        sum: 0,
        minimum: undefined,
        maximum: undefined,
      };
      groups.set(id, group);
      add(group, measure && record[measure.apiName]);
    }
  }
  return inOrder([...groups.values()], groupings);
}

function add(group: Group, value: unknown): void {
  group.count += 1;
  if (typeof value !== "number") return;
  group.measured += 1;
  group.sum += value;
  group.minimum = Math.min(group.minimum ?? value, value);
  group.maximum = Math.max(group.maximum ?? value, value);
}

/** Every combination of the values of the groupings. */
function keysOf(record: BiginRecord, groupings: readonly Grouping[], zone: string): string[][] {
  return groupings.reduce<string[][]>(
    (all, grouping) => {
      const values = valuesOf(record[grouping.field.apiName], grouping, zone);
      return all.flatMap((keys) => values.map((value) => [...keys, value]));
    },
    [[]],
  );
}

const none = "(none)";

function valuesOf(value: unknown, { field, period }: Grouping, zone: string): string[] {
  if (isEmpty(value)) return [none];
  if (Array.isArray(value)) return [...new Set(value.map((one) => nameOf(one, field)))];
  if (!period) return [nameOf(value, field)];
  const date = field.type === "datetime" ? dateIn(String(value), zone) : String(value);
  return [date ? periodOf(date, period) : none];
}

function nameOf(value: unknown, field: Field): string {
  if (typeof value !== "object" || value === null) return labelOf(field, String(value));
  if ("name" in value && value.name !== null) return String(value.name);
  // A row of a subform is about the record it links to.
  const subject = Object.values(value).find(
    (part) => typeof part === "object" && part !== null && "name" in part,
  );
  return subject ? nameOf(subject, field) : none;
}

/** Options stand in their own order, periods by time, all else by size. */
function inOrder(groups: readonly Group[], [first]: readonly Grouping[]): Group[] {
  if (first?.period)
    return groups.toSorted((a, b) => (a.keys.join(" ") < b.keys.join(" ") ? -1 : 1));
  if (!first || first.field.options.length === 0)
    return groups.toSorted((a, b) => b.sum - a.sum || b.count - a.count);
  const order = new Map(first.field.options.map((option, at) => [option.label, at]));
  return groups.toSorted(
    (a, b) => (order.get(a.keys[0] ?? "") ?? 1e9) - (order.get(b.keys[0] ?? "") ?? 1e9),
  );
}
