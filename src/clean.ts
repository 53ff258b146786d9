/**
 * Takes out of what upstream sent whatever nobody can see and a model may obey: format and bidirectional controls,
 * zero-width and tag characters, variation selectors, and control characters but line breaks and tabs.
 */
export function cleanText(text: string): string {
  return isClean(text) ? text : text.replace(invisibles, "");
}

/** Most text by far; tried first because it is ten times cheaper than the classes below. */
const plain = /^[\n\t\x20-\x7e]*$/;
/** Line breaks and tabs, and the signs of Arabic numbers and verses, which are seen, stay. */
const pattern =
  "(?![\\n\\t\\u0600-\\u0605\\u06DD\\u08E2])[\\p{Default_Ignorable_Code_Point}\\p{Cf}\\p{Co}\\p{Cs}\\p{Cc}]";
const invisible = new RegExp(pattern, "u");
const invisibles = new RegExp(pattern, "gu");

/** The value a picklist stores is sent back as it came, or Bigin would not know it again. */
const sentBack = "actual_value";

/** The same for everything a parsed answer holds, keys too. An answer with nothing to take out is not copied. */
export function clean<T>(value: T): T;
export function clean(value: unknown): unknown {
  return isClean(value) ? value : cleaned(value);
}

function isClean(value: unknown): boolean {
  if (typeof value === "string") return plain.test(value) || !invisible.test(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isClean);
  // Parsed JSON has no inherited keys, and this is three times as fast as listing the entries.
  for (const key in value) {
    if (!isClean(key)) return false;
    if (key !== sentBack && !isClean(value[key as keyof typeof value])) return false;
  }
  return true;
}

function cleaned(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cleaned);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      cleanText(key),
      key === sentBack ? item : cleaned(item),
    ]),
  );
}
