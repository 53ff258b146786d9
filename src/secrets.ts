import { cutOut, readingsOf, type Sign, type Span, signsOf, textOf } from "./escaped.ts";

/** What stands where a secret stood. */
const removed = "[key]";
/** So many characters of a secret in a row are a part of it that helps to guess the rest. */
const telling = 12;
/** What is shorter is no key, but a word ("sandbox") that replies hold for other reasons. */
const shortest = 8;

const sessionLink = /(session_?token(?:=|%3d|&#61;|&#x3d;|"\s*:\s*"))[\w.~%+-]+/gi;
const tokenName = "session_token";

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
    if (Array.isArray(value)) {
      const isSplit = splitOver(value, text);
      return value.map((item) => (isSplit && mayBePiece(item) ? removed : walk(item, others)));
    }
    const entries = Object.entries(value).map(([name, item]) => {
      const other = Object.hasOwn(others, name) ? others[name] : undefined;
      return [text(name), other ? other.value(item) : walk(item, others)];
    });
    return Object.fromEntries(entries);
  };
  return { text, value: ((value, others = {}) => walk(value, others)) as Redactor["value"] };
}

/** Whether the texts of a list say together what none of them says alone: the cells of a row are read in one go. */
function splitOver(list: readonly unknown[], text: Redactor["text"]): boolean {
  const texts = list.filter((item) => typeof item === "string");
  return texts.length > 1 && text(texts.join("\n")) !== texts.map(text).join("\n");
}

/** All texts but ids and other numbers. */
function mayBePiece(item: unknown): boolean {
  return typeof item === "string" && !/^\d*$/.test(item);
}

/** Several, one after the other. */
export function joined(...redactors: readonly Redactor[]): Redactor {
  return redactorOf((text) => redactors.reduce((left, one) => one.text(left), text));
}

/** Links to a session, known by their form, also in hex or base64 and with anything in them escaped. */
export const links: Redactor = redactorOf((text) =>
  withoutEscapedLinks(text).replace(encodedLink(), removed),
);

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
  let made: { forms: Form[]; probes: string[] } | undefined;
  return redactorOf((text) => {
    if (!made) {
      const forms = known.flatMap(formsOf);
      made = { forms, probes: forms.flatMap(({ probes }) => probes.map((probe) => probe.text)) };
    }
    const { forms, probes } = made;
    const isFound = readingsOf(text)
      .map(bare)
      .some((layer) => probes.some((probe) => layer.includes(probe)));
    return isFound ? without(text, forms) : text;
  });
}

/** Secrets that are learnt while the program runs; the latest are known. */
export interface Learning extends Redactor {
  note(secret: string): void;
}

export function createLearning(first: readonly string[] = [], kept = 5): Learning {
  let secrets: string[] = [];
  let redactor = createRedactor(first);
  return {
    ...redactorOf((text) => redactor.text(text)),
    note(secret) {
      if (secret === "" || secrets.includes(secret) || first.includes(secret)) return;
      secrets = [secret, ...secrets].slice(0, kept);
      redactor = createRedactor([...first, ...secrets]);
    },
  };
}

/** The sessions whose links were seen lately: what is in a link may come back without the link. */
export function createSeenLinks(): Redactor & { note(url: string | undefined): void } {
  const tokens = createLearning();
  return {
    ...joined(links, tokens),
    note: (url) => tokens.note((url && /session_?token=([^&#]+)/i.exec(url)?.[1]) || ""),
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

function isBare(code: number): boolean {
  return (code > 47 && code < 58) || (code > 64 && code < 91) || (code > 96 && code < 123);
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

/** The slow way, taken only when something was found: every reading again, with the places of its characters. */
function without(text: string, forms: readonly Form[]): string {
  const spans = signsOf(text).flatMap((signs) => spansIn(signs, forms));
  return cutOut(text, spans, removed);
}

let encoded: RegExp | undefined;

/** A link in hex or base64, from the name of its token to the end of the run. */
function encodedLink(): RegExp {
  encoded ??= madeOf(Buffer.from(tokenName));
  return encoded;
}

function madeOf(name: Buffer): RegExp {
  const base64 = [0, 1, 2].map((before) => base64At(name, before)).join("|");
  return new RegExp(`(?:${name.toString("hex")})[\\da-f]*|(?:${base64})[\\w+/-]*`, "gi");
}

/** Links of which a part is escaped, such as `session%5Ftoken`. */
function withoutEscapedLinks(text: string): string {
  const isThere = readingsOf(text).some((reading) => reading.search(sessionLink) >= 0);
  return isThere ? cutOut(text, signsOf(text).flatMap(linksIn), removed) : text;
}

function linksIn(signs: readonly Sign[]): Span[] {
  return [...textOf(signs).matchAll(sessionLink)].flatMap(({ 0: found, 1: name = "", index }) => {
    const [first, last] = [signs[index + name.length], signs[index + found.length - 1]];
    return first && last ? [[first.from, last.to] as const] : [];
  });
}

function spansIn(all: readonly Sign[], forms: readonly Form[]): Span[] {
  const signs = all.filter(({ sign }) => isBare(sign.charCodeAt(0)));
  const text = signs.map(({ sign }) => sign.toLowerCase()).join("");
  return forms.flatMap((form) =>
    form.probes.flatMap((probe) => {
      const found: Span[] = [];
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
