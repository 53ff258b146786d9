import fc from "fast-check";
import { expect, test } from "vitest";
import type { StoredRecord } from "../../src/sandbox/store.ts";
import { connect } from "../support/connect.ts";
import { results, table } from "../support/replies.ts";
import type { Reply } from "../support/writes.ts";
import { wrong } from "./answers.ts";
import { loadedNames, wild, withKey } from "./wild.ts";

const hostileText = fc.oneof(
  fc.constantFrom(
    "../../users",
    "$&$1$`",
    "a\u202eb",
    "\ud800x",
    "x\0y",
    "9007199254740993",
    "1e999",
    "null",
    "{}",
    "[",
    "\r\nX: y",
    "=HYPERLINK(1)",
    "💥".repeat(30),
    " padded ",
    "",
    "İ",
    "ß",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);
/** An id and a number as JSON without quotes has them: digits are lost already. */
const longId = Number("7618134000000632256");
const longNumber = Number("9007199254740993");
const textFields = ["First_Name", "Title", "Description", "Mailing_City", "Mailing_Street"];

/** A valid row with hostile texts, and now and then a value that cannot be written. */
const row = fc
  .tuple(
    hostileText.map((text) => `N ${text}`.slice(0, 40)),
    fc.dictionary(fc.constantFrom(...textFields), hostileText, { maxKeys: 3 }),
    fc.oneof(
      { arbitrary: fc.constant({}), weight: 12 },
      fc
        .tuple(fc.constantFrom(...loadedNames, "Owner", "Tag", "Email"), wild)
        .map(([key, value]) => withKey(key, value)),
    ),
  )
  .map(([Last_Name, fields, odd]) => Object.assign(odd as Reply, { Last_Name, ...fields }));

const asked = fc.record({
  tool: fc.constantFrom("create", "update", "upsert"),
  rows: fc.array(row, { minLength: 1, maxLength: 6 }),
  /** The records that an update or upsert is about, by their places in the store. */
  ids: fc.uniqueArray(fc.nat(30), { minLength: 6, maxLength: 6 }),
  taken: fc.boolean(),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

/** Bigin stores no empty text. */
const stored = (text: unknown) => (text === "" ? null : text);

test("after any write the store contains what was reported, and nothing else", async () => {
  const { client, sandbox, call } = await connect({ replyTokens: 20_000 });
  const now = () => new Map(sandbox.store.records("Contacts"));
  const counts = { done: 0, refused: 0 };
  const check = async ({ tool, rows, ids, taken }: Asked) => {
    const before = now();
    const known = [...before.values()];
    const emails = known.flatMap(({ Email }) => (Email ? [Email] : []));
    const records = rows.map((one, at) => ({
      ...one,
      ...(tool === "update" && { id: known[ids[at] ?? 0]?.id }),
      ...(tool === "upsert" && {
        Email: taken ? emails[ids[at] ?? 0] : `new${ids[at]}${at}@example.com`,
      }),
    }));
    const { isError, structuredContent } = await client.callTool({
      name: `bigin_${tool}_records`,
      arguments: { module: "Contacts", records },
    });
    const after = now();
    const named = new Set<string>();
    if (isError) counts.refused += 1;
    else {
      const reported = results(structuredContent as Reply);
      expect(reported).toHaveLength(rows.length);
      for (const line of reported) {
        const sent = records[Number(line["row"]) - 1] ?? {};
        expectTold(line, sent, before, after, named);
        if (["created", "updated"].includes(String(line["outcome"]))) counts.done += 1;
      }
    }
    for (const [id, one] of after) if (!named.has(id)) expect(before.get(id)).toBe(one);
    expect([...before.keys()].filter((id) => !after.has(id))).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(asked, check), { numRuns: 60 });
  expect(counts.done).toBeGreaterThan(30);
  const reply = await call.list("Contacts", { per_page: 1 });
  expect(table(reply).rows).toHaveLength(1);
});

function expectTold(
  line: Reply,
  sent: Reply,
  before: ReadonlyMap<string, StoredRecord>,
  after: ReadonlyMap<string, StoredRecord>,
  named: Set<string>,
) {
  const { outcome, id } = line as { outcome: string; id: string };
  expect(["created", "updated", "unchanged", "failed", "exists", "ambiguous"]).toContain(outcome);
  if (["failed", "exists", "ambiguous"].includes(outcome)) return;
  named.add(id);
  const record = after.get(id);
  expect(before.has(id)).toBe(outcome !== "created");
  const altered = ["altered", "not_taken"].flatMap((key) => [
    ...Object.keys(line[key] ?? {}),
    ...String(line[`also_${key}`] ?? "").split(", "),
  ]);
  for (const field of ["Last_Name", ...textFields])
    if (field in sent && !altered.includes(field))
      expect([field, record?.[field]]).toEqual([field, stored(sent[field])]);
  // An update does not change other fields.
  const old = before.get(id);
  for (const field of textFields)
    if (old && !(field in sent)) expect([field, record?.[field]]).toEqual([field, old[field]]);
}

/** A number without leading and trailing zeros. */
const plainly = (digits: string) => {
  const [, sign = "", whole = "", part = ""] = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(digits) ?? [];
  const text = `${whole || "0"}${part ? `.${part}` : ""}`;
  return text === "0" ? "0" : sign + text;
};
/** Half of them short enough to be kept, half too long. */
const someDigits = fc.oneof(fc.stringMatching(/^\d{1,6}$/), fc.stringMatching(/^\d{17,22}$/));
const digits = fc
  .tuple(fc.boolean(), someDigits, fc.option(someDigits, { nil: undefined }))
  .map(
    ([minus, whole, part]) => `${minus ? "-" : ""}${whole}${part === undefined ? "" : `.${part}`}`,
  );

test("a number keeps all its digits, or is refused in one sentence", async () => {
  const { client, sandbox } = await connect();
  const seen = { kept: 0, refused: 0 };
  let count = 0;
  const check = async (text: string, asNumber: boolean) => {
    const value = asNumber ? Number(text) : text;
    count += 1;
    const { isError, content, structuredContent } = await client.callTool({
      name: "bigin_create_records",
      arguments: {
        module: "Products",
        records: [{ Product_Name: `P ${count}`, Unit_Price: value }],
      },
    });
    if (isError) {
      seen.refused += 1;
      const [block] = content;
      expect(block?.type === "text" && block.text).toMatch(
        /^(Not done|Bigin rejected the request): .*(digits|Unit Price|Unit_Price)/,
      );
      return;
    }
    seen.kept += 1;
    const id = String(results(structuredContent as Reply)[0]?.["id"]);
    const kept = sandbox.store.records("Products").get(id)?.["Unit_Price"];
    // JSON has no negative zero.
    expect([text, kept]).toEqual([text, Number(text) + 0]);
    if (!asNumber) expect([text, plainly(withoutExponent(kept))]).toEqual([text, plainly(text)]);
  };
  await fc.assert(fc.asyncProperty(digits, fc.boolean(), check), { numRuns: 80 });
  expect(seen.kept).toBeGreaterThan(5);
  expect(seen.refused).toBeGreaterThan(5);
});

/** A number as text without an exponent. */
function withoutExponent(value: unknown): string {
  const text = String(value);
  const [, sign = "", first = "", rest = "", power] =
    /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (power === undefined) return text;
  const places = -Number(power);
  return places > 0 ? `${sign}0.${"0".repeat(places - 1)}${first}${rest}` : text;
}

test.each([
  ["an id", { id: longId }],
  ["a phone number", { Phone: longNumber }],
  ["an owner", { Owner: longId }],
  ["a lookup", { Account_Name: { id: longId } }],
  ["a number in a list", { Tag: [longNumber] }],
])("%s as a number beyond 2^53 is refused, and nothing is sent", async (_, more) => {
  const { fail, sent } = await connect();
  const records = [{ Last_Name: "N", ...more }];
  const problem = await fail(`bigin_${"id" in more ? "update" : "create"}_records`, {
    module: "Contacts",
    records,
  });
  expect(problem).toMatch(/^Not done: [^.]*(quotes|text|names|list)[^.]*\./);
  expect(sent.filter(({ method }) => method !== "GET")).toEqual([]);
});

test("a long number in an unknown custom field is refused, and sent unchanged as text", async () => {
  const { fail, call, sandbox } = await connect({ profile: "maton", extraFields: 2 });
  const rowWith = (value: unknown) => ({
    module: "Contacts",
    records: [{ Last_Name: "N", Extra_Field_1: value }],
  });
  for (const value of [longNumber, { a: [longNumber] }])
    expect(await fail("bigin_create_records", rowWith(value))).toMatch(
      /lose digits unless they are in quotes/,
    );
  const reply = await call("bigin_create_records", rowWith("9007199254740993"));
  const id = String(results(reply)[0]?.["id"]);
  expect(sandbox.store.records("Contacts").get(id)?.["Extra_Field_1"]).toBe("9007199254740993");
});

test("ids that upstream sends as numbers keep their digits, in replies and in later requests", async () => {
  const { call, sandbox, sent } = await connect();
  const [id = ""] = sandbox.store.records("Contacts").keys();
  sandbox.addFault({
    path: /\/Contacts$/,
    does: wrong(`{"data":[{"id":${id},"Last_Name":"Long"}],"info":{"more_records":false}}`),
  });
  const reply = await call.list("Contacts", { fields: ["Last_Name"] });
  expect(table(reply).rows).toEqual([[id, "Long"]]);
  await call.update("Contacts", [{ id, Title: "x" }]);
  expect(sent.at(-2)?.body).toContain(`"id":"${id}"`);
});
