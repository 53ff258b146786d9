import { cleanText } from "../shared/clean-text.ts";
import { idDigits } from "./limits.ts";

/**
 * Normalises a text for comparisons: lower case, Unicode NFC, trimmed, and without invisible characters. Agents read
 * names without invisible characters and send them back that way.
 */
export function comparable(text: string): string {
  return cleanText(text).normalize("NFC").trim().toLowerCase();
}

/**
 * The words of a text: runs of letters and digits. Bigin's search index holds nothing else (docs/reference/bigin-api.md
 * §3).
 */
export function wordsOf(text: string): string[] {
  return comparable(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Whether a value is empty, in any of the forms that Bigin uses. */
export function isEmpty(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === "" ||
    (Array.isArray(value) && value.length === 0)
  );
}

/** Digits by which phone numbers are compared: without the country code and the zero that can take its place. */
const phoneDigits = 9;
/** With fewer digits, letters are part of the number: 1-800-FLOWERS. */
const digitsAlone = 7;

/**
 * The part of a phone number by which it is compared: its last nine digits, or all if it has fewer. So neither the
 * spelling nor the country code matters. Every comparison of phone numbers uses this.
 */
export function phoneKey(text: string): string {
  const plain = comparable(text.normalize("NFKC"));
  const digits = plain.replace(/\D/g, "");
  if (digits.length < digitsAlone && /\p{L}/u.test(plain)) return wordsOf(plain).join("");
  return digits.slice(-phoneDigits) || plain;
}

/** Whether a text can only be a phone number: nothing but digits and what people write between them. */
export function isPhone(text: string): boolean {
  const isPlain = /^[+\d\s()./-]+$/.test(text.normalize("NFKC").trim());
  return isPlain && phoneKey(text).length >= digitsAlone;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const idForm = new RegExp(`^\\d{${idDigits.least},${idDigits.most}}$`);

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return idForm.test(text);
}

const shownForm = new RegExp(`^([\\s\\S]*\\S) \\((\\d{${idDigits.least},${idDigits.most}})\\)$`);

/** The name of a record as replies show it where two records share it: with its id. */
export function nameWithId(name: string, id: string): string {
  return `${name} (${id})`;
}

/** The name and the id in such a text; undefined for any other. */
export function namedWithId(text: string): { name: string; id: string } | undefined {
  const [, name, id] = shownForm.exec(text.trim()) ?? [];
  return name !== undefined && id !== undefined ? { name, id } : undefined;
}

/** The id in a lookup (as read or as written) or a bare id; undefined for any other value. */
export function idIn(value: unknown): string | undefined {
  const id = isObject(value) ? value["id"] : value;
  return typeof id === "string" && isId(id) ? id : undefined;
}
