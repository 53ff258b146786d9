import { expect, test } from "vitest";
import { createAuditLog } from "../../../src/logging/audit-log.ts";
import { connect } from "../../support/connect.ts";
import { linesOf, newFile } from "../../support/files.ts";
import { idsOf, results, table } from "../../support/replies.ts";
import { recordsIn } from "../../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;
type Reply = Record<string, unknown>;

const remove = "bigin_delete_records";
const module = "Accounts";

/** A company with contacts and a deal. */
async function company({ call }: Connected, name = "Zed & Sons", contacts = 2) {
  const [id = ""] = idsOf(await call.create(module, [{ Account_Name: name }]));
  const people = Array.from({ length: contacts }, (_, at) => ({
    First_Name: `Person ${at}`,
    Last_Name: name,
    Account_Name: { id },
    Lead_Score: at + 1,
    Tag: ["VIP"],
  }));
  const ids = contacts > 0 ? idsOf(await call.create("Contacts", people)) : [];
  return { id, ids };
}

function peopleOf({ sandbox }: Connected, last: string) {
  return recordsIn(sandbox, "Contacts").filter((one) => one["Last_Name"] === last);
}

test.each(["none", "destructive"] as const)(
  "--confirm %s: a company with contacts is deleted only after a confirmation that names them",
  async (confirm) => {
    const connected = await connect({ confirm });
    const { call, sandbox } = connected;
    const { id, ids } = await company(connected);
    await call.create("deals", [
      {
        Deal_Name: "Zed deal",
        Sub_Pipeline: "Renewals",
        Stage: "Quote Sent",
        Account_Name: { id },
      },
    ]);
    const asked = await call(remove, { module, ids: [id] });
    expect(asked["status"]).toBe("confirmation_required");
    expect(asked["would"]).toContain("2 contacts of this company");
    for (const part of ["Person 0", "Person 1", "1 deal", "notes, attachments and activities"])
      expect(asked["would"]).toContain(part);
    expect(asked["preview"]).toMatchObject({ rows: [{ contacts_deleted_too: 2, deals_left: 1 }] });
    expect(sandbox.store.records(module).has(id)).toBe(true);
    const { confirm_token } = asked;
    const done = await call(remove, { module, ids: [id], confirm_token });
    expect(results(done)).toEqual([{ row: 1, id, outcome: "deleted", contacts_deleted_too: 2 }]);
    for (const one of ids) expect(sandbox.store.records("Contacts").has(one)).toBe(false);
  },
);

test("a company without contacts needs no confirmation of its own", async () => {
  const connected = await connect();
  const { id } = await company(connected, "Alone", 0);
  expect(await connected.call(remove, { module, ids: [id] })).toMatchObject({ done: 1 });
});

test("a contact that joins after the question makes the answer void", async () => {
  const connected = await connect();
  const { call, fail } = connected;
  const { id } = await company(connected);
  const { confirm_token } = await call(remove, { module, ids: [id] });
  await call.create("Contacts", [{ Last_Name: "Late", Account_Name: { id } }]);
  expect(await fail(remove, { module, ids: [id], confirm_token })).toContain("changed since");
});

test.each([
  [1, 3],
  [11, 2],
])(
  "the undo of %i deleted companies with %i contacts each brings all back, linked",
  async (companies, contacts) => {
    const connected = await connect();
    const { call, sandbox } = connected;
    const made: { id: string; ids: string[] }[] = [];
    for (let at = 0; at < companies; at += 1)
      made.push(await company(connected, `Zed ${at}`, contacts));
    const [first] = made;
    const updated = await call.update("Contacts", [{ id: first?.ids[0], Title: "Chair" }]);
    const deleted = await call.delete(
      module,
      made.map(({ id }) => id),
    );
    expect(deleted).toMatchObject({ done: companies });
    expect(peopleOf(connected, "Zed 0")).toEqual([]);
    const undone = await call.undo(deleted["write_id"]);
    expect(undone).toMatchObject({ undone: companies });
    for (let at = 0; at < companies; at += 1) {
      const [again] = recordsIn(sandbox, module).filter(
        (one) => one["Account_Name"] === `Zed ${at}`,
      );
      const people = peopleOf(connected, `Zed ${at}`);
      expect(people.map((one) => one["First_Name"]).toSorted()).toEqual(
        Array.from({ length: contacts }, (_, person) => `Person ${person}`),
      );
      for (const one of people) {
        expect(one["Account_Name"]).toMatchObject({ id: again?.id });
        expect(one["Tag"]).toMatchObject([{ name: "VIP" }]);
      }
    }
    expect(peopleOf(connected, "Zed 0").map((one) => one["Title"])).toContain("Chair");
    // An earlier change of such a contact can be undone too: the journal knows its new id.
    expect(await call.undo(updated["write_id"])).toMatchObject({ undone: 1 });
    expect(peopleOf(connected, "Zed 0").map((one) => one["Title"])).not.toContain("Chair");
  },
);

test("the creation of a company that has contacts by now is not undone", async () => {
  const connected = await connect();
  const { call, fail, sandbox } = connected;
  const made = await call.create(module, [{ Account_Name: "Zed" }, { Account_Name: "Zed Two" }]);
  const [id = "", other = ""] = idsOf(made);
  await call.create("Contacts", [{ Last_Name: "Joined", Account_Name: { id } }]);
  const undone = await call.undo(made["write_id"]);
  expect(results(undone)).toMatchObject([
    { id: other, outcome: "deleted" },
    { id, outcome: "left alone", problem: expect.stringContaining("Joined") },
  ]);
  expect(sandbox.store.records(module).has(id)).toBe(true);
  expect(await fail.undo(made["write_id"])).toContain("has contacts by now");
});

test("where contacts cannot be read, the question says that they cannot be restored", async () => {
  const connected = await connect({
    refused: [{ path: "/:module/:id/:list", method: "GET", status: 403 }],
  });
  const { id } = await company(connected);
  const asked: Reply = await connected.call(remove, { module, ids: [id] });
  expect(asked["status"]).toBe("confirmation_required");
  expect(asked["would"]).toContain("could not be read");
});

/** Creates many contacts. */
async function crowd({ call }: Connected, count: number, contact: Reply) {
  for (let left = count; left > 0; left -= 500)
    await call.create(
      "Contacts",
      Array.from({ length: Math.min(left, 500) }, () => contact),
    );
}

const contactsPath = /\/Contacts$/;

/** A deleted company with two contacts. */
async function deleted(options: Parameters<typeof connect>[0] = {}) {
  const connected = await connect(options);
  const made = await company(connected);
  const { write_id } = await connected.call.delete(module, [made.id]);
  expect(peopleOf(connected, "Zed & Sons")).toEqual([]);
  return { ...connected, ...made, write_id };
}

test.each([
  ["fails", { kind: "status", status: 503, body: {} }],
  ["is cut off", { kind: "reset" }],
  ["is limited", { kind: "status", status: 429, body: {}, headers: { "Retry-After": "90" } }],
  ["is claimed to work, but does not", { kind: "drop" }],
] as const)(
  "where creating the contacts again %s, the next undo creates those that are missing",
  async (_, does) => {
    const connected = await deleted();
    const { call, fail, sandbox, write_id } = connected;
    sandbox.addFault({ method: "POST", path: contactsPath, times: 9, does });
    const first = await call.undo(write_id);
    expect(results(first)).toMatchObject([
      { outcome: "created again", contacts_created_again: 0, contacts_not_restored: 2 },
    ]);
    expect(first["next"]).toContain("bigin_undo_write");
    sandbox.clearFaults();
    const second = await call.undo(write_id);
    expect(results(second)).toMatchObject([{ contacts_created_again: 2 }]);
    const [again] = recordsIn(sandbox, module).filter(
      (one) => one["Account_Name"] === "Zed & Sons",
    );
    const people = peopleOf(connected, "Zed & Sons");
    expect(people.map((one) => Object(one["Account_Name"]).id)).toEqual([again?.id, again?.id]);
    expect(await fail.undo(write_id)).toContain("undone already");
  },
);

test("contacts that were created again without a response are found, and not made twice", async () => {
  const connected = await deleted();
  const { call, fail, sandbox, write_id } = connected;
  sandbox.addFault({ method: "POST", path: contactsPath, does: { kind: "lost" } });
  expect(results(await call.undo(write_id))).toMatchObject([{ contacts_created_again: 2 }]);
  expect(await fail.undo(write_id)).toContain("undone already");
  expect(peopleOf(connected, "Zed & Sons")).toHaveLength(2);
});

test("a company that was created again without a response is found, and gets its contacts", async () => {
  const connected = await deleted();
  const { call, sandbox, write_id } = connected;
  sandbox.addFault({ method: "POST", path: /\/Accounts$/, does: { kind: "lost" } });
  expect(results(await call.undo(write_id))).toMatchObject([{ contacts_created_again: 2 }]);
  expect(peopleOf(connected, "Zed & Sons")).toHaveLength(2);
});

test("one refused contact does not hold up the other, and stays restorable", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const [id = ""] = idsOf(await call.create(module, [{ Account_Name: "Zed" }]));
  const person = { Account_Name: { id }, Email: "ann@zed.example" };
  await call.create("Contacts", [
    { ...person, Last_Name: "Zed" },
    { Last_Name: "Zed", Account_Name: { id } },
  ]);
  const { write_id } = await call.delete(module, [id]);
  const [twin] = idsOf(
    await call.create("Contacts", [{ Last_Name: "Twin", Email: "ann@zed.example" }]),
  );
  expect(results(await call.undo(write_id))).toMatchObject([
    { contacts_created_again: 1, contacts_not_restored: 1 },
  ]);
  await call.delete("Contacts", [twin]);
  expect(results(await call.undo(write_id))).toMatchObject([{ contacts_created_again: 1 }]);
  expect(peopleOf({ ...connected, sandbox }, "Zed")).toHaveLength(2);
});

test("a contact that somebody restored is linked to the new company, and not made twice", async () => {
  const connected = await deleted();
  const { call, sandbox, ids, write_id } = connected;
  const [first = ""] = ids;
  const contacts = sandbox.store.records("Contacts");
  if (!(contacts instanceof Map)) throw new Error("the sandbox keeps records in a Map");
  contacts.set(first, { id: first, Last_Name: "Zed & Sons", Account_Name: null });
  const undone = await call.undo(write_id);
  expect(results(undone)).toMatchObject([{ contacts_created_again: 1, contacts_linked_again: 1 }]);
  const [again] = recordsIn(sandbox, module).filter((one) => one["Account_Name"] === "Zed & Sons");
  const people = peopleOf(connected, "Zed & Sons");
  expect(people.map((one) => Object(one["Account_Name"]).id)).toEqual([again?.id, again?.id]);
});

test("more contacts than are kept are counted as at least, before and after", async () => {
  const connected = await connect();
  const { call } = connected;
  const { id } = await company(connected, "Zed", 0);
  await crowd(connected, 520, { Last_Name: "Zed", Account_Name: { id } });
  const gone = await call.delete(module, [id]);
  expect(results(gone)).toMatchObject([{ contacts_deleted_too: "at least 500" }]);
  const undone = await call.undo(gone["write_id"]);
  expect(results(undone)).toMatchObject([{ contacts_created_again: 500 }]);
  expect(undone["contacts_lost"]).toContain("cannot be created again");
});

test("eleven companies keep their contacts where there are more than 2,000", async () => {
  const connected = await connect();
  const { call } = connected;
  await crowd(connected, 2_100, { Last_Name: "Other" });
  const made: string[] = [];
  for (let at = 0; at < 11; at += 1)
    made.push((await company(connected, `Zed ${at}`, at === 0 ? 2 : 0)).id);
  const gone = await call.delete(module, made);
  expect(results(gone)[0]).toMatchObject({ contacts_deleted_too: 2 });
  await call.undo(gone["write_id"]);
  expect(peopleOf(connected, "Zed 0")).toHaveLength(2);
});

test("a second list of contacts in the metadata does not hide those that are deleted", async () => {
  const connected = await connect({
    alter: (path, body) => {
      if (!path.endsWith("/related_lists") || !Array.isArray(body["related_lists"])) return body;
      const other = {
        api_name: "Tasks",
        display_label: "Referrals",
        module: { api_name: "Contacts" },
      };
      return { ...body, related_lists: [other, ...body["related_lists"]] };
    },
  });
  const { id } = await company(connected);
  const asked: Reply = await connected.call(remove, { module, ids: [id] });
  expect(asked["would"]).toContain("2 contacts");
});

test("contacts that were deleted with a company are not found while the index has them", async () => {
  const connected = await connect({ searchLagMs: 15_000 });
  const { call, sandbox } = connected;
  const [contact] = recordsIn(sandbox, "Contacts").filter((one) => one["Account_Name"]);
  const company = Object(contact?.["Account_Name"]).id;
  const filters = [{ field: "Last_Name", op: "equals", value: contact?.["Last_Name"] }];
  const before = table(await call.search("Contacts", { filters })).rows.length;
  await call.delete(module, [company]);
  const after = table(await call.search("Contacts", { filters })).rows.length;
  expect(after).toBeLessThan(before);
});

test("the audit log has the contacts that a delete and its undo were about", async () => {
  const file = newFile();
  const connected = await connect({ audit: createAuditLog(file) });
  const { id, ids } = await company(connected);
  const { write_id } = await connected.call.delete(module, [id]);
  await connected.call.undo(write_id);
  const [removed, restored] = linesOf(file).slice(-2);
  for (const one of ids) {
    expect(JSON.stringify(removed)).toContain(one);
    expect(JSON.stringify(restored)).toContain(one);
  }
  for (const one of peopleOf(connected, "Zed & Sons"))
    expect(JSON.stringify(restored)).toContain(one.id);
});

/** The related lists of companies without the one called "Contacts", but with another list of contacts. */
function onlyOtherList(path: string, body: Reply) {
  if (!path.endsWith("/related_lists") || !Array.isArray(body["related_lists"])) return body;
  const others = body["related_lists"].filter((one: Reply) => one["api_name"] !== "Contacts");
  const other = {
    api_name: "Tasks",
    display_label: "Referrals",
    module: { api_name: "Contacts" },
  };
  return { ...body, related_lists: [other, ...others] };
}

test("a list of contacts by another name does not hide those of the usual one", async () => {
  const connected = await connect({ alter: onlyOtherList });
  const { id } = await company(connected);
  const asked: Reply = await connected.call(remove, { module, ids: [id] });
  expect(asked["would"]).toContain("2 contacts");
});

test("where only a list by another name can be read, its zero proves nothing", async () => {
  const connected = await connect({ alter: onlyOtherList });
  const { id } = await company(connected, "Zed", 0);
  const notFound = { code: "INVALID_URL_PATTERN", message: "no", details: {}, status: "error" };
  connected.sandbox.addFault({
    path: /\/Accounts\/\d+\/Contacts$/,
    times: 9,
    does: { kind: "status", status: 404, body: notFound },
  });
  const asked: Reply = await connected.call(remove, { module, ids: [id] });
  expect(asked["status"]).toBe("confirmation_required");
  expect(asked["would"]).toContain("contacts. They could not be read");
});

test("where the company of a contact is hidden, eleven companies are not taken for empty ones", async () => {
  const connected = await connect({
    alter(path, body) {
      if (!path.endsWith("/Contacts") || !Array.isArray(body["data"])) return body;
      return { ...body, data: body["data"].map(({ Account_Name: _, ...rest }: Reply) => rest) };
    },
    refused: [{ path: "/:module/:id/:list", method: "GET", status: 403 }],
  });
  const made: string[] = [];
  for (let at = 0; at < 11; at += 1) made.push((await company(connected, `Zed ${at}`)).id);
  const asked: Reply = await connected.call(remove, { module, ids: made });
  expect(asked["status"]).toBe("confirmation_required");
  expect(asked["would"]).toContain("could not be read");
});

test("where lists of ids do not work, eleven companies still come back with their contacts", async () => {
  const connected = await connect({ ids: "ignored" });
  const { call, sandbox } = connected;
  const made: string[] = [];
  for (let at = 0; at < 11; at += 1) made.push((await company(connected, `Zed ${at}`)).id);
  const { write_id } = await call.delete(module, made);
  expect(await call.undo(write_id)).toMatchObject({ undone: 11 });
  for (let at = 0; at < 11; at += 1) {
    const [again] = recordsIn(sandbox, module).filter((one) => one["Account_Name"] === `Zed ${at}`);
    const links = peopleOf(connected, `Zed ${at}`).map((one) => Object(one["Account_Name"]).id);
    expect(links).toEqual([again?.id, again?.id]);
  }
});

const relatedContacts = /\/Accounts\/\d+\/Contacts$/;

test("contacts are not created a second time while those that exist cannot be read", async () => {
  const connected = await deleted();
  const { call, fail, sandbox, write_id } = connected;
  const refusal = { kind: "status", status: 503, body: {} } as const;
  sandbox.addFault({ method: "POST", path: contactsPath, times: 9, does: refusal });
  await call.undo(write_id);
  sandbox.clearFaults();
  sandbox.addFault({ path: relatedContacts, times: 9, does: refusal });
  expect(await fail.undo(write_id)).toContain("cannot be read now");
  expect(peopleOf(connected, "Zed & Sons")).toEqual([]);
  sandbox.clearFaults();
  expect(results(await call.undo(write_id))).toMatchObject([{ contacts_created_again: 2 }]);
  expect(peopleOf(connected, "Zed & Sons")).toHaveLength(2);
});

test("a contact that exists is not made twice, even if it cannot be read again before the write", async () => {
  const connected = await deleted();
  const { call, sandbox, ids, write_id } = connected;
  const [first = ""] = ids;
  const contacts = sandbox.store.records("Contacts");
  if (!(contacts instanceof Map)) throw new Error("the sandbox keeps records in a Map");
  contacts.set(first, { id: first, Last_Name: "Zed & Sons", Account_Name: null });
  // Planning reads both contacts. What is read after that fails.
  const unavailable = { kind: "status", status: 503, body: {} } as const;
  sandbox.addFault({
    path: /\/Contacts\/\d+$/,
    method: "GET",
    skip: 2,
    times: 9,
    does: unavailable,
  });
  const undone = await call.undo(write_id);
  expect(results(undone)).toMatchObject([{ contacts_created_again: 1, contacts_linked_again: 1 }]);
  expect(peopleOf(connected, "Zed & Sons")).toHaveLength(2);
});
