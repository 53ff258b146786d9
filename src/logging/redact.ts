import {
  cutOut,
  originOf,
  type Placed,
  placedReadingsOf,
  readingsOf,
  type Span,
} from "./escaped.ts";
import {
  base64At,
  createFinder,
  createSieve,
  type Finder,
  type Form,
  formsOf,
  type Sieve,
  shortest,
} from "./forms.ts";

/** What stands where a secret stood. */
const removed = "[key]";

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
export const links: Redactor = redactorOf((text) => {
  spellings ??= spellingsOf(Buffer.from(tokenName));
  const readings = readingsOf(text);
  if (!readings.some(spellings.sieve)) return text;
  const isWritten = readings.some((reading) => reading.search(sessionLink) >= 0);
  const left = isWritten ? withoutWrittenLinks(text) : text;
  return left.replace(spellings.encoded, removed);
});

/**
 * Finds the secrets plain, reversed, in base64, base64url, hex, UTF-16 and character codes; escaped for URLs, JSON or
 * HTML, in part or twice; in any case; with anything between their characters that is no letter or digit; and any
 * twelve characters of them.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = secrets.filter((secret) => secret.length >= shortest);
  if (known.length === 0) return redactorOf((text) => text);
  let forms: Form[] | undefined;
  let sieve: Sieve | undefined;
  let finder: Finder | undefined;
  return redactorOf((text) => {
    forms ??= known.flatMap(formsOf);
    sieve ??= createSieve(forms.flatMap(({ probes }) => [...probes]));
    if (!readingsOf(text).some(sieve)) return text;
    finder ??= createFinder(forms);
    return without(text, finder);
  });
}

/** Secrets that are learnt while the program runs; the latest are known. */
export interface Learning extends Redactor {
  note(secret: string): void;
  /** Whether the whole of it is known, not only a part that it shares with another. */
  knows(secret: string): boolean;
}

export function createLearning(first: readonly string[] = [], kept = 5): Learning {
  let secrets: string[] = [];
  let redactor = createRedactor(first);
  const knows = (secret: string) => secrets.includes(secret) || first.includes(secret);
  return {
    ...redactorOf((text) => redactor.text(text)),
    knows,
    note(secret) {
      if (secret === "" || knows(secret)) return;
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

/** The slow way, taken only when something was found: every reading again, with the places of its characters. */
function without(text: string, finder: Finder): string {
  return cutOut(text, placedReadingsOf(text).flatMap(finder), removed);
}

/** How the name of its token shows a link, and a link in hex or base64, from that name to the end of the run. */
let spellings: { sieve: Sieve; encoded: RegExp } | undefined;

function spellingsOf(name: Buffer) {
  const hex = name.toString("hex");
  const base64 = [0, 1, 2].map((before) => base64At(name, before));
  return {
    sieve: createSieve([tokenName, hex, ...base64]),
    encoded: new RegExp(`(?:${hex})[\\da-f]*|(?:${base64.join("|")})[\\w+/-]*`, "gi"),
  };
}

/** Links written as they are, or with a part of them escaped, such as `session%5Ftoken`. */
function withoutWrittenLinks(text: string): string {
  return cutOut(text, placedReadingsOf(text).flatMap(linksIn), removed);
}

function linksIn(reading: Placed): Span[] {
  return [...reading.text.matchAll(sessionLink)].map(({ 0: found, 1: name = "", index }) =>
    originOf(reading, index + name.length, index + found.length),
  );
}
