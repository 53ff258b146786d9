/**
 * What nobody sees and a model may read, by code points: written down from the Unicode charts, and on purpose not with
 * the classes that the program uses.
 */
const ranges: readonly [number, number][] = [
  ...([
    [0x00, 0x08],
    [0x0b, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
  ] as [number, number][]),
  ...([
    [0x34f, 0x34f],
    [0x61c, 0x61c],
    [0x115f, 0x1160],
    [0x17b4, 0x17b5],
  ] as [number, number][]),
  ...([
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
  ] as [number, number][]),
  ...([
    [0x3164, 0x3164],
    [0xd800, 0xdfff],
    [0xe000, 0xf8ff],
    [0xfdd0, 0xfdef],
  ] as [number, number][]),
  ...([
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xfffb],
  ] as [number, number][]),
  ...([
    [0xfffe, 0xffff],
    [0x1bca0, 0x1bca3],
    [0x1d173, 0x1d17a],
  ] as [number, number][]),
  ...([
    [0xe0000, 0xe0fff],
    [0xf0000, 0x10ffff],
  ] as [number, number][]),
];

/** One of each kind, and some that people have hidden messages with. */
export const hiddenSigns = [
  ...[
    "\u0000",
    "\u0007",
    "\u0008",
    "\u000b",
    "\u000c",
    "\r",
    "\u001b",
    "\u007f",
    "\u0085",
    "\u009b",
  ],
  ...["\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180e"],
  ...["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e"],
  ...["\u2060", "\u2063", "\u2065", "\u2066", "\u2069", "\u206a", "\u3164", "\ufe00", "\ufe0f"],
  ...[
    "\ufeff",
    "\uffa0",
    "\ufff0",
    "\ufff9",
    "\ue000",
    "\ufdd0",
    "\uffff",
    "\udbff",
    "\udc00",
    "\udfff\ud800",
  ],
  ...["\u{1bca0}", "\u{1d173}", "\u{e0001}", "\u{e0041}\u{e007f}", "\u{e0100}", "\u{e01ef}"],
  ...["\u{e0fff}", "\u{f0000}", "\u{10fffd}", "\u{1fffe}"],
];

/** The code points in a text that nobody sees, in hexadecimal. */
export function hiddenIn(text: string): string[] {
  return [...text]
    .map((sign) => sign.codePointAt(0) ?? 0)
    .filter((code) => ranges.some(([from, to]) => code >= from && code <= to))
    .map((code) => code.toString(16));
}

/** Every text a value holds, names too, and those in JSON that is text. */
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
  /** Leaves what our own code must know again sign by sign: ids, API names, codes. */
  spare: boolean;
  /** Adds names to objects, too. */
  names: boolean;
}

const known =
  /^(id|ids|api_name|data_type|json_type|status|action|code|connection_id|generated_type|maps|type|creation_time|permission_type|[A-Z]\w*_Time)$/;

/** The same value with something hidden in every text of it. */
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
