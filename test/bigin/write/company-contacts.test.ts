import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { idsOf, results } from "../../support/replies.ts";
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
