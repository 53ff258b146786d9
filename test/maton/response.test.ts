import fc from "fast-check";
import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { idsOf, listedIds, recordIn } from "../support/replies.ts";
import { seed } from "../support/seeded.ts";
import { recordsIn, status } from "../support/writes.ts";

const characters = [..."aZ9é中ß😀'\"\\/(),:;<>&%#[]{}=+-_. "];
const line = (maxLength: number) =>
  fc
    .array(fc.constantFrom(...characters), { maxLength })
    .map((parts) => `x${parts.join("").replace(/\s+/g, " ")}x`);
const cents = (max: number) => fc.integer({ min: -max, max }).map((amount) => amount / 100);
const day = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const second = fc
  .date({ min: new Date("1990-01-01"), max: new Date("2099-12-31"), noInvalidDate: true })
  .map((date) => date.toISOString().replace(/\.\d+Z$/, "Z"));
const word = fc.stringMatching(/^[a-z]{1,12}$/);

/** A value for one custom field of each type that callers can write, in the order in which the sandbox makes them. */
const values = fc.record({
  Extra_Field_1: line(60),
  Extra_Field_2: fc
    .array(line(60), { minLength: 1, maxLength: 3 })
    .map((lines) => lines.join("\n")),
  Extra_Field_3: fc.integer({ min: -999_999_999, max: 999_999_999 }),
  Extra_Field_4: cents(1_000_000_000),
  Extra_Field_5: cents(1_000_000_000),
  Extra_Field_6: fc.boolean(),
  Extra_Field_7: day,
  Extra_Field_8: second,
  Extra_Field_9: fc.integer({ min: 1, max: 40 }).map((at) => `Choice number ${at}`),
  Extra_Field_10: word.map((name) => `${name}@probe.example`),
  Extra_Field_11: fc.stringMatching(/^\+[1-9]\d{6,12}$/),
  Extra_Field_12: word.map((name) => `https://${name}.example/?q=${name}&a=(1,2)`),
});

const wall = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "America/New_York",
  dateStyle: "short",
  timeStyle: "medium",
});

/** A value as replies show it: times are in the organisation's zone. */
function shown(name: string, value: unknown): unknown {
  return name === "Extra_Field_8"
    ? wall.format(new Date(String(value))).replace(/:00$/, "")
    : value;
}

/** Without the marks around long texts. */
function unmarked(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/^\[(\w+)\] ([\s\S]*) \[\/\1\]$/, "$2") : value;
}

test.each(["full", "maton"] as const)(
  "profile %s: every type of field is read and found as it was written",
  async (profile) => {
    const { call, sandbox } = await connect({ profile, extraFields: 13 });
    const [company] = recordsIn(sandbox, "Accounts");
    const contacts = [...sandbox.store.records("Contacts").keys()].slice(0, 2);
    const [product] = [...sandbox.store.records("Products").keys()];
    const [owner] = sandbox.store.users().slice(1);
    const deal = { Deal_Name: "Typed", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
    // Without metadata, types are inferred from the values of records.
    const [first] = fc.sample(values, { numRuns: 1, seed: 1 });
    await seed(sandbox, "Pipelines", [{ ...deal, ...first, Extra_Field_13: { id: company?.id } }]);
    await fc.assert(
      fc.asyncProperty(values, async (written) => {
        const records = [
          {
            ...deal,
            ...written,
            Extra_Field_13: { id: company?.id },
            Owner: { id: owner?.id },
            Tag: [{ name: "typed" }],
            Secondary_Contacts: contacts.map((id) => ({ id })),
            Associated_Products: [{ Product: { id: product }, Quantity: 3 }],
          },
        ];
        const [id] = idsOf(await call.create("deals", records));
        expect(id).toMatch(/^\d{19}$/);
        const record = recordIn(await call.get("deals", id));
        expect(record["id"]).toBe(id);
        for (const [name, value] of Object.entries(written))
          expect(unmarked(record[name]), name).toBe(shown(name, value));
        expect(record["Extra_Field_13"]).toMatchObject({ id: company?.id });
        expect(record["Owner"]).toMatchObject({ id: owner?.id });
        expect(JSON.stringify(record["Tag"])).toContain("typed");
        for (const contact of contacts)
          expect(JSON.stringify(record["Secondary_Contacts"])).toContain(contact);
        expect(JSON.stringify(record["Associated_Products"])).toContain(product);
        for (const [field, value] of Object.entries(written)) {
          const filters = [
            { field, op: "equals", value: String(value) },
            { field: "deal name", op: "equals", value: "Typed" },
          ];
          const found = await call.search("deals", { filters, fields: ["id"] });
          expect(listedIds(found), field).toContain(id);
        }
      }),
      { numRuns: 8 },
    );
  },
  60_000,
);

const digits = fc
  .bigInt({ min: 10n ** 18n, max: 9_223_372_036_854_775_807n })
  .map((number) => number.toString());

test("ids of records, lookups and users keep every digit, sent as text or as numbers", async () => {
  const { call, sandbox } = await connect();
  await call.list("deals", { per_page: 1 });
  await fc.assert(
    fc.asyncProperty(digits, digits, digits, fc.boolean(), async (id, company, owner, quoted) => {
      const text = (number: string) => (quoted ? `"${number}"` : number);
      const body = `{"data":[{"Account_Name":{"name":"A","id":${text(company)}},"Owner":{"name":"B","id":${text(owner)}},"id":"${id}"}],"info":{"more_records":false}}`;
      const headers = { "content-type": "application/json" };
      sandbox.addFault({
        path: /\/Pipelines\/\d+$/,
        does: status(200, body, headers),
      });
      const { record } = await call.get("deals", id);
      expect(record).toEqual({
        id,
        Account_Name: { name: "A", id: company },
        Owner: { name: "B", id: owner },
      });
    }),
    { numRuns: 50 },
  );
});
