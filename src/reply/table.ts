import type { BiginRecord, Row } from "../bigin/api/records.ts";
import { wallTime } from "../bigin/dates/dates.ts";
import { kindOf } from "../bigin/field-types.ts";
import { type Field, labelOf, type Schema } from "../bigin/schema/fields.ts";
import { isEmpty } from "../bigin/values.ts";
import { cleanText } from "../shared/clean-text.ts";
import { briefName, createMarks, longestInTable, type Marks, shortened } from "./untrusted-text.ts";

/** One entry of a list costs about as much as so many characters of text. */
const charactersPerItem = 20;

export interface Table {
  columns: string[];
  rows: unknown[][];
}

/** Renders the records of one reply: one zone, one pair of markers. Texts are cut at `longest` characters. */
export interface Renderer {
  /** Columns that are empty in every row are left out unless `keepEmpty`. `id` comes first. */
  table(
    records: readonly BiginRecord[],
    fields: readonly string[],
    keepEmpty: boolean,
    longest?: number,
  ): Table;
  /** A whole record without what is empty and what no metadata list; lookups keep name and id. */
  record(
    record: BiginRecord,
    keep: readonly string[],
    longest: number,
  ): Record<string, unknown> & { id: string };
  /** One value of a field, given by API name, as a table would show it. */
  cell(field: string, value: unknown, longest?: number): unknown;
  /** The name of a record, on one line. */
  name(name: string): string;
  /** Old values as they would be sent, with what outsiders wrote between the markers. */
  payload(row: Row): Record<string, unknown>;
  /** What the reply must say besides: the zone of its times, and what the markers mean. */
  remarks(): { times?: string; data?: string };
}

export function createRenderer(schema: Schema, zone: string): Renderer {
  const fields = new Map(schema.fields.map((field) => [field.apiName, asShown(field)]));
  const cells = createCells(zone, createMarks(schema.checked));
  const display = schema.fields.find((field) => field.display)?.apiName ?? "";
  const isListed = (key: string) => !key.startsWith("$") && (!schema.checked || fields.has(key));
  return {
    table(records, wanted, keepEmpty, longest = longestInTable) {
      const columns = ["id", ...wanted.filter((field) => field !== "id")].filter(
        (field) => field === "id" || keepEmpty || records.some((record) => !isEmpty(record[field])),
      );
      const row = (record: BiginRecord) =>
        columns.map((name) => cells.cell(record[name], fields.get(name), longest));
      return { columns, rows: records.map(row) };
    },
    record(record, keep, longest) {
      const entries = Object.entries(record).filter(
        ([key, value]) =>
          key !== "id" && (keep.includes(key) || (!isEmpty(value) && isListed(key))),
      );
      const shown = entries.map(([key, value]) => [
        key,
        cells.detail(value, fields.get(key), longest),
      ]);
      return { id: record.id, ...Object.fromEntries(shown) };
    },
    cell: (field, value, longest = longestInTable) => cells.cell(value, fields.get(field), longest),
    name: (name) => cells.text(briefName(name), fields.get(display), longestInTable),
    payload: (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, cells.sent(value, fields.get(name))]),
      ),
    remarks: cells.remarks,
  };
}

/** Records come in clean, but options keep the values Bigin wants back; here the two must meet. */
function asShown(field: Field): Field {
  const options = field.options.map(({ value, label }) => ({ value: cleanText(value), label }));
  return { ...field, options };
}

/** Values as agents see them. What was used on the way stands in the remarks. */
function createCells(zone: string, marks: Marks) {
  let zoned = false;

  function text(value: string, field: Field | undefined, longest: number): string {
    if (field && kindOf(field) === "datetime") {
      const time = wallTime(value, zone);
      zoned ||= time !== undefined;
      return time ?? marks.outside(value);
    }
    if (field && field.options.length > 0) return marks.outside(labelOf(field, value));
    return marks.text(field, shortened(cleanText(value), longest));
  }
  function scalar(value: unknown, field: Field | undefined, longest: number): unknown {
    return typeof value === "string" ? text(value, field, longest) : inside(value ?? null, longest);
  }
  /** What stands in lists and subforms has no field of its own that would tell who wrote it. */
  function inside(value: unknown, longest: number): unknown {
    if (typeof value === "string") return text(value, undefined, longest);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return items(value, longest, (item) => inside(item, longest));
    const parts = Object.entries(value).map(([key, part]) => [
      marks.outside(key),
      inside(part, longest),
    ]);
    return Object.fromEntries(parts);
  }
  function name(lookup: Lookup, longest: number): unknown {
    const given = lookup.name ?? lookup.id;
    return typeof given === "string" ? shortened(marks.outside(given), longest) : given;
  }
  function sent(value: unknown, field: Field | undefined): unknown {
    if (typeof value === "string") return marks.text(field, value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => sent(item, field));
    const parts = Object.entries(value).map(([key, part]) => [key, sent(part, undefined)]);
    return Object.fromEntries(parts);
  }
  return {
    ...{ text, sent },
    /** In a table a lookup is its name, and a list of them their names. */
    cell(value: unknown, field: Field | undefined, longest: number): unknown {
      if (!Array.isArray(value))
        return isLookup(value) ? name(value, longest) : scalar(value, field, longest);
      const names = items(value, longest, (one) =>
        isLookup(one) ? name(rowSubject(one), longest) : scalar(one, field, longest),
      );
      return names.every((one) => typeof one === "string") ? names.join(", ") : names;
    },
    detail(value: unknown, field: Field | undefined, longest: number): unknown {
      if (isLookup(value)) return { name: name(value, longest), id: value.id };
      if (!Array.isArray(value)) return scalar(value, field, longest);
      return items(value, longest, (one) =>
        typeof one === "string" ? text(one, field, longest) : inside(one, longest),
      );
    },
    remarks: () => ({ ...(zoned && { times: zone }), ...marks.remark() }),
  };
}

/** A list as far as a text of this length would go, and how much of it is missing. */
function items<T>(list: readonly T[], longest: number, show: (item: T) => unknown): unknown[] {
  const most = Math.ceil(longest / charactersPerItem);
  const left = list.length - most;
  const shown = list.slice(0, most).map(show);
  return left > 0 ? [...shown, `… ${left} more`] : shown;
}

interface Lookup {
  name?: unknown;
  id: unknown;
}

function isLookup(value: unknown): value is Lookup {
  return typeof value === "object" && value !== null && "id" in value;
}

/** A row of a subform or a multiple lookup has no name of its own; it is about the record it links to. */
function rowSubject(row: Lookup): Lookup {
  if (row.name !== undefined) return row;
  return Object.values(row).find((part) => isLookup(part) && part.name !== undefined) ?? row;
}
