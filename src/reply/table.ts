import type { BiginRecord, Row } from "../bigin/api/records.ts";
import { wallTime } from "../bigin/dates/dates.ts";
import { kindOf } from "../bigin/field-types.ts";
import { type Field, labelOf, type Schema } from "../bigin/schema/fields.ts";
import { comparable, isEmpty, nameWithId } from "../bigin/values.ts";
import { cleanText } from "../shared/clean-text.ts";
import { itemsLeft } from "../shared/reply-marks.ts";
import {
  briefName,
  createMarkers,
  longestInTable,
  type Markers,
  shortened,
} from "./untrusted-text.ts";

/** A list is cut as if each of its items were a text of this many characters. */
const charactersPerItem = 20;

/** Records as agents read them. The cells of a row are in the order of the columns. */
export interface Table {
  columns: string[];
  rows: unknown[][];
}

/** Renders the records of one reply, in one time zone and with one pair of markers. */
export interface Renderer {
  /**
   * Notes the links of records or rows that the reply will show. Where several linked records share a name, their ids are
   * shown too. Tables do this themselves.
   */
  noteNames(records: readonly (Row | undefined)[]): void;
  /**
   * Records as a table, `id` first. Columns that are empty in every row are left out unless `keepEmpty`. Texts are cut
   * to `longest` characters.
   */
  table(
    records: readonly BiginRecord[],
    fields: readonly string[],
    keepEmpty: boolean,
    longest?: number,
  ): Table;
  /**
   * A whole record. Fields that are empty or not in the metadata are left out unless in `keep`; lookups keep their id.
   * Texts begin after their first `from` characters.
   */
  record(
    record: BiginRecord,
    keep: readonly string[],
    longest: number,
    from?: number,
  ): Record<string, unknown> & { id: string };
  /** The value of a field, given by API name, as a table shows it. */
  cell(field: string, value: unknown, longest?: number): unknown;
  /** The name of a record, short and on one line. */
  name(name: string): string;
  /** A row in the form in which it is sent, with texts by outsiders wrapped in markers. */
  payload(row: Row): Record<string, unknown>;
  /** A part of the reply: the time zone and the meaning of the markers, each only if used. */
  remarks(): { times?: string; data?: string };
  /** The reply without the meaning of the markers if no marker is left in it, or in `beside`. */
  settled: Markers["settled"];
}

/** `isZoneKnown` is false if the zone is only assumed: then every reply says so. */
export function createRenderer(schema: Schema, zone: string, isZoneKnown: boolean): Renderer {
  const fields = new Map(schema.fields.map((field) => [field.apiName, withCleanOptions(field)]));
  const markers = createMarkers(schema.checked);
  const names = createNames(markers);
  const cells = createCells(zone, isZoneKnown, markers, names);
  const display = schema.fields.find((field) => field.display)?.apiName ?? "";
  const isListed = (key: string) =>
    !key.startsWith("$") && (!schema.complete || !schema.checked || fields.has(key));
  const noteNames: Renderer["noteNames"] = (records) => {
    for (const record of records)
      for (const [name, value] of Object.entries(record ?? {})) names.note(value, fields.get(name));
  };
  return {
    noteNames,
    table(records, wanted, keepEmpty, longest = longestInTable) {
      noteNames(records);
      const columns = ["id", ...wanted.filter((field) => field !== "id")].filter(
        (field) => field === "id" || keepEmpty || records.some((record) => !isEmpty(record[field])),
      );
      const row = (record: BiginRecord) =>
        columns.map((name) => cells.cell(record[name], fields.get(name), longest));
      return { columns, rows: records.map(row) };
    },
    record(record, keep, longest, from = 0) {
      const entries = Object.entries(record).filter(
        ([key, value]) =>
          key !== "id" && (keep.includes(key) || (!isEmpty(value) && isListed(key))),
      );
      const shown = entries.map(([key, value]) => [
        key,
        cells.detail(value, fields.get(key), longest, from),
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
    settled: markers.settled,
  };
}

/**
 * Values in records have no invisible characters, but options keep them for writing. To compare the two, options are
 * cleaned here.
 */
function withCleanOptions(field: Field): Field {
  const options = field.options.map(({ value, label }) => ({ value: cleanText(value), label }));
  return { ...field, options };
}

/** Renders single values, and notes for the remarks whether a time or a marker was used. */
function createCells(zone: string, isZoneKnown: boolean, markers: Markers, names: Names) {
  let hasTimes = !isZoneKnown;
  function text(value: string, field: Field | undefined, longest: number, from = 0): string {
    if (field && kindOf(field) === "datetime") {
      const time = wallTime(value, zone);
      hasTimes ||= time !== undefined;
      return time ?? markers.unmarked(value);
    }
    if (field && field.options.length > 0) return markers.unmarked(labelOf(field, value));
    return markers.text(field, shortened(cleanText(value), longest, from));
  }
  function scalar(value: unknown, field: Field | undefined, longest: number, from = 0): unknown {
    return typeof value === "string"
      ? text(value, field, longest, from)
      : inner(value ?? null, longest);
  }
  /** A value inside a list or a subform. No field of its own tells whether outsiders may have written it. */
  function inner(value: unknown, longest: number): unknown {
    if (typeof value === "string") return text(value, undefined, longest);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return itemsWithin(value, longest, (item) => inner(item, longest));
    const parts = Object.entries(value).map(([key, part]) => [
      markers.unmarked(key),
      inner(part, longest),
    ]);
    return Object.fromEntries(parts);
  }
  function sent(value: unknown, field: Field | undefined): unknown {
    if (typeof value === "string") return markers.text(field, value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => sent(item, field));
    const parts = Object.entries(value).map(([key, part]) => [key, sent(part, undefined)]);
    return Object.fromEntries(parts);
  }
  return {
    text,
    sent,
    /** For a table: a lookup is its name, and a list of lookups their names. */
    cell(value: unknown, field: Field | undefined, longest: number): unknown {
      if (!Array.isArray(value))
        return isLookup(value) ? names.text(value, longest, field) : scalar(value, field, longest);
      const items = itemsWithin(value, longest, (one) =>
        isLookup(one) ? names.text(subjectOf(one), longest, field) : scalar(one, field, longest),
      );
      return items.every((one) => typeof one === "string") ? items.join(", ") : items;
    },
    /** For a whole record: a lookup is its name and its id, and the rows of a subform are complete. */
    detail(value: unknown, field: Field | undefined, longest: number, from: number): unknown {
      if (isLookup(value)) return { name: names.bare(value, longest), id: value.id };
      if (!Array.isArray(value)) return scalar(value, field, longest, from);
      return itemsWithin(value, longest, (one) =>
        typeof one === "string" ? text(one, field, longest) : inner(one, longest),
      );
    },
    remarks: () => ({
      ...(hasTimes && { times: zoneNamed(zone, isZoneKnown) }),
      ...markers.remark(),
    }),
  };
}

/** As many items of a list as a text of `longest` characters allows, and how many are left out. */
function itemsWithin<T>(
  list: readonly T[],
  longest: number,
  show: (item: T) => unknown,
): unknown[] {
  const most = Math.ceil(longest / charactersPerItem);
  const left = list.length - most;
  const shown = list.slice(0, most).map(show);
  return left > 0 ? [...shown, itemsLeft(left)] : shown;
}

interface Names {
  note(value: unknown, field: Field | undefined): void;
  /** The name of a linked record, with its id if several records in the reply share the name. */
  text(lookup: Lookup, longest: number, field: Field | undefined): unknown;
  bare(lookup: Lookup, longest: number): unknown;
}

/** The names of the linked records in one reply, with their ids. Users and the records of each module are kept apart. */
function createNames(markers: Markers): Names {
  const ids = new Map<string, Set<unknown>>();
  const slot = ({ name }: Lookup, field: Field | undefined) => {
    const group = field && kindOf(field) === "person" ? "users" : (field?.target ?? field?.apiName);
    return `${group} ${comparable(String(name))}`;
  };
  const bare: Names["bare"] = ({ name, id }, longest) => {
    const shown = name ?? id;
    return typeof shown === "string" ? shortened(markers.unmarked(shown), longest) : shown;
  };
  return {
    bare,
    note(value, field) {
      for (const lookup of [value].flat().filter(isLookup).map(subjectOf)) {
        const key = slot(lookup, field);
        ids.set(key, (ids.get(key) ?? new Set()).add(lookup.id));
      }
    },
    text(lookup, longest, field) {
      const shown = bare(lookup, longest);
      const isShared = (ids.get(slot(lookup, field))?.size ?? 0) > 1;
      return isShared && typeof lookup.name === "string"
        ? nameWithId(String(shown), String(lookup.id))
        : shown;
    },
  };
}

interface Lookup {
  name?: unknown;
  id: unknown;
}

function isLookup(value: unknown): value is Lookup {
  return typeof value === "object" && value !== null && "id" in value;
}

/** The record that a row of a subform or of a multiple lookup is about: such a row has no name of its own. */
function subjectOf(row: Lookup): Lookup {
  if (row.name !== undefined) return row;
  return Object.values(row).find((part) => isLookup(part) && part.name !== undefined) ?? row;
}

/** The zone of the times in a reply. */
export function zoneNamed(zone: string, isKnown: boolean): string {
  return isKnown ? zone : `${zone}: this connection cannot read the organisation's time zone`;
}
