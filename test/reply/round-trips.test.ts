import fc from "fast-check";
import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { idsOf, recordIn, results, table } from "../support/replies.ts";

const module = "Contacts";

/** A contact with this text, and calls that read and write the text as an agent does. */
async function withText(Description: unknown, replyTokens = 6000) {
  const connected = await connect({ replyTokens });
  const { call, sandbox } = connected;
  const [id = ""] = idsOf(await call.create(module, [{ Last_Name: "Long", Description }]));
  const shown = async (more = {}) =>
    String(
      recordIn(await call.get(module, id, { fields: ["Description"], ...more }))["Description"],
    );
  const stored = () => sandbox.store.records(module).get(id)?.["Description"];
  return { ...connected, id, shown, stored };
}

const long = Array.from({ length: 900 }, (_, at) => `Line ${at} of a long story, é🙂.`).join("\n");

test.each(["A note.", "Two\nlines", "[not a mark] x [/not a mark]", "[0a1b2c3d] x [/0a1b2c3d]"])(
  "a text is written back as it was read: %j",
  async (text) => {
    const { call, id, shown, stored } = await withText(text);
    const read = await shown();
    expect(read).not.toBe(text);
    const reply = await call.update(module, [{ id, Description: read }]);
    expect(results(reply)).toMatchObject([{ outcome: "unchanged" }]);
    expect(stored()).toBe(text);
  },
);

test("markers that were nested, repeated or broken up by one another do not come back", async () => {
  const { call, id, shown, stored } = await withText("plain");
  const [, mark] = /^\[(\w{8})\]/.exec(await shown()) ?? [];
  const inside = `[${mark}] [${mark}] a [/${mark}] b [/${mark}]`;
  await call.update(module, [{ id, Description: `${inside} c` }]);
  expect(stored()).toBe("a b c");
  const broken = `[${mark?.slice(0, 4)}[${mark}]${mark?.slice(4)}] d`;
  await call.update(module, [{ id, Description: broken }]);
  expect(stored()).toBe("d");
});

test("markers in filters are ignored", async () => {
  const { call, shown, id } = await withText("needle in a stack");
  const value = await shown();
  const filters = [{ field: "Description", op: "equals", value }];
  const found = table(await call.search(module, { filters, fields: ["Last_Name"] }));
  expect(found.rows.map(([one]) => one)).toEqual([id]);
});

test.each([700, 1500, 6000])(
  "a text that was cut to fit into %i tokens is written back whole, also if its beginning was edited",
  async (replyTokens) => {
    const { call, id, shown, stored } = await withText(long, replyTokens);
    const read = await shown();
    expect(read.length).toBeLessThan(long.length);
    const same = await call.update(module, [{ id, Description: read }]);
    expect(results(same)).toMatchObject([{ outcome: "unchanged" }]);
    expect(stored()).toBe(long);
    await call.update(module, [{ id, Description: read.replace("Line 0", "First line") }]);
    expect(stored()).toBe(long.replace("Line 0", "First line"));
  },
);

test("a text that a list cut is written back whole, and text after the mark is kept", async () => {
  const { call, id, stored } = await withText(long);
  const filters = [{ field: "Last_Name", op: "equals", value: "Long" }];
  const listed = table(await call.search(module, { filters, fields: ["Description"] }));
  const shown = String(listed.rows[0]?.[1]);
  await call.update(module, [{ id, Description: `${shown}\nCalled again.` }]);
  expect(stored()).toBe(`${long}\nCalled again.`);
});

test("a long text can be read whole, in parts", async () => {
  const { shown, call, id, stored } = await withText(long, 1000);
  const parts: string[] = [];
  let text_from = 0;
  for (;;) {
    const part = await shown(text_from > 0 ? { text_from } : {});
    const bare = part
      .replace(/^\[\w+\] | \[\/\w+\]$/g, "")
      .replace(/^⟦after \d+ of \d+⟧ /, "")
      .replace(/ ⟦… \d+ more characters after \d+⟧$/, "");
    parts.push(bare);
    const [, after] = /more characters after (\d+)⟧/.exec(part) ?? [];
    if (after === undefined) break;
    // A part from the middle is written back whole too.
    if (text_from > 0 && parts.length === 2) {
      await call.update(module, [{ id, Description: part.replace("Line", "LINE") }]);
      expect(String(stored())).toHaveLength(long.length);
      expect(stored()).not.toBe(long);
      await call.update(module, [{ id, Description: long }]);
    }
    text_from = Number(after);
  }
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.join("")).toBe(long);
});

test.each([
  ["of another text", (read: string) => read.replace(/⟦… \d+ more/, "⟦… 5 more")],
  ["twice", (read: string) => `${read} ${read}`],
  ["of a list", () => "a, b, ⟦… 4 more⟧"],
  ["in a new record", undefined],
])("a mark %s is refused, and nothing is lost", async (_, edit) => {
  const { fail, id, shown, stored } = await withText(long, 1500);
  const read = await shown();
  const told = edit
    ? await fail.update(module, [{ id, Description: edit(read) }])
    : await fail.create(module, [{ Last_Name: "New", Description: read }]);
  expect(told).toContain("text that a reply cut");
  expect(stored()).toBe(long);
});

test("a cut name is refused in a search, with what to do", async () => {
  const { fail } = await connect();
  const word = "Some very long na ⟦… 12 more characters after 17⟧";
  expect(await fail.search(module, { word })).toContain("Give the whole text");
});

test("a record's own text that looks like a mark is kept", async () => {
  const text = "Minutes ⟦… 12 more characters after 8⟧ end";
  const { call, sandbox, id, stored } = await withText("x");
  const record = sandbox.store.records(module).get(id);
  Object.assign(record ?? {}, { Description: text });
  await call.update(module, [{ id, Description: `${text}!` }]);
  expect(stored()).toBe(`${text}!`);
});

test("any text survives being read and written back", async () => {
  const { call, id, shown, stored } = await withText("x", 700);
  const piece = fc.constantFrom(
    "[",
    "]",
    "/",
    "⟦",
    "⟧",
    "… 3 more",
    "after 2 of 5",
    "ab12",
    "é",
    "🙂",
    " ",
    "\n",
    "word",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 400 }), async (pieces) => {
      const text = `.${pieces.join("")}.`;
      const written = await call
        .update(module, [{ id, Description: text }])
        .catch((error: unknown) => String(error));
      // What looks like a mark of ours is refused, never changed.
      if (typeof written === "string") {
        expect(written).toContain("a reply cut");
        return;
      }
      expect(stored()).toBe(text);
      await call.update(module, [{ id, Description: await shown() }]);
      expect(stored()).toBe(text);
    }),
    { numRuns: 60 },
  );
});
