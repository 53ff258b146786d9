import { isDeepStrictEqual } from "node:util";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import type { Sandbox } from "../../../src/sandbox/app.ts";
import { connect } from "../../support/connect.ts";
import { contactField } from "../../support/contract.ts";
import { results, table } from "../../support/replies.ts";
import { mapping, onWrite, people, type Reply, record, status } from "../../support/writes.ts";

const module = "Contacts";
const zoho = { message: "x", status: "error", details: {} };
const aRecord = /\/Contacts\/\d+$/;

/** Alters a field of every contact that is read after the first write, as if Bigin had stored another value. */
async function altering(field: string, value: (stored: unknown) => unknown) {
  const altered = mapping(aRecord, "data", (one) => ({ ...one, [field]: value(one[field]) }));
  let wrote = () => false;
  const connected = await connect({
    alter: (path, body) => (wrote() ? altered(path, body) : body),
  });
  wrote = () => connected.sent.some(({ method }) => method !== "GET");
  return connected;
}

/** Rows that give the first contacts a title. */
const titled = (sandbox: Sandbox, count = 1) =>
  Array.from({ length: count }, (_, at) => ({
    id: record(sandbox, module, at).id,
    Title: "Chair",
  }));

test("an update shows old and new values of changed and cleared fields only", async () => {
  const { call, sandbox } = await connect();
  const { id, Title, Phone } = record(sandbox, module);
  const reply = await call.update(module, [
    { id, Title: "Chair", Phone: null, Email_Opt_Out: false },
  ]);
  expect(results(reply)).toEqual([
    { row: 1, id, outcome: "updated", changed: { Title: [Title, "Chair"], Phone: [Phone, null] } },
  ]);
});

test.each([
  ["Start_DateTime", "2026-07-01 15:00"],
  ["Owner", "Priya Raman"],
  ["Tag", ["Fair"]],
  [contactField, "Anika Adeyemi"],
])("%s has the form in which a list shows it", async (field, value) => {
  const { call, sandbox } = await connect();
  const { id } = record(sandbox, "Events");
  await call.update("Events", [{ id, Owner: "Tom Okafor", Who_Id: null }]);
  const reply = await call.update("Events", [{ id, [field]: value }]);
  const list = await call.list("Events", {
    fields: [field],
    sort_by: "Modified_Time",
    sort_order: "desc",
    per_page: 1,
  });
  const [shown] = table(list).rows;
  expect(results(reply)).toMatchObject([
    {
      id: shown?.[0],
      changed: {
        [field]: expect.toSatisfy((pair: unknown[]) => isDeepStrictEqual(pair[1], shown?.[1])),
      },
    },
  ]);
  expect(reply["times"]).toBe(list["times"]);
});

test("an update to equal values is unchanged, whatever their form", async () => {
  const { call, sandbox } = await connect();
  const { id, Account_Name, Title, Owner } = record(sandbox, module);
  const company = (Account_Name as Reply)["name"];
  const reply = await call.update(module, [
    { id, Title, "Company Name": company, Owner: (Owner as Reply)["email"] },
  ]);
  expect(results(reply)).toEqual([{ row: 1, id, outcome: "unchanged" }]);
});

test("a value that Bigin altered is shown as sent and as stored", async () => {
  const { call, sandbox } = await altering("Title", (stored) => String(stored).toUpperCase());
  const [row] = titled(sandbox);
  const altered = { Title: { sent: "Chair", stored: "CHAIR" } };
  const updated = await call.update(module, [row]);
  expect(results(updated)).toEqual([{ row: 1, id: row?.id, outcome: "updated", altered }]);
  const created = await call.create(module, [{ Last_Name: "Probe", Title: "Chair", Phone: "1" }]);
  expect(results(created)).toMatchObject([{ outcome: "created", altered }]);
});

test("a value that Bigin dropped is reported, and the row is not counted as done", async () => {
  const { call } = await altering("Title", () => null);
  const reply = await call.create(module, [{ Last_Name: "Probe", Title: "Chair" }]);
  const not_taken = { Title: { sent: "Chair", actual: null } };
  expect(results(reply)).toMatchObject([{ outcome: "created", not_taken }]);
  expect(reply).toMatchObject({ done: 0, not_taken: 1, failed: 0 });
});

test("a value that Bigin ignored is told from one that it took", async () => {
  let old: unknown;
  const { call, sandbox } = await altering("Phone", () => old);
  const { id, Phone, Title } = record(sandbox, module);
  old = Phone;
  const reply = await call.update(module, [{ id, Title: "New", Phone: "12345" }]);
  expect(reply).toMatchObject({ done: 0, not_taken: 1 });
  const [line] = results(reply);
  expect(line).toMatchObject({
    outcome: "updated",
    not_taken: { Phone: { sent: "12345", actual: Phone } },
  });
  expect(JSON.stringify([line?.["changed"], line?.["more_changed"]])).toContain("Title");
  expect(Title).not.toBe("New");
});

test("an update that Bigin confirms and ignores is not reported as a change", async () => {
  const { call, sandbox } = await connect();
  const { id, Title } = record(sandbox, module);
  sandbox.addFault({ method: "PUT", does: { kind: "drop" } });
  const reply = await call.update(module, [{ id, Title: "Chair" }]);
  expect(results(reply)).toEqual([
    { row: 1, id, outcome: "unchanged", not_taken: { Title: { sent: "Chair", actual: Title } } },
  ]);
});

test("a create that Bigin confirms and does not keep is not counted as done", async () => {
  const { call, sandbox } = await connect();
  sandbox.addFault({ method: "POST", does: { kind: "drop" } });
  const reply = await call.create(module, [{ Last_Name: "Gone" }]);
  expect(results(reply)).toMatchObject([
    { problem: expect.stringContaining("was not found when it was read back") },
  ]);
});

const writing = ["update", "create"] as const;

test.each(writing)("without metadata, an unknown name is refused (%s)", async (tool) => {
  const connected = await connect({ profile: "maton" });
  const { fail, sandbox } = connected;
  const { id } = record(sandbox, module);
  const row = tool === "update" ? { id } : { Last_Name: "Probe" };
  const told = await fail[tool](module, [{ ...row, Favourite_Drink: "tea" }]);
  expect(told).toContain('Contacts has no field "Favourite_Drink"');
  expect(connected.sent.every(({ method }) => method === "GET")).toBe(true);
});

test("without metadata and records, a dropped field is reported after reading back", async () => {
  const { call, sandbox } = await connect({
    profile: "maton",
    // No record can be listed, so custom fields cannot be inferred.
    faults: [
      {
        method: "GET",
        path: /\/Contacts$/,
        times: 1000,
        does: status(403, { code: "NO_PERMISSION", ...zoho }),
      },
    ],
  });
  const { id } = record(sandbox, module);
  const args = { Favourite_Drink: "tea", Lead_Score: 7 };
  const updated = await call.update(module, [{ id, ...args }]);
  expect(results(updated)).toMatchObject([
    { not_taken: { Favourite_Drink: { sent: "tea", actual: null } } },
  ]);
  expect(JSON.stringify(results(updated)[0]?.["changed"])).not.toContain("Favourite_Drink");
  const created = await call.create(module, [{ Last_Name: "P", ...args }]);
  expect(results(created)).toMatchObject([
    { outcome: "created", not_taken: { Favourite_Drink: { sent: "tea", actual: null } } },
  ]);
});

/** Changes that a person would make, each larger than the one before. */
const changes: [field: string, value: unknown][] = [
  ["Title", "Head of Buying"],
  ["Phone", "+1 617 555 0142"],
  ["Owner", "Tom Okafor"],
  ["Mailing_City", "Providence"],
  ["Email_Opt_Out", true],
  ["Lead_Score", 87],
  [
    "Description",
    "Met at the trade fair in Boston; wants a call back next week about prices for 40 trackers.",
  ],
  ["Mailing_Street", "1200 Commonwealth Avenue, Building 4, Suite 310"],
];

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "updates of %i fields cost at most 60 tokens a record, and fields left out are counted",
  async (fields) => {
    const { call, sandbox } = await connect();
    const row = Object.fromEntries(changes.slice(0, fields));
    const records = Array.from({ length: 10 }, (_, at) => ({
      id: record(sandbox, module, at).id,
      ...row,
    }));
    const reply = await call.update(module, records);
    expect(results(reply)).toHaveLength(10);
    for (const [at, line] of results(reply).entries()) {
      expect(countTokens(JSON.stringify(line))).toBeLessThanOrEqual(60);
      const told = Object.keys((line["changed"] ?? {}) as Reply).length;
      const stored = record(sandbox, module, at);
      expect(stored).toMatchObject({ Title: "Head of Buying" });
      expect(told).toBeGreaterThan(0);
      expect(told + named(line, "more_changed")).toBeLessThanOrEqual(fields);
    }
    expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(60 * 10 + 100);
  },
);

/** How many fields a list of names covers: "Phone, Mobile, 3 more" is five. */
function named(line: Reply | undefined, key: string): number {
  const parts = String(line?.[key] ?? "").split(", ");
  return parts.reduce((sum, part) => sum + (part === "" ? 0 : Number.parseInt(part, 10) || 1), 0);
}

/** New values for eight fields, the last of which is given. */
const eightFields = (last: string) => {
  const address = ["Mailing_City", "Mailing_Street", "Mailing_State", last];
  const names = ["Title", "Phone", "Mobile", "Home_Phone", ...address];
  return Object.fromEntries(names.map((name) => [name, `A new value of ${name}`.slice(0, 30)]));
};

test("every changed field is shown or counted", async () => {
  const { call, sandbox } = await connect();
  const { id } = record(sandbox, module);
  const reply = await call.update(module, [{ id, ...eightFields("Mailing_Zip") }]);
  const [line] = results(reply);
  expect(Object.keys(line?.["changed"] as Reply).length + named(line, "more_changed")).toBe(8);
  expect(countTokens(JSON.stringify(line))).toBeLessThanOrEqual(60);
});

test("every field that was not taken is named, and with its values if they are few", async () => {
  const { call, sandbox } = await connect();
  const { id } = record(sandbox, module);
  const row = eightFields("Mailing_Country");
  sandbox.addFault({ method: "PUT", does: { kind: "drop" } });
  const [line] = results(await call.update(module, [{ id, ...row }]));
  const told = [
    ...Object.keys((line?.["not_taken"] ?? {}) as Reply),
    ...String(line?.["also_not_taken"] ?? "").split(", "),
  ];
  expect(told).toEqual(expect.arrayContaining(Object.keys(row)));
  expect(line?.["outcome"]).toBe("unchanged");
});

test("more than ten records are not read back if lists ignore ids, and the reply says so", async () => {
  const { call, sandbox } = await connect({ ids: "ignored" });
  const reply = await call.update(module, titled(sandbox, 12));
  expect(reply).toMatchObject({ done: 12, failed: 0 });
  expect(reply["notes"]).toContainEqual(expect.stringContaining("not read back"));
  for (const [at, { id }] of titled(sandbox, 12).entries())
    expect(results(reply)[at]).toEqual({ row: at + 1, id, outcome: "updated" });
});

test("more than ten records are read back if lists take ids", async () => {
  const { call, sandbox } = await connect();
  const records = titled(sandbox, 12);
  const before = records.map((_, at) => record(sandbox, module, at)["Title"]);
  const reply = await call.update(module, records);
  expect(reply).not.toHaveProperty("notes");
  expect(results(reply).map((line) => line["changed"])).toEqual(
    before.map((Title) => ({ Title: [Title, "Chair"] })),
  );
});

const failing = [
  ["a server error", status(500, { code: "INTERNAL_ERROR", ...zoho })],
  ["a missing grant", status(401, { code: "OAUTH_SCOPE_MISMATCH", ...zoho })],
  ["a cut connection", { kind: "reset" }],
  ["half an answer", { kind: "truncate" }],
] as const;

test.each(failing)("a write whose read-back ends in %s is still a success", async (_what, does) => {
  const { call, sandbox } = await connect();
  const { id } = record(sandbox, module);
  // The first read comes before the write.
  sandbox.addFault({ method: "GET", path: /\/Contacts(\/\d+)?$/, does, skip: 1, times: 1000 });
  const updated = await call.update(module, [{ id, Title: "Chair" }]);
  expect(results(updated)).toEqual([{ row: 1, id, outcome: "updated" }]);
  expect(updated["notes"]).toEqual([expect.stringContaining("not read back")]);
  expect(record(sandbox, module)["Title"]).toBe("Chair");
  const created = await call.create(module, [{ Last_Name: "Probe" }]);
  expect(results(created)).toMatchObject([{ outcome: "created" }]);
  expect(created["notes"]).toEqual([expect.stringContaining("not read back")]);
});

test("records that are missing after a success are not counted as done", async () => {
  const { call, sandbox } = await connect();
  sandbox.addFault(onWrite(module, { kind: "drop" }, { skip: 1 }));
  const reply = await call.create(module, people(250));
  expect(reply).toMatchObject({ done: 150, not_found_afterwards: 100 });
});
