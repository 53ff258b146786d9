import { isDeepStrictEqual } from "node:util";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { results, table } from "../../support/replies.ts";
import {
  type Connected,
  onWrite,
  people,
  type Reply,
  record,
  status,
} from "../../support/writes.ts";

const update = "bigin_update_records";
const create = "bigin_create_records";
const aRecord = /\/Contacts\/\d+$/;

/** Alters a field of every contact that is read after the first write, as if Bigin had stored another value. */
function altering(field: string, value: (stored: unknown) => unknown) {
  const state: { connected?: Connected } = {};
  const alter = (path: string, body: Reply) =>
    aRecord.test(path) && state.connected?.sent.some(({ method }) => method !== "GET")
      ? { data: (body["data"] as Reply[]).map((one) => ({ ...one, [field]: value(one[field]) })) }
      : body;
  return { alter, state };
}

test("an update shows old and new values of changed and cleared fields only", async () => {
  const { call, sandbox } = await connect();
  const { id, Title, Phone } = record(sandbox, "Contacts");
  const reply = await call.update("Contacts", [
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
  ["Who_Id", "Anika Adeyemi"],
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
  const { id, Account_Name, Title, Owner } = record(sandbox, "Contacts");
  const company = (Account_Name as Reply)["name"];
  const reply = await call.update("Contacts", [
    { id, Title, "Company Name": company, Owner: (Owner as Reply)["email"] },
  ]);
  expect(results(reply)).toEqual([{ row: 1, id, outcome: "unchanged" }]);
});

test("a value that Bigin altered is shown as sent and as stored", async () => {
  const { alter, state } = altering("Title", (stored) => String(stored).toUpperCase());
  const connected = await connect({ alter });
  state.connected = connected;
  const { id } = record(connected.sandbox, "Contacts");
  const updated = await connected.call.update("Contacts", [{ id, Title: "Chair" }]);
  expect(results(updated)).toEqual([
    { row: 1, id, outcome: "updated", altered: { Title: ["Chair", "CHAIR"] } },
  ]);
  const created = await connected.call.create("Contacts", [
    { Last_Name: "Probe", Title: "Chair", Phone: "1" },
  ]);
  expect(results(created)).toMatchObject([
    { outcome: "created", altered: { Title: ["Chair", "CHAIR"] } },
  ]);
});

test("a value that Bigin dropped is reported", async () => {
  const { alter, state } = altering("Title", () => null);
  const connected = await connect({ alter });
  state.connected = connected;
  const reply = await connected.call.create("Contacts", [{ Last_Name: "Probe", Title: "Chair" }]);
  expect(results(reply)).toMatchObject([
    { outcome: "created", altered: { Title: ["Chair", null] } },
  ]);
});

test("an update that Bigin confirms and ignores is not reported as a change", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id, Title } = record(sandbox, "Contacts");
  sandbox.addFault({ method: "PUT", does: { kind: "drop" } });
  const reply = await call.update("Contacts", [{ id, Title: "Chair" }]);
  expect(results(reply)).toEqual([
    { row: 1, id, outcome: "unchanged", altered: { Title: ["Chair", Title] } },
  ]);
});

test("a create that Bigin confirms and does not keep is not counted as done", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  sandbox.addFault({ method: "POST", does: { kind: "drop" } });
  const reply = await call.create("Contacts", [{ Last_Name: "Gone" }]);
  expect(results(reply)).toMatchObject([
    { problem: expect.stringContaining("was not found when it was read back") },
  ]);
});

test.each([
  ["updates", update],
  ["creates", create],
])("without metadata, an unknown name in %s is refused", async (_what, tool) => {
  const connected = await connect({ profile: "maton" });
  const { fail, sandbox } = connected;
  const { id } = record(sandbox, "Contacts");
  const row = tool === update ? { id } : { Last_Name: "Probe" };
  expect(
    await fail(tool, { module: "Contacts", records: [{ ...row, Favourite_Drink: "tea" }] }),
  ).toContain('Contacts has no field "Favourite_Drink"');
  expect(connected.sent.every(({ method }) => method === "GET")).toBe(true);
});

test("without metadata and records, a dropped field is reported after reading back", async () => {
  const connected = await connect({
    profile: "maton",
    // No record can be listed, so custom fields cannot be inferred.
    faults: [
      {
        method: "GET",
        path: /\/Contacts$/,
        times: 1000,
        does: status(403, {
          code: "NO_PERMISSION",
          message: "permission denied",
          status: "error",
          details: {},
        }),
      },
    ],
  });
  const { call, sandbox } = connected;
  const { id } = record(sandbox, "Contacts");
  const args = { Favourite_Drink: "tea", Lead_Score: 7 };
  const updated = await call.update("Contacts", [{ id, ...args }]);
  expect(results(updated)).toMatchObject([{ altered: { Favourite_Drink: ["tea", null] } }]);
  expect(JSON.stringify(results(updated)[0]?.["changed"])).not.toContain("Favourite_Drink");
  const created = await call.create("Contacts", [{ Last_Name: "P", ...args }]);
  expect(results(created)).toMatchObject([
    { outcome: "created", altered: { Favourite_Drink: ["tea", null] } },
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
    const records = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => ({
      id: record(sandbox, "Contacts", at).id,
      ...row,
    }));
    const reply = await call.update("Contacts", records);
    expect(results(reply)).toHaveLength(10);
    for (const [at, line] of results(reply).entries()) {
      expect(countTokens(JSON.stringify(line))).toBeLessThanOrEqual(60);
      const told = Object.keys((line["changed"] ?? {}) as Reply).length;
      const stored = record(sandbox, "Contacts", at);
      expect(stored).toMatchObject({ Title: "Head of Buying" });
      expect(told).toBeGreaterThan(0);
      expect(told + named(line, "also_changed")).toBeLessThanOrEqual(fields);
    }
    expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(60 * 10 + 100);
  },
);

/** How many fields a list of names covers: "Phone, Mobile, 3 more" is five. */
function named(line: Reply | undefined, key: string): number {
  const parts = String(line?.[key] ?? "").split(", ");
  return parts.reduce((sum, part) => sum + (part === "" ? 0 : Number.parseInt(part, 10) || 1), 0);
}

test("every changed field is shown or counted", async () => {
  const { call, sandbox } = await connect();
  const { id } = record(sandbox, "Contacts");
  const row = Object.fromEntries(
    [
      "Title",
      "Phone",
      "Mobile",
      "Home_Phone",
      "Mailing_City",
      "Mailing_Street",
      "Mailing_State",
      "Mailing_Zip",
    ].map((name) => [name, `A new value of ${name}`.slice(0, 30)]),
  );
  const reply = await call.update("Contacts", [{ id, ...row }]);
  const [line] = results(reply);
  expect(Object.keys(line?.["changed"] as Reply).length + named(line, "also_changed")).toBe(8);
  expect(countTokens(JSON.stringify(line))).toBeLessThanOrEqual(60);
});

test("every altered field is named, and with its values if they are few", async () => {
  const names = [
    "Title",
    "Phone",
    "Mobile",
    "Home_Phone",
    "Mailing_City",
    "Mailing_Street",
    "Mailing_State",
    "Mailing_Country",
  ];
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id } = record(sandbox, "Contacts");
  sandbox.addFault({ method: "PUT", does: { kind: "drop" } });
  const reply = await call.update("Contacts", [
    { id, ...Object.fromEntries(names.map((name) => [name, `New ${name}`])) },
  ]);
  const [line] = results(reply);
  const told = [
    ...Object.keys((line?.["altered"] ?? {}) as Reply),
    ...String(line?.["also_altered"] ?? "").split(", "),
  ];
  for (const name of names) expect(told).toContain(name);
  expect(line?.["outcome"]).toBe("unchanged");
});

test("more than ten records are not read back if lists ignore ids, and the reply says so", async () => {
  const connected = await connect({ honourIds: false });
  const { call, sandbox } = connected;
  const records = Array.from({ length: 12 }, (_, at) => ({
    id: record(sandbox, "Contacts", at).id,
    Title: "Chair",
  }));
  const reply = await call.update("Contacts", records);
  expect(reply).toMatchObject({ done: 12, failed: 0 });
  expect(reply["notes"]).toContainEqual(expect.stringContaining("not read back"));
  for (const line of results(reply)) {
    expect(line["outcome"]).toBe("updated");
    expect(Object.keys(line)).not.toContain("changed");
    expect(Object.keys(line)).not.toContain("altered");
  }
});

test("more than ten records are read back if lists take ids", async () => {
  const { call, sandbox } = await connect();
  const records = Array.from({ length: 12 }, (_, at) => ({
    id: record(sandbox, "Contacts", at).id,
    Title: "Chair",
  }));
  const before = records.map((_, at) => record(sandbox, "Contacts", at)["Title"]);
  const reply = await call.update("Contacts", records);
  expect(reply).not.toHaveProperty("notes");
  expect(results(reply).map((line) => line["changed"])).toEqual(
    before.map((Title) => ({ Title: [Title, "Chair"] })),
  );
});

const failing = [
  [
    "a server error",
    status(500, { code: "INTERNAL_ERROR", message: "x", status: "error", details: {} }),
  ],
  [
    "a missing grant",
    status(401, { code: "OAUTH_SCOPE_MISMATCH", message: "x", status: "error", details: {} }),
  ],
  ["a cut connection", { kind: "reset" }],
  ["half an answer", { kind: "truncate" }],
] as const;

test.each(failing)("a write whose read-back ends in %s is still a success", async (_what, does) => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const { id } = record(sandbox, "Contacts");
  // The first read comes before the write.
  sandbox.addFault({ method: "GET", path: aRecord, does, skip: 1, times: 1000 });
  const updated = await call.update("Contacts", [{ id, Title: "Chair" }]);
  expect(results(updated)).toEqual([{ row: 1, id, outcome: "updated" }]);
  expect(updated["notes"]).toEqual([expect.stringContaining("not read back")]);
  expect(record(sandbox, "Contacts")["Title"]).toBe("Chair");
  const created = await call.create("Contacts", [{ Last_Name: "Probe" }]);
  expect(results(created)).toMatchObject([{ outcome: "created" }]);
  expect(created["notes"]).toEqual([expect.stringContaining("not read back")]);
});

test("records that are missing after a success are not counted as done", async () => {
  const { call, sandbox } = await connect();
  sandbox.addFault(onWrite("Contacts", { kind: "drop" }, { skip: 1 }));
  const reply = await call.create("Contacts", people(250));
  expect(reply).toMatchObject({ done: 150, not_found_afterwards: 100 });
});
