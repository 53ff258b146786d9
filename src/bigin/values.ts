import { cleanText } from "../shared/clean-text.ts";
import { idDigits } from "./limits.ts";

/**
 * A text in the form in which texts are compared: without case, in one Unicode form, and without invisible characters,
 * because agents read names without them and give them back that way.
 */
export function comparable(text: string): string {
  return cleanText(text).normalize("NFC").trim().toLowerCase();
}

/** The words of a text: runs of letters and digits, which are all that Bigin's index has (docs/reference/bigin-api.md §3). */
export function wordsOf(text: string): string[] {
  return comparable(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Whether a field holds nothing, in any of the ways Bigin expresses it. */
export function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The number in a value. Bigin stores some numbers as text (docs/reference/bigin-api.md §6). */
export function numberIn(value: unknown): number | undefined {
  const isNumeric = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
  return typeof value === "number" ? value : isNumeric ? Number(value) : undefined;
}

const idForm = new RegExp(`^\\d{${idDigits.least},${idDigits.most}}$`);

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return idForm.test(text);
}

/** The id that a value points with: a lookup as it is read or written, or a bare id. */
export function idIn(value: unknown): string | undefined {
  const id = isObject(value) ? value["id"] : value;
  return typeof id === "string" && isId(id) ? id : undefined;
}
