/** A key as Maton's are: longer than a line of base64 is, with signs that encodings treat differently. */
export const keyOf = (name: string) =>
  `v2.${name}_Qa7-Zk9Xw3Lm5Pq8Rt1Vb6Yn4Hs0Jd_fG2cEuTi9oAxKe7Wr5`;

const each = (text: string, spell: (code: number, at: number) => string) =>
  [...text].map((sign, at) => spell(sign.charCodeAt(0), at)).join("");
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
const sign = (code: number) => String.fromCharCode(code);

/** Every way a test could think of to write a secret down. */
export const spellings: Record<string, (text: string) => string> = {
  plain: (text) => text,
  reversed: (text) => [...text].toReversed().join(""),
  "upper case": (text) => text.toUpperCase(),
  base64: (text) => Buffer.from(text).toString("base64"),
  base64url: (text) => Buffer.from(text).toString("base64url"),
  "base64 behind one byte": (text) => Buffer.from(`:${text}`).toString("base64"),
  "base64 behind a scheme": (text) => Buffer.from(`Bearer ${text}`).toString("base64"),
  "base64 in lines": (text) => Buffer.from(text).toString("base64").replace(/.{20}/g, "$&\r\n"),
  hex: (text) => Buffer.from(text).toString("hex"),
  HEX: (text) => Buffer.from(text).toString("hex").toUpperCase(),
  "hex with colons": (text) => each(text, (code) => `${hex(code, 2)}:`),
  "hex escapes": (text) => each(text, (code) => `\\x${hex(code, 2)}`),
  "percent, all": (text) => each(text, (code) => `%${hex(code, 2).toUpperCase()}`),
  "percent, some": (text) => each(text, (code, at) => (at % 3 ? sign(code) : `%${hex(code, 2)}`)),
  "percent, twice": (text) => each(text, (code) => `%25${hex(code, 2)}`),
  "JSON escapes": (text) => each(text, (code) => `\\u${hex(code, 4)}`),
  "JSON escapes, some": (text) =>
    each(text, (code, at) => (at % 2 ? sign(code) : `\\u${hex(code, 4).toUpperCase()}`)),
  "HTML entities": (text) => each(text, (code) => `&#${code};`),
  "HTML hex entities": (text) => each(text, (code) => `&#x${hex(code, 2)};`),
  "UTF-16 little": (text) => each(text, (code) => `${sign(code)}\0`),
  "UTF-16 big": (text) => each(text, (code) => `\0${sign(code)}`),
  "UTF-16 in base64": (text) => Buffer.from(text, "utf16le").toString("base64"),
  "UTF-16 in hex": (text) => Buffer.from(text, "utf16le").toString("hex"),
  codes: (text) => [...text].map((one) => one.charCodeAt(0)).join(", "),
  "line break": (text) => `${text.slice(0, 11)}\r\n  ${text.slice(11, 22)}\n${text.slice(22)}`,
  "zero width": (text) => [...text].join("\u200b"),
  spaced: (text) => [...text].join(" "),
  "cut at the end": (text) => `${text.slice(0, 16)}…`,
  "cut at the start": (text) => `…${text.slice(-12)}`,
  "its middle": (text) => text.slice(20, 34),
};

const run = 12;

function windows(text: string, length: number): string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, at) =>
    text.slice(at, at + length),
  );
}

/** As `spellings`, once more and written otherwise: what of a secret stands in a text, in whatever spelling. */
export function leaks(text: string, secret: string): string[] {
  const read = (given: string) =>
    given
      .replace(
        /\\u([\da-f]{4})|\\?x([\da-f]{2})|%(?:25)?([\da-f]{2})|&#x([\da-f]+);/gi,
        (_, ...found) => sign(Number.parseInt(found.slice(0, 4).find(Boolean) ?? "0", 16)),
      )
      .replace(/&#(\d+);/g, (_, code) => sign(Number(code)));
  const joined = (given: string) => given.replace(/\\[rnt]|[\s\0\u200b,:"]+/g, "");
  const raw = [text, read(text), read(read(text))];
  const readings = [...raw, ...raw.map(joined)].map((reading) => reading.toLowerCase());
  const inBase64 = [secret, `:${secret}`, `::${secret}`]
    .flatMap((one) => [Buffer.from(one), Buffer.from(one, "utf16le")])
    .map((bytes) => bytes.toString("base64").slice(4, -4));
  const forms: [string, number][] = [
    [secret, run],
    [[...secret].toReversed().join(""), run],
    [Buffer.from(secret).toString("hex"), run * 2],
    [Buffer.from(secret, "utf16le").toString("hex"), run * 4],
    ...inBase64.flatMap((one): [string, number][] => [
      [one, 16],
      [one.replaceAll("+", "-").replaceAll("/", "_"), 16],
    ]),
    [[...secret].map((one) => one.charCodeAt(0)).join(""), run * 3],
  ];
  return forms.flatMap(([form, length]) =>
    windows(form.toLowerCase(), length).filter((part) =>
      readings.some((one) => one.includes(part)),
    ),
  );
}
