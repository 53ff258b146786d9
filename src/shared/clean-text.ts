/**
 * Takes out of what upstream sent whatever nobody can see and a model may obey: format and bidirectional controls,
 * zero-width and tag characters, variation selectors, characters that are none, and control characters but line breaks
 * and tabs. A line break is "\n", because some readers of lines break at others too.
 */
export function cleanText(text: string): string {
  return isClean(text) ? text : text.replace(otherBreaks, "\n").replace(invisibles, "");
}

/** Most text by far; tried first because it is ten times cheaper than the classes below. */
const plain = /^[\n\t\x20-\x7e]*$/;
/** Line breaks and tabs, and the signs of Arabic numbers and verses, which are seen, stay. */
const pattern =
  "(?![\\n\\t\\u0600-\\u0605\\u06DD\\u08E2])[\\p{Default_Ignorable_Code_Point}\\p{Noncharacter_Code_Point}\\p{Cf}\\p{Co}\\p{Cs}\\p{Cc}]";
const unclean = new RegExp(`${pattern}|[\\u2028\\u2029]`, "u");
const invisibles = new RegExp(pattern, "gu");
const otherBreaks = /[\u2028\u2029]/g;

/**
 * The same for everything a parsed answer holds, keys too; what stands under the key `asItCame` is left. An answer with
 * nothing to take out is not copied.
 */
export function clean<T>(value: T, asItCame?: string): T;
export function clean(value: unknown, asItCame?: string): unknown {
  return isClean(value, asItCame) ? value : cleaned(value, asItCame);
}

/** JSON, with every sign that `cleanText` would take out written as an escape: for a file that must lose nothing. */
export function escapedJson(value: unknown): string {
  const written = (sign: string) =>
    sign
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join("");
  return JSON.stringify(value).replace(otherBreaks, written).replace(invisibles, written);
}

function isClean(value: unknown, asItCame?: string): boolean {
  if (typeof value === "string") return plain.test(value) || !unclean.test(value);
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => isClean(item, asItCame));
  // Parsed JSON has no inherited keys, and this is three times as fast as listing the entries.
  for (const key in value) {
    if (!isClean(key)) return false;
    if (key !== asItCame && !isClean(value[key as keyof typeof value], asItCame)) return false;
  }
  return true;
}

function cleaned(value: unknown, asItCame?: string): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cleaned(item, asItCame));
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const name = cleanText(key);
    // A name with something hidden in it does not take the place of the true one.
    if (name !== key && Object.hasOwn(value, name)) return [];
    return [[name, key === asItCame ? item : cleaned(item, asItCame)]];
  });
  return Object.fromEntries(entries);
}
