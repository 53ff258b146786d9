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
