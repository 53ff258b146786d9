/** The values of a JSON array in a text; undefined if the text is not one. */
export function arrayIn(text: string): unknown[] | undefined {
  if (!text.trimStart().startsWith("[")) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    // Plain text that begins with a bracket.
    return undefined;
  }
}

/** A part in quotation marks up to the next comma, or else everything up to it. */
const aPart = /\s*(?:"((?:[^"\\]|\\[\s\S]|"")*)"\s*(?=,|$)|([^,]*))(?:,|$)/y;

/** The parts of a text between its commas, without empty ones. Commas inside a part in quotation marks are part of it. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  aPart.lastIndex = 0;
  while (aPart.lastIndex < text.length) {
    const [, quoted, plain = ""] = aPart.exec(text) ?? [];
    parts.push(quoted?.replace(/\\(["\\])|""/g, (_, escaped) => escaped ?? '"') ?? plain.trim());
  }
  return parts.filter((part) => part.trim() !== "");
}

/**
 * The values in a text: the whole text if it is a known value, or else its parts. So a comma in a value does not split it,
 * and several values can be written as people write them.
 */
export async function valuesIn(
  text: string,
  isKnown: (text: string) => boolean | Promise<boolean>,
): Promise<string[]> {
  const parts = partsOf(text);
  return text.includes(",") && (await isKnown(text.trim())) ? [text.trim()] : parts;
}
