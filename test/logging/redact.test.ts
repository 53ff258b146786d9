import fc from "fast-check";
import { expect, test } from "vitest";
import {
  createRedactor,
  joinRedactors,
  sessionLinks,
  withoutKeyLike,
} from "../../src/logging/redact.ts";
import { settingNames } from "../../src/shared/setting-names.ts";
import { key, keyOf, leaks, spellings } from "../support/secrets.ts";

const redact = createRedactor([key]);
// Without the percent sign: whether "%41" is an escape or part of the key cannot be known.
const visible = fc.constantFrom(..."!\"#$&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~");
const anyKey = fc
  .string({ unit: visible, minLength: 12, maxLength: 100 })
  .map((text) => `k${text}`);

test.each(Object.entries(spellings))("%s: any key is removed from any text", (_, spell) => {
  const anyText = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(fc.oneof(anyKey, fc.constant(key)), anyText, anyText, (secret, before, after) => {
      const text = `${before} ${spell(secret)} ${after}`;
      expect(leaks(text, secret)).not.toEqual([]);
      expect(leaks(createRedactor([secret]).text(text), secret)).toEqual([]);
    }),
  );
});

test("the rest of a text stays", () => {
  for (const spell of Object.values(spellings))
    expect(redact.text(`Contact ${spell(key)} moved on`)).toMatch(
      /^Contact \S{0,10}\[key\]\S{0,3} moved on$/,
    );
  expect(redact.text(`<${key}>, <${key}>`)).toBe("<[key]>, <[key]>");
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(redact.text(text)).toBe(text);
    }),
  );
  const text = "100 % of 4350000000000012345, a=3D\\n &amp; %20 start with --sandbox";
  expect(createRedactor([key, "sandbox"]).text(text)).toBe(text);
});

test("a secret that begins like another is removed whole, in any order", () => {
  const long = keyOf("ada_and_more");
  const short = long.slice(0, 40);
  for (const one of [
    createRedactor([short, long]),
    joinRedactors(createRedactor([short]), createRedactor([long])),
  ])
    expect(one.text(`${long} ${short}`)).toBe("[key] [key]");
});

test("the name of a setting stays in a message, whatever the key is", () => {
  const name = fc.constantFrom(...settingNames);
  const part = fc.tuple(name, fc.nat(20), fc.nat(30)).map(([one, from, to]) => one.slice(from, to));
  const flag = name.map((one) => `--${one.replace(/^[A-Z]+_/, "").replaceAll("_", "-")}`);
  const placeholder = name.chain((one) =>
    fc.constantFrom(`\${${one}}`, `$${one}`, `%${one}%`, `{env:${one}}`, `\${input:maton}`),
  );
  fc.assert(
    fc.property(fc.oneof(part, flag, placeholder), fc.boolean(), (value, isSmall) => {
      const secret = isSmall ? value.toLowerCase() : value;
      const message = `Set ${settingNames.join(", ")}: ${secret} is not a key. Or use --sandbox.`;
      expect(createRedactor([secret]).text(message)).toBe(message);
    }),
  );
});

test("values are searched, property names too", () => {
  const value = { [`a ${key}`]: [{ b: key, n: 1, no: null }] };
  expect(redact.value(value)).toEqual({ "a [key]": [{ b: "[key]", n: 1, no: null }] });
});

test.each([
  ["JSON", '{"id":"76181340000006320","Name":"Ines \\"Duarte\\"\\n"},'],
  ["escapes", "%76%32\\u0076"],
  ["the key but for its end", key.slice(0, -1)],
  ["one letter", "a"],
])("the time for 4 MB of %s is not quadratic", (_, piece) => {
  const text = piece.repeat(Math.ceil(4_194_304 / piece.length));
  const redactor = joinRedactors(createRedactor([key, `${"a".repeat(4095)}b`]), sessionLinks);
  const start = performance.now();
  expect(redactor.text(text) === text).toBe(true);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test("a word that looks like a key is removed, other words and paths are not", () => {
  expect(withoutKeyLike(`no host ${key}.`)).toBe("no host [key].");
  const text =
    'The key file /home/ada/keys/maton.key is "carrier-pigeon"; see bigin_list_connections.';
  expect(withoutKeyLike(text)).toBe(text);
});
