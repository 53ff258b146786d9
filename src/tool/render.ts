import type { BiginRecord, Page } from "../bigin/records.ts";

export interface Table {
  columns: string[];
  rows: unknown[][];
}

/**
 * Records as columns and rows: `id` first, then the fields in the order given. Columns that are empty in every
 * row are left out unless the caller asked for them by name.
 */
export function tableOf(
  records: readonly BiginRecord[],
  fields: readonly string[],
  keepEmpty: boolean,
): Table {
  const columns = ["id", ...fields.filter((field) => field !== "id")].filter(
    (field) => field === "id" || keepEmpty || records.some((record) => !isEmpty(record[field])),
  );
  return {
    columns,
    rows: records.map((record) => columns.map((column) => cell(record[column]))),
  };
}

/** The arguments that continue a page, or undefined when it was the last. */
export function moreOf(page: Page): { page_token: string } | { page: number } | undefined {
  if (!page.more) return undefined;
  return page.nextPageToken ? { page_token: page.nextPageToken } : { page: page.page + 1 };
}

/** A whole record without what is empty and without Bigin's `$` system keys; lookups keep name and id. */
export function recordOf(
  record: BiginRecord,
  keep: readonly string[] = [],
): Record<string, unknown> {
  const entries = Object.entries(record).filter(
    ([key, value]) => keep.includes(key) || (!key.startsWith("$") && !isEmpty(value)),
  );
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isLookup(value) ? withoutMail(value) : (value ?? null)]),
  );
}

/** In a table a lookup is its name, and a list of them their names. */
function cell(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length > 0 && value.every(isLookup) ? value.map(nameOf).join(", ") : value;
  return isLookup(value) ? nameOf(value) : (value ?? null);
}

interface Lookup {
  name?: unknown;
  id: unknown;
}

function isLookup(value: unknown): value is Lookup {
  return typeof value === "object" && value !== null && "id" in value;
}

function nameOf(lookup: Lookup): unknown {
  return lookup.name ?? lookup.id;
}

function withoutMail(lookup: Lookup): Lookup {
  return lookup.name === undefined ? lookup : { name: lookup.name, id: lookup.id };
}

function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}
