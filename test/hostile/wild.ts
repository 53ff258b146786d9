import fc from "fast-check";

/** A value wrapped `depth` times. */
export function nested(depth: number, around: (inner: unknown) => unknown): unknown {
  let value: unknown = "core";
  for (let at = 0; at < depth; at += 1) value = around(value);
  return value;
}

/** Names with a meaning in JavaScript or in Bigin. */
export const loadedNames = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "then",
  "toJSON",
  "length",
  "$se_module",
  "",
] as const;

/** An object with any key; an object literal would take some for its prototype. */
export function withKey(key: string, value: unknown): unknown {
  return JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`);
}

/** Texts with a meaning in paths, headers, regular expressions, templates or decoders. */
const loadedTexts = [
  "",
  " ",
  "\0",
  "\ud800",
  "a\udfffb",
  "../../users",
  "..%2f..%2fusers",
  "Contacts/7618134000000632028",
  "Contacts?ids=1#x",
  "\\..\\..",
  "x\r\nAuthorization: Bearer y",
  "%",
  "%00",
  "%ZZ",
  "$&$1$`",
  "(((((((",
  "a".repeat(300),
  "\u202egnp.exe",
  "{}",
  "[",
  "[[[]]]",
  "null",
  "NaN",
  "-0",
  "1e999",
  "9".repeat(40),
  "9007199254740993",
  "2026-02-30",
  "99999-01-01T00:00:00Z",
  "0000-00-00",
  "next friday of the last month before christmas",
  "(Last_Name:equals:a)or(",
  "((Last_Name:equals:a\\)))",
];

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 53, 1e308, Number.MIN_VALUE),
);

const text = fc.oneof(
  fc.constantFrom(...loadedTexts, ...loadedNames),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);

const loadedObject = fc
  .tuple(fc.constantFrom(...loadedNames), fc.oneof(text, number, fc.constant(null)))
  .map(([key, value]) => withKey(key, value));

/** Any JSON value, and often one that breaks programs. */
export const wild: fc.Arbitrary<unknown> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.constant(null),
  loadedObject,
  fc.jsonValue({ maxDepth: 3 }),
  fc.array(fc.oneof(text, number, loadedObject), { maxLength: 5 }),
  fc.constantFrom(
    nested(50, (inner) => [inner]),
    nested(50, (inner) => ({ id: inner })),
  ),
);

/** What no client may ever receive: a stack, a path of ours, the report of a bug. */
export const internals =
  /unexpected error|\n\s+at |node:internal|node_modules|\/src\/|\/dist\/|\.[jt]s:\d|RangeError|TypeError|SyntaxError/;
