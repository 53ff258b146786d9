/**
 * Removes from upstream text the characters that people cannot see, but that could instruct a model: format and
 * bidirectional controls, zero-width and tag characters, variation selectors, noncharacters, and control characters
 * other than tabs and line breaks. U+2028 and U+2029 become "\n", because some readers break lines there and others do
 * not.
 */
export function cleanText(text: string): string {
  return isClean(text) ? text : text.replace(otherBreaks, "\n").replace(invisibles, "");
}

/** Matches most texts, and is ten times cheaper than the character classes below. */
const plain = /^[\n\t\x20-\x7e]*$/;
/** Line breaks and tabs stay, and so do the format characters of Arabic numbers and verses, which are visible. */
const pattern =
  "(?![\\n\\t\\u0600-\\u0605\\u06DD\\u08E2])[\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\p{Cf}\\p{Co}\\p{Cs}\\p{Cc}]";
const unclean = new RegExp(`${pattern}|[\\u2028\\u2029]`, "u");
const invisibles = new RegExp(pattern, "gu");
const otherBreaks = /[\u2028\u2029]/g;

/**
 * `cleanText` for every text in parsed JSON, keys included. The value under the key `untouched` stays as it is. If
 * there is nothing to remove, the value itself is returned, not a copy.
 */
export function cleanValue<T>(value: T, untouched?: string): T;
export function cleanValue(value: unknown, untouched?: string): unknown {
  return isClean(value, untouched) ? value : cleaned(value, untouched);
}

/** JSON in which each character that `cleanText` would remove is escaped, for a log that must keep everything. */
export function escapedJson(value: unknown): string {
  const escaped = (character: string) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
  return JSON.stringify(value).replace(otherBreaks, escaped).replace(invisibles, escaped);
}

function isClean(value: unknown, untouched?: string): boolean {
  if (typeof value === "string") return plain.test(value) || !unclean.test(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => isClean(item, untouched));
  // Parsed JSON has no inherited keys, and for...in is three times as fast as Object.entries.
  for (const key in value) {
    if (!isClean(key)) return false;
    if (key !== untouched && !isClean(value[key as keyof typeof value], untouched)) return false;
  }
  return true;
}

function cleaned(value: unknown, untouched?: string): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, untouched));
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const name = cleanText(key);
    // A key with hidden characters must not replace the real one.
    if (name !== key && Object.hasOwn(value, name)) return [];
    return [[name, key === untouched ? item : cleaned(item, untouched)]];
  });
  return Object.fromEntries(entries);
}
