import { originOf, type Placed, type Span } from "./escaped.ts";

/** So many characters of a secret in a row are a part of it that helps to guess the rest. */
const telling = 12;
/** What is shorter is no key, but a word ("sandbox") that replies hold for other reasons. */
export const shortest = 8;

/** A way to write a secret down, in small letters and digits alone, and how much of it gives the secret away. */
export interface Form {
  text: string;
  run: number;
  /** One of these stands in every run; `at` is its place in the text. */
  probes: { at: number; text: string }[];
}

export function formsOf(secret: string): Form[] {
  const part = Math.min(telling, secret.length);
  const bytes = Buffer.from(secret);
  const wide = Buffer.from(secret, "utf16le");
  const codes = [...bytes].map(String);
  const aligned = (source: Buffer, window: number) =>
    [0, 1, 2].map((before) => formOf(base64At(source, before), window));
  return [
    formOf(secret, part),
    formOf([...secret].toReversed().join(""), part),
    formOf(bytes.toString("hex"), part * 2),
    formOf(wide.toString("hex"), part * 4 - 2),
    // Of two or three digits each.
    formOf(codes.join(""), part * 2),
    // Up to two signs at either end hold bits of what stands beside.
    ...aligned(bytes, Math.floor((part * 8) / 6) - 1),
    ...aligned(wide, Math.floor((part * 16) / 6) - 2),
  ].flatMap((form) => form ?? []);
}

/** As base64 shows it behind so many other bytes, without the signs that depend on those. */
export function base64At(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  const whole = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((before * 8) / 6), whole);
}

/** Undefined where too few letters and digits are in it to tell it from other text. */
function formOf(text: string, window: number): Form | undefined {
  const run = fewest(text, window);
  if (run < shortest) return undefined;
  const whole = bare(text);
  const length = Math.ceil((run + 1) / 2);
  const step = run - length + 1;
  const probes = [];
  for (let at = 0; at + length <= whole.length; at += step)
    probes.push({ at, text: whole.slice(at, at + length) });
  return { text: whole, run, probes };
}

/** How many letters and digits a window of the text holds at least. */
function fewest(text: string, window: number): number {
  let inside = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < text.length; at += 1) {
    if (isBare(text.charCodeAt(at))) inside += 1;
    if (at >= window && isBare(text.charCodeAt(at - window))) inside -= 1;
    if (at >= window - 1) least = Math.min(least, inside);
  }
  return Math.min(least, text.length < window ? inside : least);
}

/** Whether a probe stands in a text, whatever stands between its letters and digits. */
export type Sieve = (text: string) => boolean;

/** So many letters and digits begin every probe, and tell one from most of other text. */
const gram = 5;
const gramMask = 2 ** (6 * gram) - 1;
const sixBits = Int8Array.from({ length: 128 }, (_, code) =>
  isBare(code) ? Number.parseInt(String.fromCharCode(code), 36) : -1,
);
/** Six bits for each letter, in any case, and each digit; -1 for anything else. */
const sixBitsOf = (code: number) => (code < sixBits.length ? (sixBits[code] ?? -1) : -1);
const sieveBits = 13;
const place = (code: number) => Math.imul(code, 0x9e37_79b1) >>> (32 - sieveBits);

/**
 * Goes through a text once, for all probes together: to look for a hundred of them one after the other took a third of a
 * millisecond in a reply of 4 kB.
 */
export function createSieve(given: readonly string[]): Sieve {
  const probes = given.map(bare);
  const beginnings = new Set(
    probes.map((probe) =>
      [...probe.slice(0, gram)].reduce((code, sign) => (code << 6) | Number.parseInt(sign, 36), 0),
    ),
  );
  const bits = new Uint8Array(2 ** sieveBits);
  for (const code of beginnings) bits[place(code)] = 1;
  return (text) => {
    let code = 0;
    for (let at = 0; at < text.length; at += 1) {
      const six = sixBitsOf(text.charCodeAt(at));
      if (six < 0) continue;
      code = ((code << 6) | six) & gramMask;
      if (bits[place(code)] === 0 || !beginnings.has(code)) continue;
      const layer = bare(text);
      return probes.some((probe) => layer.includes(probe));
    }
    return false;
  };
}

function isBare(code: number): boolean {
  return (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123);
}

function bare(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, "").toLowerCase();
}

export function spansIn(reading: Placed, forms: readonly Form[]): Span[] {
  const text = bare(reading.text);
  const places = placesOfBare(reading.text, text.length);
  return forms.flatMap((form) =>
    form.probes.flatMap((probe) => {
      const found: Span[] = [];
      for (let at = text.indexOf(probe.text); at >= 0; at = text.indexOf(probe.text, at + 1)) {
        const [from, to] = wholeRun(text, at, form, probe);
        if (to - from >= form.run)
          found.push(originOf(reading, places[from] ?? 0, (places[to - 1] ?? 0) + 1));
      }
      return found;
    }),
  );
}

function placesOfBare(text: string, count: number): Uint32Array {
  const places = new Uint32Array(count);
  let done = 0;
  for (let at = 0; at < text.length; at += 1)
    if (isBare(text.charCodeAt(at))) {
      places[done] = at;
      done += 1;
    }
  return places;
}

function wholeRun(text: string, at: number, form: Form, probe: Form["probes"][number]) {
  let [from, to] = [at, at + probe.text.length];
  const shift = probe.at - at;
  while (from > 0 && from + shift > 0 && text[from - 1] === form.text[from - 1 + shift]) from -= 1;
  while (to < text.length && text[to] === form.text[to + shift]) to += 1;
  return [from, to] as const;
}
