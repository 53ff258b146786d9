import { expect, test } from "vitest";
import { comparable } from "../../src/bigin/values.ts";
import { cleanText, cleanValue } from "../../src/shared/clean-text.ts";
import { connect } from "../support/connect.ts";
import { column } from "../support/replies.ts";
import { mapping, status } from "../support/writes.ts";

/** One of each kind: zero width, bidirectional, fillers, variation selectors, tag, private, control, half a pair. */
const hidden = [
  "\u200b",
  "\u202e",
  "\u2066",
  "\ufeff",
  "\u00ad",
  "\u034f",
  "\u17b4",
  "\u180b",
  "\u3164",
  "\ufe0f",
  "\u{e0041}",
  "\u{e0101}",
  "\ue000",
  "\u0007",
  "\u001b",
  "\ud800",
];
const poison = hidden.join("");
test("invisible characters are removed from Bigin's errors, codes included", async () => {
  const { fail, sandbox } = await connect();
  const body = {
    code: `INVALID${poison}_DATA`,
    message: `no${poison} good`,
    details: { api_name: `Ph${poison}one` },
    status: "error",
  };
  sandbox.addFault({ path: /Contacts$/, does: status(400, body) });
  const failure = await fail.list("Contacts");
  expect(failure).toContain("no good (INVALID_DATA, api_name Phone)");
});

test("visible text of any script stays as it is, and clean values are not copied", () => {
  const text = "Zoë 日本 Привет ไทย 🙂 𝔘 a\nb\tc — “x” €5 ½ ا٠۝";
  const body = {
    data: [{ id: "1", Name: text, tags: [{ name: "a" }], n: 1, no: null, yes: true }],
  };
  expect(cleanText(text)).toBe(text);
  expect(cleanValue(body)).toBe(body);
  const dirty = { data: [body, { [`k${poison}`]: [`v${poison}`] }] };
  expect(cleanValue(dirty)).toEqual({ data: [body, { k: ["v"] }] });
});

test("a renamed option whose stored value has invisible characters is shown by its label", async () => {
  const stored = "\u26a0\ufe0f At risk";
  const pick_list_values = [{ display_value: "Danger", actual_value: stored }];
  const relabelled = mapping(/settings\/fields$/, "fields", (one) =>
    one["api_name"] === "Stage" ? { ...one, pick_list_values } : one,
  );
  const { call } = await connect({
    alter: (path, body) =>
      path.endsWith("/settings/fields")
        ? relabelled(path, body)
        : JSON.parse(JSON.stringify(body).replaceAll('"Qualification"', JSON.stringify(stored))),
  });
  const stages = column(await call.list("deals", { fields: ["stage"] }), "Stage");
  expect(stages).toContain("Danger");
  expect(stages.join()).not.toContain("At risk");
});

test("only the stored value of a picklist keeps its invisible characters, because Bigin must recognise it", () => {
  const option = { display_value: `At${poison} risk`, actual_value: `At${poison} risk` };
  const shown = { display_value: "At risk", actual_value: "At risk" };
  expect(cleanValue(option, "actual_value")).toEqual({
    ...shown,
    actual_value: option.actual_value,
  });
  expect(cleanValue(option)).toEqual(shown);
});

test("a key with hidden characters does not replace the real one", () => {
  const record = JSON.parse(`{"id":"1","i\u200bd":"2","__proto\u200b__":{"a":"b\u200b"}}`);
  expect(JSON.stringify(cleanValue(record))).toBe('{"id":"1","__proto__":{"a":"b"}}');
});

test("line separators become line breaks, and names that contain them compare as equal", () => {
  expect(cleanText("a\u2028b\u2029c\r\nd")).toBe("a\nb\nc\nd");
  expect(comparable("A\u2028b\u034f")).toBe(comparable("a\nB"));
});
