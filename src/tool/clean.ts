/**
 * Takes out of everything upstream sent what nobody can see and a model may obey: format and bidirectional
 * controls, zero-width and tag characters, variation selectors, and control characters but line breaks and tabs.
 */
export function cleanText(text: string): string {
  return invisible.test(text) ? text.replace(invisibles, "") : text;
}

const pattern =
  "[\\p{Cf}\\p{Co}\\p{Cs}\\u{115F}\\u{1160}\\u{3164}\\u{FFA0}\\u{FE00}-\\u{FE0F}\\u{E0100}-\\u{E01EF}]|(?![\\n\\t])\\p{Cc}";
const invisible = new RegExp(pattern, "u");
const invisibles = new RegExp(pattern, "gu");

/** The same for whatever a parsed answer holds. */
export function clean(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleanText(key), clean(item)]),
  );
}
