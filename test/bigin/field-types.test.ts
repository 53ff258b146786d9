import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fieldTypes, inferredType, operatorsOf, typeOf } from "../../src/bigin/field-types.ts";
import { unknownField } from "../../src/bigin/schema/fields.ts";
import { connect } from "../support/connect.ts";
import { where } from "../support/reads.ts";
import { mapping, recordsIn } from "../support/writes.ts";

const [first, second] = ["7618134000000632028", "7618134000000632029"];

/** Values as records hold them, for each kind of value there is. */
const stored: Readonly<Record<string, unknown>> = {
  boolean: true,
  double: 12.5,
  date: "2026-12-24",
  datetime: "2026-12-24T15:00:00+03:00",
  multiselectpicklist: ["North", "South"],
  text: "Ann",
  textarea: "One line.\nAnother line.",
  json: [{ anything: 1 }],
  lookup: { name: "Acme", id: first },
  ownerlookup: { name: "Ann", id: first, email: "ann@example.com" },
  multiselectlookup: [{ id: second, Linked: { name: "Acme", id: first } }],
  subform: [{ id: second, Quantity: 2, Total: 20, Product: { name: "Desk", id: first } }],
  userlookup: { name: "Ann", id: first, email: "ann@example.com" },
  multiuserlookup: [{ name: "Ann", id: first }],
  multi_module_lookup: { name: "Acme", id: first },
  bigint: "1234567890123456789",
  tag: [{ name: "VIP", id: first, color_code: "#fff" }],
};

const types = [...fieldTypes];

test.each(types)("%s: what a record holds is the same after it was written back", (name, type) => {
  const field = { ...unknownField("Linked"), type: name, target: "Accounts" };
  const value = stored[name] ?? stored["text"];
  const row = type.restore(value, field);
  if ("Linked" in row) expect(type.same(row["Linked"], value, field)).toBe(true);
  expect(type.same(value, value, field)).toBe(true);
  expect(type.same(value, null, field)).toBe(false);
});

test.each(types)("%s: an empty value is written back as an empty one", (name, type) => {
  const field = { ...unknownField("Linked"), type: name };
  const values = Object.values(type.restore(null, field));
  for (const value of values) expect([null, false, []]).toContainEqual(value);
});

test.each(types)("%s: only ids in its links are followed, each into a module", (name, type) => {
  const field = { ...unknownField("Linked"), type: name, target: "Accounts" };
  const links = type.links?.(stored[name], field) ?? [];
  for (const link of links) expect(link).toEqual({ module: expect.any(String), id: first });
  expect(links).toHaveLength(type.links ? 1 : 0);
});

test("every kind has a type and operators of its own", () => {
  const kinds = new Set(types.map(([, { kind }]) => kind));
  expect([...kinds].toSorted()).toEqual(Object.keys(operatorsOf).toSorted());
});

test("a field without metadata has the narrowest type that all its values look like", () => {
  for (const name of ["boolean", "double", "date", "datetime", "multiselectpicklist"])
    expect(inferredType([stored[name], stored[name]])).toBe(name);
  expect(inferredType([stored["date"], stored["text"]])).toBe("text");
  expect(inferredType([stored["text"], stored["textarea"]])).toBe("textarea");
  expect(inferredType([stored["multiselectpicklist"], stored["json"]])).toBe("json");
  expect(inferredType([stored["lookup"]])).toBe("lookup");
  expect(inferredType([stored["text"], 5])).toBe("unknown");
  expect(inferredType([])).toBe("unknown");
});

test("a type that is not in the table is a line of text: searched, written and shown as one", async () => {
  const { call, sandbox } = await connect({
    alter: mapping(/settings\/fields$/, "fields", (field) =>
      field["api_name"] === "Title" ? { ...field, data_type: "hologram" } : field,
    ),
  });
  const module = "Contacts";
  await call.create(module, [{ Last_Name: "Probe", Title: "Chair of the board" }]);
  const found = await call.search(module, {
    ...where("Title", "contains", "the board"),
    fields: ["Title"],
  });
  expect(found["rows"]).toMatchObject([[expect.any(String), "Chair of the board"]]);
  const [last] = recordsIn(sandbox, module).slice(-1);
  expect(last?.["Title"]).toBe("Chair of the board");
  expect(typeOf({ type: "hologram" }).kind).toBe("text");
});

/** Type names that mean other things too: a kind, a selector, a type of JavaScript. */
const ambiguous = ["text", "boolean", "date", "datetime", "email", "phone", "json", "unknown"];

test("only the table and the loader of schemas name types, so that a new type is a row", () => {
  const files = ["src", "tools"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  );
  const ours = files.filter((file) => file.endsWith(".ts") && !file.startsWith("src/sandbox/"));
  const names = types.map(([name]) => name).filter((name) => !ambiguous.includes(name));
  const naming = new RegExp(`"(${names.join("|")})"|field\\??\\.type [!=]==`);
  const found = ours.filter((file) => naming.test(readFileSync(file, "utf8")));
  // What reminders are stored as has the names of their types as keys.
  expect(found).toEqual(["src/bigin/dates/reminders.ts", "src/bigin/schema/schema.ts"]);
});
