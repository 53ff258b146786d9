import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor, links, withoutKeyLike } from "../../src/logging/redact.ts";
import { keyOf, leaks, spellings } from "../support/spelled.ts";

const key = keyOf("ada");
const redact = createRedactor([key]);

test.each(Object.keys(spellings))("%s: found by the test, and taken out of any text", (name) => {
  const spelled = spellings[name]?.(key) ?? "";
  expect(leaks(spelled, key).length).toBeGreaterThan(0);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (before, after) => {
      expect(leaks(redact.text(`${before} ${spelled} ${after}`), key)).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test("any twelve characters in a row are found in any spelling, the rest of a text stays", () => {
  const part = fc.integer({ min: 0, max: key.length - 24 });
  const spelling = fc.constantFrom("plain", "reversed", "hex", "percent, all", "JSON escapes");
  fc.assert(
    fc.property(part, fc.integer({ min: 12, max: 24 }), spelling, (at, length, name) => {
      const spelled = spellings[name]?.(key.slice(at, at + length)) ?? "";
      const told = redact.text(`Contact §${spelled}§ moved on`);
      expect(leaks(told, key)).toEqual([]);
      expect(told).toMatch(/^Cont.*\[key\].*on$/);
    }),
  );
});

test("texts without a secret are left as they are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      expect(redact.text(text)).toBe(text);
    }),
  );
  const text = "100 % of 4350000000000012345, a=3D\\n &amp; %20 start with --sandbox";
  expect(createRedactor([key, "sandbox"]).text(text)).toBe(text);
});

test("values are walked, names too; a link is known by its form", () => {
  const value = { [`a ${key}`]: [{ b: key, n: 1, no: null }], url: key };
  expect(redact.value(value, { url: links })).toEqual({
    "a [key]": [{ b: "[key]", n: 1, no: null }],
    url: key,
  });
  const link = "https://connect.maton.ai/?session_token=abcdef0123456789";
  for (const text of [link, encodeURIComponent(link), '{"session_token":"abcdef0123456789"}'])
    expect(links.text(text)).not.toContain("abcdef0123456789");
});

test("a word in the shape of a key is taken out, words and paths are not", () => {
  expect(withoutKeyLike(`no host ${key}.`)).toBe("no host [key].");
  const told =
    'The key file /home/ada/keys/maton.key is "carrier-pigeon"; see bigin_list_connections.';
  expect(withoutKeyLike(told)).toBe(told);
});
