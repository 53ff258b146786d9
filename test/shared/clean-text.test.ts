import { expect, test } from "vitest";
import { comparable } from "../../src/bigin/values.ts";
import { clean, cleanText } from "../../src/shared/clean-text.ts";
import { connect } from "../support/connect.ts";

type Json = Record<string, unknown>;

/** One of each kind: zero width, bidirectional, tag, variation selectors, fillers, private, control, half a sign. */
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
  hidden.some((sign) => text.includes(sign) || text.includes(JSON.stringify(sign).slice(1, -1)));

/** Everything upstream says in words, with something hidden behind its first letter. */
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

test("what cannot be seen is taken out of everything, wherever upstream hides it", async () => {
  const { call, fail, sandbox } = await hostile();
  const [contact] = [...sandbox.store.records("Contacts").values()];
  const [company] = [...sandbox.store.records("Accounts").values()];
  const filters = (field: string, value: string) => [{ field, op: "equals", value }];
  const told = [
    await call("bigin_list_modules"),
    await call("bigin_describe_module", { module: "deals" }),
    await call("bigin_describe_module", { module: "deals", field: "stage" }),
    await call("bigin_list_users"),
    await call("bigin_list_records", { module: "contacts" }),
    await call("bigin_get_record", { module: "contacts", id: contact?.id }),
    await call("bigin_list_related_records", {
      module: "companies",
      id: company?.id,
      related_list: "contacts",
    }),
    await call("bigin_search_records", { module: "deals", filters: filters("owner", "Amelia") }),
    await call("bigin_summarize_records", { module: "deals", group_by: ["stage"] }),
    await call("bigin_list_connections"),
    await fail("bigin_list_records", { module: "nothing" }),
    await fail("bigin_list_records", { module: "deals", fields: ["deal nam"] }),
    await fail("bigin_search_records", { module: "deals", filters: filters("stage", "closed wo") }),
    await fail("bigin_search_records", { module: "deals", filters: filters("owner", "nobody") }),
    await fail("bigin_search_records", { module: "deals", filters: filters("company name", "x") }),
    await fail("bigin_list_related_records", {
      module: "deals",
      id: contact?.id,
      related_list: "nothing",
    }),
  ];
  for (const reply of told)
    expect(isHidden(JSON.stringify(reply)), JSON.stringify(reply)).toBe(false);
});

test("an error of Bigin's is told without what is hidden in it, its code too", async () => {
  const { fail, sandbox } = await connect();
  const body = {
    code: `INVALID${poison}_DATA`,
    message: `no${poison} good`,
    details: { api_name: `Ph${poison}one` },
    status: "error",
  };
  sandbox.addFault({ path: /Contacts$/, does: { kind: "status", status: 400, body } });
  const told = await fail("bigin_list_records", { module: "Contacts" });
  expect(told).toContain("no good (INVALID_DATA, api_name Phone)");
});

test("an option is shown clean, and a long message is cut", async () => {
  const { fail } = await connect();
  const told = await fail("bigin_list_records", { module: `x\u202e${"y".repeat(9000)}` });
  expect(isHidden(told)).toBe(false);
  expect(told.length).toBeLessThan(3000);
});

test("visible text of any script stays as it is, and clean answers are not copied", () => {
  const text = "Zoë 日本 Привет ไทย 🙂 𝔘 a\nb\tc — “x” €5 ½ ا٠۝";
  const answer = {
    data: [{ id: "1", Name: text, tags: [{ name: "a" }], n: 1, no: null, yes: true }],
  };
  expect(cleanText(text)).toBe(text);
  expect(clean(answer)).toBe(answer);
  const dirty = { data: [answer, { [`k${poison}`]: [`v${poison}`] }] };
  expect(clean(dirty)).toEqual({ data: [answer, { k: ["v"] }] });
});

test("a renamed option whose stored value holds what cannot be seen is shown by its label", async () => {
  const stored = "\u26a0\ufe0f At risk";
  const { call } = await connect({
    alter: (path, body) =>
      path.endsWith("/settings/fields")
        ? withOption(body, { display_value: "Danger", actual_value: stored })
        : JSON.parse(JSON.stringify(body).replaceAll('"Qualification"', JSON.stringify(stored))),
  });
  const { rows } = await call("bigin_list_records", { module: "deals", fields: ["stage"] });
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

test("the value a picklist stores stays as it came, where Bigin must know it again and nowhere else", () => {
  const option = { display_value: `At${poison} risk`, actual_value: `At${poison} risk` };
  const shown = { display_value: "At risk", actual_value: "At risk" };
  expect(clean(option, "actual_value")).toEqual({ ...shown, actual_value: option.actual_value });
  expect(clean(option)).toEqual(shown);
});

test("a name with something hidden in it does not take the place of the true one", () => {
  const record = JSON.parse(`{"id":"1","i\u200bd":"2","__proto\u200b__":{"a":"b\u200b"}}`);
  expect(JSON.stringify(clean(record))).toBe('{"id":"1","__proto__":{"a":"b"}}');
});

test("line breaks of every kind are one kind, and names that hold others are found by it", () => {
  expect(cleanText("a\u2028b\u2029c\r\nd")).toBe("a\nb\nc\nd");
  expect(comparable("A\u2028b\u034f")).toBe(comparable("a\nB"));
});
