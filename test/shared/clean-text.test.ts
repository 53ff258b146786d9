import { expect, test } from "vitest";
import { comparable } from "../../src/bigin/values.ts";
import { cleanText, cleanValue } from "../../src/shared/clean-text.ts";
import { connect } from "../support/connect.ts";
import { recordsIn, status } from "../support/writes.ts";

type Json = Record<string, unknown>;

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
const isHidden = (text: string) =>
  hidden.some((one) => text.includes(one) || text.includes(JSON.stringify(one).slice(1, -1)));

/** The keys of upstream texts that people or services write. */
const wording = new Set([
  ...[
    "field_label",
    "display_value",
    "actual_value",
    "display_label",
    "singular_label",
    "plural_label",
    "message",
  ],
  ...["full_name", "name", "email", "status", "time_zone", "Last_Name", "Full_Name", "Deal_Name"],
  ...["Account_Name", "Description", "Note_Content", "Subject", "app", "method", "note", "reason"],
]);
/** `value` with hidden characters after the first letter of each such text. */
function poisoned(value: unknown, key = ""): unknown {
  if (typeof value === "string")
    return wording.has(key) ? `${value.slice(0, 1)}${poison}${value.slice(1)}` : value;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, poisoned(item, name)]),
  );
}

const hostile = () =>
  connect({
    alter: (path, body) => poisoned(path.endsWith("/connections") ? withMetadata(body) : body),
  });

function withMetadata(body: Json): Json {
  const connections = body["connections"] as Json[];
  return {
    connections: connections.map((one) => ({
      ...one,
      status: one["status"],
      metadata: { note: "x" },
    })),
  };
}

test("invisible characters are removed from every reply, wherever upstream puts them", async () => {
  const { call, fail, sandbox } = await hostile();
  const [contact] = recordsIn(sandbox, "Contacts");
  const [company] = recordsIn(sandbox, "Accounts");
  const filters = (field: string, value: string) => [{ field, op: "equals", value }];
  const replies = [
    await call("bigin_list_modules"),
    await call.describe("deals"),
    await call.describe("deals", { field: "stage" }),
    await call("bigin_list_users"),
    await call.list("contacts"),
    await call.get("contacts", contact?.id),
    await call("bigin_list_related_records", {
      module: "companies",
      id: company?.id,
      related_list: "contacts",
    }),
    await call.search("deals", { filters: filters("owner", "Amelia") }),
    await call.summarize("deals", { group_by: ["stage"] }),
    await call("bigin_list_connections"),
    await fail.list("nothing"),
    await fail.list("deals", { fields: ["deal nam"] }),
    await fail.search("deals", { filters: filters("stage", "closed wo") }),
    await fail.search("deals", { filters: filters("owner", "nobody") }),
    await fail.search("deals", { filters: filters("company name", "x") }),
    await fail("bigin_list_related_records", {
      module: "deals",
      id: contact?.id,
      related_list: "nothing",
    }),
  ];
  for (const reply of replies)
    expect(isHidden(JSON.stringify(reply)), JSON.stringify(reply)).toBe(false);
});

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

test("invisible characters are removed from what the caller sent, and a long message is cut", async () => {
  const { fail } = await connect();
  const failure = await fail.list(`x\u202e${"y".repeat(9000)}`);
  expect(isHidden(failure)).toBe(false);
  expect(failure.length).toBeLessThan(3000);
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
  const { call } = await connect({
    alter: (path, body) =>
      path.endsWith("/settings/fields")
        ? withOption(body, { display_value: "Danger", actual_value: stored })
        : JSON.parse(JSON.stringify(body).replaceAll('"Qualification"', JSON.stringify(stored))),
  });
  const { rows } = await call.list("deals", { fields: ["stage"] });
  const stages = (rows as string[][]).map((row) => row[1]);
  expect(stages).toContain("Danger");
  expect(stages.join()).not.toContain("At risk");
});

function withOption(body: Json, option: Json): Json {
  const fields = body["fields"] as Json[];
  return {
    fields: fields.map((one) =>
      one["api_name"] === "Stage" ? { ...one, pick_list_values: [option] } : one,
    ),
  };
}

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
