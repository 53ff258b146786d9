import { badArguments, Failure } from "../failure.ts";
import { kindOf } from "./conditions.ts";
import type { Row } from "./records.ts";
import { type Field, fieldNamed, optionNamed, type Schema } from "./schema.ts";
import type { Understanding } from "./understanding.ts";

/** Keys that no metadata list, but that writes may carry. */
const engineKeys = new Set(["id", "Layout", "Parent_Id"]);

/**
 * Rows as Bigin wants them: fields by API name, options by value, users and records by id. What Bigin would drop
 * without a word (an unknown field) or make up (a company from a free text) is refused, and the row is named.
 */
export async function resolveRows(
  rows: readonly Row[],
  schema: Schema,
  understand: Understanding,
): Promise<Row[]> {
  return Promise.all(
    rows.map(async (row, at) => {
      const entries = Object.entries(row).map(([key, value]) =>
        resolveEntry(key, value, schema, understand),
      );
      try {
        return Object.fromEntries(await Promise.all(entries));
      } catch (error) {
        if (!(error instanceof Failure) || error.facts.kind !== "bad_arguments") throw error;
        throw badArguments(rows.length > 1 ? `Row ${at + 1}: ${error.message}` : error.message);
      }
    }),
  );
}

async function resolveEntry(
  key: string,
  value: unknown,
  schema: Schema,
  understand: Understanding,
): Promise<[string, unknown]> {
  if (engineKeys.has(key) || key.startsWith("$")) return [key, value];
  const field = fieldNamed(schema, key);
  return [field.apiName, await resolveValue(field, value, understand)];
}

async function resolveValue(
  field: Field,
  value: unknown,
  understand: Understanding,
): Promise<unknown> {
  if (Array.isArray(value) && field.options.length > 0)
    return value.map((one) => (typeof one === "string" ? optionNamed(field, one) : one));
  if (typeof value !== "string") return value;
  if (field.options.length > 0) return optionNamed(field, value);
  if (kindOf(field) !== "record") return value;
  const found =
    field.type === "ownerlookup"
      ? understand.person(value)
      : understand.record(field.target, value);
  return { id: (await found).id };
}
