import { originOf, type Placed, type Span } from "./escaped.ts";

/** So many characters of a secret in a row are a part of it that helps to guess the rest. */
const telling = 12;
/** What is shorter is no key, but a word ("sandbox") that replies hold for other reasons. */
export const shortest = 8;

/** A way to write a secret down, in small letters and digits alone, and how much of it gives the secret away. */
export interface Form {
  text: string;
  run: number;
  /** One of these, which are of one length, stands in every run. */
  probes: ReadonlySet<string>;
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
  return { text: whole, run, probes: piecesOf(whole, length, step) };
}

function piecesOf(text: string, length: number, step = 1): Set<string> {
  const pieces = new Set<string>();
  for (let at = 0; at + length <= text.length; at += step) pieces.add(text.slice(at, at + length));
  return pieces;
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
 * millisecond in a reply of 4 kB. Tells `onBeginning` where a probe may begin, counted in letters and digits, until that
 * says true.
 */
function createWalk(probes: readonly string[]) {
  const beginnings = new Set(
    probes.map((probe) =>
      [...probe.slice(0, gram)].reduce((code, sign) => (code << 6) | Number.parseInt(sign, 36), 0),
    ),
  );
  const bits = new Uint8Array(2 ** sieveBits);
  for (const code of beginnings) bits[place(code)] = 1;
  return (text: string, onBeginning: (start: number) => boolean): boolean => {
    let code = 0;
    let passed = 0;
    for (let at = 0; at < text.length; at += 1) {
      const six = sixBitsOf(text.charCodeAt(at));
      if (six < 0) continue;
      passed += 1;
      code = ((code << 6) | six) & gramMask;
      if (bits[place(code)] === 1 && beginnings.has(code) && onBeginning(passed - gram))
        return true;
    }
    return false;
  };
}

/** Whether a probe stands in a text, whatever stands between its letters and digits. */
export type Sieve = (text: string) => boolean;

export function createSieve(given: readonly string[]): Sieve {
  const probes = new Set(given.map(bare));
  const lengths = new Set([...probes].map((probe) => probe.length));
  const walk = createWalk([...probes]);
  return (text) => {
    let layer: string | undefined;
    return walk(text, (start) => {
      layer ??= bare(text);
      for (const length of lengths) if (probes.has(layer.slice(start, start + length))) return true;
      return false;
    });
  };
}

function isBare(code: number): boolean {
  return (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123);
}

function bare(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, "").toLowerCase();
}

/** Where a reading holds a run of a form. */
export type Finder = (reading: Placed) => Span[];

/**
 * In one walk too, and by windows of the length of a run, which together are the longer runs: to follow each run from
 * each probe in it took a minute and a half where the secret and the text were the same letter over and over.
 */
export function createFinder(forms: readonly Form[]): Finder {
  const walk = createWalk(forms.flatMap(({ probes }) => [...probes]));
  const sought = forms.map((form) => ({ ...form, windows: piecesOf(form.text, form.run) }));
  return (reading) => {
    const text = bare(reading.text);
    const places = placesOfBare(reading.text, text.length);
    const collectors = sought.map((form) => collect(form, text));
    walk(text, (start) => {
      for (const { at } of collectors) at(start);
      return false;
    });
    const runs = collectors.flatMap((collector) => collector.runs);
    return runs.map(([from, to]) =>
      originOf(reading, places[from] ?? 0, (places[to - 1] ?? 0) + 1),
    );
  };
}

/** The runs of one form in a text. `at` is to be told, in their order, of all places where a probe may begin. */
function collect(
  { run, probes, windows }: Form & { windows: ReadonlySet<string> },
  text: string,
): { runs: Span[]; at(start: number): void } {
  const [probe = ""] = probes;
  const runs: [number, number][] = [];
  let done = 0;
  return {
    runs,
    at(start) {
      if (!probes.has(text.slice(start, start + probe.length))) return;
      for (let from = Math.max(done, start + probe.length - run); from <= start; from += 1) {
        if (!windows.has(text.slice(from, from + run))) continue;
        const last = runs.at(-1);
        if (last && from < last[1]) last[1] = from + run;
        else runs.push([from, from + run]);
      }
      done = start + 1;
    },
  };
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
