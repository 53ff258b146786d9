import { cleanText } from "../shared/clean-text.ts";

/**
 * A text as it is compared: without case, in one Unicode form, and without what nobody can see, because agents read
 * names cleaned and give them back as they read them.
 */
export function comparable(text: string): string {
  return cleanText(text).normalize("NFC").trim().toLowerCase();
}

/** The words of a text, as far as letters and digits go; Bigin's index knows nothing else (bigin-api.md §3). */
export function wordsOf(text: string): string[] {
  return comparable(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Whether a field holds nothing, in any of the ways Bigin says so. */
export function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

/** A record's id: 15 to 19 digits. */
export function isId(text: string): boolean {
  return /^\d{15,19}$/.test(text);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The id a value points with: a lookup as it is read or written, or an id alone. */
export function idIn(value: unknown): string | undefined {
  const id = isObject(value) ? value["id"] : value;
  return typeof id === "string" && isId(id) ? id : undefined;
}
