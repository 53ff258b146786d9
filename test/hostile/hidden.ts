/**
 * Code points that a user does not see and a model may read. Taken from the Unicode charts, and deliberately not from the
 * character classes that the program uses.
 */
const hiddenRanges = `
  00-08 0b-1f 7f-9f ad-ad 34f-34f 61c-61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164-3164
  d800-dfff e000-f8ff fdd0-fdef fe00-fe0f feff-feff ffa0-ffa0 fff0-fffb fffe-ffff 1bca0-1bca3 1d173-1d17a
  e0000-e0fff f0000-10ffff`
  .trim()
  .split(/\s+/)
  .map((range) => range.split("-").map((end) => Number.parseInt(end, 16)));

/** One of each kind, and some that have been used to hide messages. */
export const hiddenCharacters = [
  ..."\u0000\u0007\u0008\u000b\u000c\r\u001b\u007f\u0085\u009b",
  ..."\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e",
  ..."\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202e",
  ..."\u2060\u2063\u2065\u2066\u2069\u206a\u3164\ufe00\ufe0f",
  ..."\ufeff\uffa0\ufff0\ufff9\ue000\ufdd0\uffff",
  ..."\u{1bca0}\u{1d173}\u{e0001}\u{e0100}\u{e01ef}\u{e0fff}\u{f0000}\u{10fffd}\u{1fffe}",
  // Halves of pairs, alone and in the wrong order; and a tag with its end.
  "\udbff",
  "\udc00",
  "\udfff\ud800",
  "\u{e0041}\u{e007f}",
];

/** The hidden code points of a text, in hexadecimal. */
export function hiddenIn(text: string): string[] {
  return [...text]
    .map((character) => character.codePointAt(0) ?? 0)
    .filter((code) => hiddenRanges.some(([from = 0, to = from]) => code >= from && code <= to))
    .map((code) => code.toString(16));
}

/** Every text in a value: also property names, and texts inside JSON texts. */
export function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") {
    yield value;
    if (/^[[{]/.test(value)) yield* textsIn(parsed(value));
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    yield name;
    yield* textsIn(item);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Poison {
  text: string;
  where: "start" | "middle" | "end";
  /** True to leave alone what our code must recognise exactly: ids, API names, codes. */
  spare: boolean;
  /** True to add properties with poisoned names, too. */
  names: boolean;
}

const known =
  /^(id|ids|api_name|data_type|json_type|status|action|code|connection_id|generated_type|maps|type|creation_time|permission_type|[A-Z]\w*_Time)$/;

/** The same value with something hidden in each of its texts. */
export function poisoned(value: unknown, poison: Poison, key = ""): unknown {
  if (typeof value === "string")
    return poison.spare && known.test(key) ? value : laced(value, poison);
  if (Array.isArray(value)) return value.map((item) => poisoned(item, poison, key));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, poisoned(item, poison, name)]);
  if (poison.names && entries.length > 0)
    entries.push(
      [laced("Extra", poison), laced("added", poison)],
      ["actual_value", laced("x", poison)],
    );
  return Object.fromEntries(entries);
}

export function laced(text: string, { text: poison, where }: Poison): string {
  const at = { start: 0, middle: Math.ceil(text.length / 2), end: text.length }[where];
  return text.slice(0, at) + poison + text.slice(at);
}
