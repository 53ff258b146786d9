import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { listedIds, results } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { named, people, recordsIn, writes } from "../../support/writes.ts";

const module = "Contacts";
const spellings = ["+49 (171) 234-5678-9", "0171 2345 6789", "00491712345 6789", "171/23456789"];
const byPhone = { duplicate_check_fields: ["Phone"] };

/** An organisation in which Phone and Mobile are unique. */
const withUniquePhones = () =>
  connect({
    alter: (path, body) => {
      if (!path.endsWith("settings/fields")) return body;
      const fields = (body["fields"] ?? []) as Record<string, unknown>[];
      const change = (field: Record<string, unknown>) =>
        ["Phone", "Mobile"].includes(String(field["api_name"]))
          ? { ...field, unique: { casesensitive: false } }
          : field;
      return { ...body, fields: fields.map(change) };
    },
  });

test.each(["full", "maton"] as const)(
  "%s: searches, filters and criteria find a phone number in any spelling, also the oldest of 2,700 contacts",
  async (profile) => {
    const { call, sandbox } = await connect({ profile });
    const others = people(2_700).map((row, at) => ({
      ...row,
      Phone: `+1 617-${100 + (at % 800)}-${1_000 + at}`,
    }));
    const rows = [{ Last_Name: "Old", Phone: spellings[0] }, ...others];
    const [first] = await seed(sandbox, module, rows);
    const [last] = await seed(sandbox, module, [{ Last_Name: "New", Mobile: spellings[1] }]);
    const search = async (args: object) =>
      listedIds(await call.search(module, { fields: ["phone"], ...args })).toSorted();
    for (const text of spellings) {
      expect(await search({ phone: text }), text).toEqual([first, last].toSorted());
      expect(await search({ word: text }), text).toEqual([first, last].toSorted());
      expect(await search(where("phone", "equals", text)), text).toEqual([first]);
      const criteria = `(Mobile:equals:${text.replace(/[()]/g, "\\$&")})`;
      expect(await search({ criteria }), text).toEqual([last]);
    }
    expect(await search(where("phone", "in", `110, ${spellings[2]}`))).toEqual([first]);
    expect(await search({ phone: "0171 2345 6780" })).toEqual([]);
  },
  60_000,
);

test("a phone number of few digits is compared exactly", async () => {
  const { call, sandbox } = await connect();
  const [short, long] = await seed(sandbox, module, [
    { Last_Name: "Short", Phone: "1-1-0" },
    { Last_Name: "Long", Phone: "+1 617 555 0110" },
    { Last_Name: "Letters", Phone: "1-800-FLOWERS" },
  ]);
  const found = async (phone: string) => listedIds(await call.search(module, { phone }));
  expect(await found("110")).toEqual([short]);
  expect(await found("10")).toEqual([]);
  expect(await found("1-800-CONTACTS")).toEqual([]);
  expect(await found("-")).toEqual([]);
  expect(listedIds(await call.search(module, where("phone", "equals", "617.555.0110")))).toEqual([
    long,
  ]);
  const reply = await call.upsert(module, [{ Last_Name: "Short!", Phone: "110" }], byPhone);
  expect(results(reply)).toMatchObject([{ outcome: "updated", id: short }]);
});

test.each([0, 20_000])(
  "an upsert never creates a second contact for another spelling; index lag %i ms",
  async (searchLagMs) => {
    const { call, sandbox } = await connect({ searchLagMs });
    const before = recordsIn(sandbox, module).length;
    const names: string[] = [];
    for (const [at, Phone] of spellings.entries()) {
      const reply = await call.upsert(module, [{ Last_Name: `Person ${at}`, Phone }], byPhone);
      names.push(String(results(reply)[0]?.outcome));
    }
    expect(names).toEqual(["created", "updated", "updated", "updated"]);
    expect(recordsIn(sandbox, module).length).toBe(before + 1);
    expect(named(sandbox, module, "Last_Name", "Person 3")).toMatchObject([
      { Phone: spellings[3] },
    ]);
    const same = await call.upsert(
      module,
      [{ Last_Name: "Person 3", Phone: spellings[3] }],
      byPhone,
    );
    expect(results(same)).toMatchObject([{ outcome: "unchanged" }]);
  },
);

test("an upsert of known and new numbers reports each row in its place, among 2,700 contacts", async () => {
  const { call, sandbox } = await connect({ replyTokens: 20_000 });
  const phone = (at: number, code: string) => `${code}${100_000_000 + at * 7}`;
  const rows = people(2_700).map((row, at) => ({ ...row, Phone: phone(at, "+1") }));
  const ids = await seed(sandbox, module, rows);
  const before = recordsIn(sandbox, module).length;
  const given = Array.from({ length: 220 }, (_, at) =>
    at % 2 === 0
      ? { Last_Name: `Known ${at}`, Phone: phone(at, "001 ") }
      : { Last_Name: `Fresh ${at}`, Phone: `0${200_000_000 + at}` },
  );
  const reply = await call.upsert(module, given, byPhone);
  expect(reply).toMatchObject({ done: 220, failed: 0 });
  expect(recordsIn(sandbox, module).length).toBe(before + 110);
  const wrong = given.filter(({ Last_Name }, at) => {
    const [record] = named(sandbox, module, "Last_Name", Last_Name);
    return at % 2 === 0 && record?.id !== ids[at];
  });
  expect(wrong).toEqual([]);
}, 60_000);

test("rows of one upsert with the same number in two spellings are refused", async () => {
  const connected = await connect();
  const rows = spellings.slice(0, 2).map((Phone) => ({ Last_Name: "Twin", Phone }));
  const told = await connected.fail.upsert(module, rows, byPhone);
  expect(told).toContain("same record as row 1");
  expect(writes(connected)).toEqual([]);
});

test("check_duplicates compares Phone with Mobile where both are unique", async () => {
  const connected = await withUniquePhones();
  const { call, sandbox } = connected;
  const [id] = await seed(sandbox, module, [{ Last_Name: "There", Mobile: spellings[0] }]);
  const reply = await call.create(
    module,
    [
      { Last_Name: "By phone", Phone: spellings[1] },
      { Last_Name: "Fresh", Phone: "030 1234567" },
      { Last_Name: "Twin", Mobile: "030-123-4567" },
      { Last_Name: "None" },
    ],
    { check_duplicates: true },
  );
  expect(results(reply)).toMatchObject([
    { outcome: "exists", id },
    { outcome: "created" },
    { outcome: "exists" },
    { outcome: "created" },
  ]);
});

test("nothing is written by phone number if not all contacts can be read", async () => {
  const connected = await connect();
  const { sandbox, fail } = connected;
  await seed(sandbox, module, people(300));
  const does = { kind: "status", status: 500, body: {} } as const;
  sandbox.addFault({ method: "GET", path: /\/Contacts$/, skip: 1, times: 9, does });
  const told = await fail.upsert(module, [{ Last_Name: "New", Phone: "0171 1" }], byPhone);
  expect(told).toContain("may be missed");
  expect(writes(connected)).toEqual([]);
});
