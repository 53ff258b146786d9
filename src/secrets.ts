/** What stands where a secret stood. */
const removed = "[key]";
/** So many characters of a secret in a row are a part of it that helps to guess the rest. */
const telling = 12;
/** What is shorter is no key, but a word ("sandbox") that replies hold for other reasons. */
const shortest = 8;
/** How often something may have been escaped: a percent sign may be escaped itself. */
const rounds = 3;

const sessionLink = /(session_?token(?:=|%3d|&#61;|&#x3d;|"\s*:\s*"))[\w.~%+-]+/gi;

/** Takes secrets out of whatever leaves the program: replies, errors, log lines, the audit log, crash output. */
export interface Redactor {
  text(text: string): string;
  /** The same for every text in a value, names of properties too; properties of the names in `others` go to those. */
  value<T>(value: T, others?: Readonly<Record<string, Redactor>>): T;
}

function redactorOf(text: Redactor["text"]): Redactor {
  const walk = (value: unknown, others: Readonly<Record<string, Redactor>>): unknown => {
    if (typeof value === "string") return text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => walk(item, others));
    const entries = Object.entries(value).map(([name, item]) => {
      const other = Object.hasOwn(others, name) ? others[name] : undefined;
      return [text(name), other ? other.value(item) : walk(item, others)];
    });
    return Object.fromEntries(entries);
  };
  return { text, value: ((value, others = {}) => walk(value, others)) as Redactor["value"] };
}

/** Several, one after the other. */
export function joined(...redactors: readonly Redactor[]): Redactor {
  return redactorOf((text) => redactors.reduce((left, one) => one.text(left), text));
}

/** Links to a session, known by their form. */
export const links: Redactor = redactorOf((text) => text.replace(sessionLink, `$1${removed}`));

/** A way to write a secret down, in small letters and digits alone, and how much of it gives the secret away. */
interface Form {
  text: string;
  run: number;
  /** One of these stands in every run; `at` is its place in the text. */
  probes: { at: number; text: string }[];
}

/**
 * Finds the secrets plain, reversed, in base64, base64url, hex, UTF-16 and character codes; escaped for URLs, JSON or
 * HTML, in part or twice; in any case; with anything between their characters that is no letter or digit; and any
 * twelve characters of them.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = secrets.filter((secret) => secret.length >= shortest);
  if (known.length === 0) return redactorOf((text) => text);
  let made: { forms: Form[]; sieve: Sieve } | undefined;
  return redactorOf((text) => {
    if (!made) {
      const forms = known.flatMap(formsOf);
      made = { forms, sieve: createSieve(forms) };
    }
    return layersOf(text).some(made.sieve) ? without(text, made.forms) : text;
  });
}

/** The sessions whose links were seen lately: what is in a link may come back without the link. */
export function createSeenLinks(kept = 5): Redactor & { note(url: string | undefined): void } {
  let tokens: string[] = [];
  let redactor = createRedactor(tokens);
  const all = redactorOf((text) => redactor.text(links.text(text)));
  return {
    ...all,
    note(url) {
      const token = url && /session_?token=([^&#]+)/i.exec(url)?.[1];
      if (!token || tokens.includes(token)) return;
      tokens = [token, ...tokens].slice(0, kept);
      redactor = createRedactor(tokens);
    },
  };
}

/** Words in the shape of a key, for mistakes in settings: the key in a wrong place is known from nowhere else. */
export function withoutKeyLike(text: string): string {
  return text.replace(/(?:v\d\.)?[\w+=-]{20,}/g, (word) =>
    /\d/.test(word) && /[a-z]/i.test(word) ? removed : word,
  );
}

function formsOf(secret: string): Form[] {
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
function base64At(bytes: Buffer, before: number): string {
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
type Sieve = (text: string) => boolean;

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
function createSieve(forms: readonly Form[]): Sieve {
  const probes = forms.flatMap((form) => form.probes.map((probe) => probe.text));
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
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

const escapes =
  /%([\da-f]{2})|\\u\{?([\da-f]{4})\}?|\\?x([\da-f]{2})|&#x([\da-f]{1,6});?|&#(\d{1,7});?|=([\da-f]{2})|(&amp;)|(\\[nrtfbv])/gi;

/** What an escape stands for; "" for a line break, and for what no text can hold. */
function unescaped([, ...groups]: readonly (string | undefined)[]): string {
  const [percent, unicode, hex, entityHex, entity, printable, amp] = groups;
  if (amp) return "&";
  const code = entity
    ? Number(entity)
    : Number.parseInt(percent ?? unicode ?? hex ?? entityHex ?? printable ?? "0", 16);
  return code > 0 && code < 0x1_0000 ? String.fromCharCode(code) : "";
}

/** The text as it stands, and with what is escaped in it read, so often as it may be. */
function layersOf(text: string): string[] {
  const layers = [text];
  let left = text;
  for (let round = 0; round < rounds; round += 1) {
    const read = left.replace(escapes, (...groups) => unescaped(groups.slice(0, 9)));
    if (read === left) break;
    layers.push(read);
    left = read;
  }
  return layers;
}

/** A character, and which piece of the original it was read from. */
interface Sign {
  sign: string;
  from: number;
  to: number;
}

/** The slow way, taken only when something was found: every layer again, with the places of its characters. */
function without(text: string, forms: readonly Form[]): string {
  let signs: Sign[] = [...text.split("")].map((sign, at) => ({ sign, from: at, to: at + 1 }));
  const spans: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    spans.push(...spansIn(signs, forms));
    signs = readOnce(signs);
  }
  let out = "";
  let done = 0;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    if (from >= done) out += `${text.slice(done, from)}${removed}`;
    done = Math.max(done, to);
  }
  return out + text.slice(done);
}

function readOnce(signs: readonly Sign[]): Sign[] {
  const text = signs.map(({ sign }) => sign).join("");
  const read: Sign[] = [];
  let done = 0;
  for (const match of text.matchAll(escapes)) {
    const end = match.index + match[0].length;
    read.push(...signs.slice(done, match.index));
    const [first, last] = [signs[match.index], signs[end - 1]];
    const sign = unescaped(match);
    if (sign && first && last) read.push({ sign, from: first.from, to: last.to });
    done = end;
  }
  return [...read, ...signs.slice(done)];
}

function spansIn(all: readonly Sign[], forms: readonly Form[]): [number, number][] {
  const signs = all.filter(({ sign }) => isBare(sign.charCodeAt(0)));
  const text = signs.map(({ sign }) => sign.toLowerCase()).join("");
  return forms.flatMap((form) =>
    form.probes.flatMap((probe) => {
      const found: [number, number][] = [];
      for (let at = text.indexOf(probe.text); at >= 0; at = text.indexOf(probe.text, at + 1)) {
        const [from, to] = wholeRun(text, at, form, probe);
        const [first, last] = [signs[from], signs[to - 1]];
        if (to - from >= form.run && first && last) found.push([first.from, last.to]);
      }
      return found;
    }),
  );
}

function wholeRun(text: string, at: number, form: Form, probe: Form["probes"][number]) {
  let [from, to] = [at, at + probe.text.length];
  const shift = probe.at - at;
  while (from > 0 && from + shift > 0 && text[from - 1] === form.text[from - 1 + shift]) from -= 1;
  while (to < text.length && text[to] === form.text[to + shift]) to += 1;
  return [from, to] as const;
}
