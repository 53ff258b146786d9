import type { BiginRecord, Row } from "../api/records.ts";
import { recordsWith } from "../names/records-with.ts";
import type { Field, Schema } from "../schema/fields.ts";
import type { Understanding } from "../understanding.ts";

/** The records that hold a value in a field, by value; letters are compared without case, as Bigin's unique fields are. */
export type Holders = (field: Field, value: unknown) => readonly BiginRecord[];

/**
 * Looks up the records that already hold what rows have in the fields given, ten values a search. What this account
 * wrote in the last minute is found in spite of the index's lag; what others wrote as lately may be missed.
 */
export async function findHolders(
  understand: Pick<Understanding, "find">,
  schema: Schema,
  fields: readonly Field[],
  rows: readonly Row[],
): Promise<Holders> {
  const found = new Map<string, BiginRecord[]>();
  for (const field of fields) {
    const values = [...new Set(rows.flatMap((row) => textIn(row[field.apiName]) ?? []))];
    for (const record of await recordsWith(understand, schema.module, field, values)) {
      const key = keyOf(field, record[field.apiName]);
      found.set(key, [...(found.get(key) ?? []), record]);
    }
  }
  return (field, value) => found.get(keyOf(field, value)) ?? [];
}

function keyOf(field: Field, value: unknown): string {
  return `${field.apiName} ${textIn(value)?.toLowerCase() ?? ""}`;
}

/** The text by which a value is compared; undefined for what is empty or has none. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
