import { settingNames } from "../shared/setting-names.ts";

/** The text that replaces each secret. */
const removed = "[key]";
/** Shorter values, such as the sandbox's key "sandbox", are ordinary words that replies contain for other reasons. */
const shortest = 8;

/** Part of a text: from one index up to, not including, another. */
type Span = readonly [from: number, to: number];

/** Removes secrets from everything that leaves the program: replies, errors, log lines, the audit log, crash output. */
export interface Redactor {
  text(text: string): string;
  /** Redacts every string in a JSON value, including property names. */
  value<T>(value: T): T;
  /** Finds the secrets in a text as it is, without decoding its escapes. */
  find(text: string): Span[];
}

/**
 * Finds the secrets as they are, in lower case and in upper case, percent-encoded, JSON-escaped, and in base64,
 * base64url and hex. Values too short to be secrets, placeholders and names of settings are ignored.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  let forms: string[] | undefined;
  return redactorOf((text) => {
    forms ??= [...new Set(secrets.filter(isSecret).flatMap(formsOf))];
    return forms.flatMap((form) => occurrences(text, form));
  });
}

/** A redactor that finds what any of the given ones finds. */
export function joinRedactors(...redactors: readonly Redactor[]): Redactor {
  return redactorOf((text) => redactors.flatMap(({ find }) => find(text)));
}

/** Secrets that become known while the program runs; the latest ones are kept. */
export interface LearningRedactor extends Redactor {
  note(secret: string): void;
  knows(secret: string): boolean;
}

/** Redacts `first` permanently, and the latest `kept` of the secrets that are noted later. */
export function createLearningRedactor(first: readonly string[] = [], kept = 5): LearningRedactor {
  let secrets: string[] = [];
  let redactor = createRedactor(first);
  const knows = (secret: string) => secrets.includes(secret) || first.includes(secret);
  return {
    ...redactorOf((text) => redactor.find(text)),
    knows,
    note(secret) {
      if (secret === "" || knows(secret)) return;
      secrets = [secret, ...secrets].slice(0, kept);
      redactor = createRedactor([...first, ...secrets]);
    },
  };
}

const tokenName = Buffer.from("session_token");
const encodedName = [tokenName.toString("hex"), ...base64Of(tokenName)].join("|");
const sessionLink = new RegExp(
  String.raw`session_?token(?:=|\\{0,3}"\s*:\s*\\{0,3}")([\w.~%+-]+)|(?:${encodedName})[\w+/-]*`,
  "gi",
);

/** Removes the token of every session link, recognised by its name; in hex and base64 all that follows the name. */
export const sessionLinks: Redactor = redactorOf((text) =>
  [...text.matchAll(sessionLink)].map(({ 0: found, 1: token = found, index }) => {
    const end = index + found.length;
    return [end - token.length, end];
  }),
);

/** Removes session links, and the tokens of the latest five noted links wherever they occur. */
export function createSessionLinkRedactor(): Redactor & { note(url: string | undefined): void } {
  const tokens = createLearningRedactor();
  return {
    ...joinRedactors(sessionLinks, tokens),
    note: (url) => tokens.note((url && /session_?token=([^&#]+)/i.exec(url)?.[1]) || ""),
  };
}

/**
 * Removes words that look like a key: at least 20 characters, with letters and digits. For messages about mistakes in
 * settings and headers: a key in the wrong place is not among the known secrets.
 */
export function withoutKeyLike(text: string): string {
  return text.replace(/(?:v\d\.)?[\w+=-]{20,}/g, (word) =>
    /\d/.test(word) && /[a-z]/i.test(word) ? removed : word,
  );
}

/**
 * False for short values, placeholders and names of settings. A host may pass on `${MATON_API_KEY}` without expanding
 * it, and our own advice has this name.
 */
function isSecret(text: string): boolean {
  if (/^\$\{.*\}$|^\{env:.*\}$/.test(text)) return false;
  const name = text
    .replace(/^(?:\$|%|--)|%$/g, "")
    .replaceAll("-", "_")
    .toUpperCase();
  return name.length >= shortest && !settingNames.some((known) => known.includes(name));
}

function formsOf(secret: string): string[] {
  const quoted = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  const base64 = base64Of(bytes);
  return [
    secret,
    secret.toLowerCase(),
    secret.toUpperCase(),
    quoted,
    quoted.replaceAll("/", "\\/"),
    JSON.stringify(quoted).slice(1, -1),
    // Percent-encoding is read byte by byte.
    bytes.toString("latin1"),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
  ];
}

/** Base64 of bytes that follow zero, one or two others, without the characters that depend on the bytes around them. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
  });
}

function occurrences(text: string, form: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
    found.push([at, at + form.length]);
  return found;
}

function redactorOf(find: Redactor["find"]): Redactor {
  const text = (given: string) => cutOut(given, [...find(given), ...findEscaped(given, find)]);
  function value<T>(given: T): T;
  function value(given: unknown): unknown {
    if (typeof given === "string") return given.length < shortest ? given : text(given);
    if (typeof given !== "object" || given === null) return given;
    if (Array.isArray(given)) return given.map(value);
    const entries = Object.entries(given);
    return Object.fromEntries(entries.map(([name, item]) => [text(name), value(item)]));
  }
  return { text, value, find };
}

function cutOut(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const kept: string[] = [];
  let done = 0;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    if (from >= done) kept.push(text.slice(done, from));
    done = Math.max(done, to);
  }
  return [...kept, text.slice(done)].join(removed);
}

const escapes = /%u[\da-f]{4}|%[\da-f]{2}|\\{1,4}u[\da-f]{4}/gi;

/** Finds secrets written with `%41` or `\u0041`, also after several backslashes, as in JSON inside JSON. */
function findEscaped(text: string, find: Redactor["find"]): Span[] {
  if (text.search(escapes) < 0) return [];
  // `unescape` reads %41 and %u0041, leaves the rest as it is, and takes 10 ms for 4 MB.
  const spans = find(unescape(text.replace(/\\{1,4}(?=u[\da-f]{4})/gi, "%")));
  if (spans.length === 0) return [];
  const origins = originsOf(text);
  return spans.map(([from, to]) => [origins[from] ?? 0, origins[to] ?? text.length]);
}

/** For each character of the unescaped text, its index in `text`. */
function originsOf(text: string): number[] {
  const origins: number[] = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(escapes)) {
    for (; at <= index; at += 1) origins.push(at);
    at = index + found.length;
  }
  for (; at <= text.length; at += 1) origins.push(at);
  return origins;
}
