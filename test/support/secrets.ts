import { expect, onTestFinished } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import type { Running } from "./program.ts";

/** A key as long as Maton's, with characters that encodings treat differently. */
export const keyOf = (name: string) =>
  `v2.${name}_Qa7-Zk9Xw3Lm5Pq8Rt1Vb6Yn4Hs0Jd_fG2cEuTi9oAxKe7Wr5`;
export const key = keyOf("ada");

const hex = (char: string, digits: number) => char.charCodeAt(0).toString(16).padStart(digits, "0");
const percent = (char: string) => `%${hex(char, 2)}`;
const jsonEscape = (char: string) => `\\u${hex(char, 4)}`;
const inBase64 = (text: string) => Buffer.from(text).toString("base64");
/** Escapes two characters of three, and always those that escapes are written with. */
const some = (text: string, write: (char: string) => string) =>
  [...text].map((char, at) => (at % 3 === 0 && !/[%\\"]/.test(char) ? char : write(char))).join("");

/** The spellings in which the redactor finds a secret of visible ASCII characters. */
export const spellings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  "small letters": (text) => text.toLowerCase(),
  "capital letters": (text) => text.toUpperCase(),
  "percent-encoded": (text) => encodeURIComponent(text),
  "percent-encoded, all": (text) => [...text].map(percent).join("").toUpperCase(),
  "percent-encoded, some": (text) => some(text, percent),
  JSON: (text) => JSON.stringify(text).slice(1, -1),
  "JSON in JSON": (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
  "JSON escapes, all": (text) => [...text].map(jsonEscape).join(""),
  "JSON escapes, some": (text) => some(text, jsonEscape),
  base64: inBase64,
  "base64 after one byte": (text) => inBase64(`:${text}`),
  "base64 after two bytes": (text) => inBase64(`::${text}`),
  base64url: (text) => Buffer.from(`Bearer ${text}`).toString("base64url"),
  hex: (text) => Buffer.from(text).toString("hex"),
  HEX: (text) => Buffer.from(text).toString("hex").toUpperCase(),
};

/** How a text contains a secret. It decodes the text, where the redactor encodes the secret. */
export function leaks(text: string, secret: string): string[] {
  const unescaped = (given: string) =>
    given.replace(
      /%([\da-f]{2})|\\u([\da-f]{4})|\\(["\\/])/gi,
      (_, byte, unit, char) => char ?? String.fromCharCode(Number.parseInt(byte ?? unit, 16)),
    );
  const decoded = (pattern: RegExp, encoding: "base64" | "hex", offsets: number[]) =>
    (text.match(pattern) ?? []).flatMap((run) =>
      offsets.map((offset) => Buffer.from(run.slice(offset), encoding).toString()),
    );
  const readings: [string, string[]][] = [
    ["plain", [text]],
    ["escaped", [unescaped(text), unescaped(unescaped(text))]],
    ["base64", decoded(/[\w+/-]{10,}/g, "base64", [0, 1, 2, 3])],
    ["hex", decoded(/[\da-f]{16,}/gi, "hex", [0, 1])],
  ];
  const sought = secret.toLowerCase();
  return readings.flatMap(([how, texts]) =>
    texts.some((one) => one.toLowerCase().includes(sought)) ? [how] : [],
  );
}

/** Fails on the first line of these texts that contains the secret. */
export function expectNoLeak(texts: readonly string[], secret: string) {
  for (const line of texts.flatMap((text) => text.split("\n")))
    if (leaks(line, secret).length > 0)
      expect.fail(`leaks ${leaks(line, secret)}: ${line.slice(0, 2000)}`);
}

/** The sandbox on a port, with `key` as the key of its account. */
export async function upstream() {
  const served = await serveSandbox({ port: 0, key });
  onTestFinished(() => served.close());
  return served;
}

export const printed = (program: Running) => [program.stdout(), program.stderr()];

/** Code for `NODE_OPTIONS=--import=`. */
export const imported = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
const theKey = "(process.env.MATON_API_KEY ?? process.env.OTHER)";
/** Creates an error that holds the key from the environment. */
export const badKey = `new Error('bad ' + ${theKey} + ' ' + btoa(${theKey}), { cause: new Error(${theKey}) })`;
export const crashOnSignal = imported(`process.on("SIGUSR2", () => { throw ${badKey} })`);
