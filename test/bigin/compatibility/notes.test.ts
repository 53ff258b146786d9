import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { moduleAbout } from "../../support/contract.ts";
import { idsOf, results, table } from "../../support/replies.ts";
import { record, recordsIn } from "../../support/writes.ts";

const contracts = ["documented", "engine"] as const;

/** A note on a deal. */
async function withNote(options: Parameters<typeof connect>[0]) {
  const connected = await connect(options);
  const deal = record(connected.sandbox, "Pipelines");
  const note = { Note_Content: "first", Parent_Id: deal.id, $se_module: "deals" };
  const [id = ""] = idsOf(await connected.call.create("Notes", [note]));
  const count = connected.sandbox.store.records("Notes").size;
  return { ...connected, deal, id, count };
}

test.each(contracts)(
  "%s: a note is read with its parent, changed and deleted",
  async (contract) => {
    const { call, sandbox, id, deal, count } = await withNote({ contract });
    expect(moduleAbout(sandbox.store.records("Notes").get(id) ?? {})).toBe("Pipelines");
    const shown = await call.get("Notes", id);
    expect(shown["record"]).toMatchObject({ Parent_Id: { id: deal.id } });
    const listed = table(await call.list("Notes", { per_page: 1 }));
    expect(listed.rows[0]).toContain("Pipelines");
    const updated = await call.update("Notes", [{ id, Note_Content: "second" }]);
    expect(results(updated)).toMatchObject([{ id, outcome: "updated" }]);
    expect(sandbox.store.records("Notes").get(id)).toMatchObject({ Note_Content: "second" });
    expect(sandbox.store.records("Notes").size).toBe(count);
    expect(await call.delete("Notes", [id])).toMatchObject({ done: 1 });
    expect(sandbox.store.records("Notes").has(id)).toBe(false);
  },
);

test.each(contracts)(
  "%s: where a note cannot be read by itself, it is still read, changed and deleted",
  async (contract) => {
    const refused = [{ path: "/:module/:id", method: "GET", status: 404 as const }];
    const { call, sandbox, id } = await withNote({ contract, refused });
    const { record: shown } = await call.get("Notes", id);
    expect(Object(shown).Note_Content).toContain("first");
    await call.update("Notes", [{ id, Note_Content: "second" }]);
    expect(sandbox.store.records("Notes").get(id)).toMatchObject({ Note_Content: "second" });
    expect(await call.delete("Notes", [id])).toMatchObject({ done: 1 });
    expect(sandbox.store.records("Notes").has(id)).toBe(false);
  },
);

test("where every path only creates notes, an update fails and leaves nothing behind", async () => {
  const { call, sandbox, id, count } = await withNote({
    contract: "engine",
    refused: [{ path: "/:module/:id", method: "PUT", status: 404 }],
  });
  const failed = await call("bigin_update_records", {
    module: "Notes",
    records: [{ id, Note_Content: "second" }],
  }).catch(String);
  expect(failed).toContain("cannot update notes");
  expect(sandbox.store.records("Notes").get(id)).toMatchObject({ Note_Content: "first" });
  expect(sandbox.store.records("Notes").size).toBe(count);
});

test.each(contracts)("%s: a note is never moved to another parent", async (contract) => {
  const { call, fail, sandbox, sent, id, deal } = await withNote({ contract });
  const company = record(sandbox, "Accounts");
  const before = sent.length;
  const moved = [{ id, Parent_Id: company.id, $se_module: "Accounts" }];
  expect(await fail.update("Notes", moved)).toContain("create it there");
  expect(sent.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
  const same = [{ id, Parent_Id: { id: deal.id }, Note_Title: "Title" }];
  expect(await call.update("Notes", same)).toMatchObject({ done: 1 });
  expect(recordsIn(sandbox, "Notes").find((one) => one.id === id)).toMatchObject({
    Note_Title: "Title",
  });
});

test("where a path may have added a note, the error says where to look", async () => {
  const { call, sandbox, id, deal } = await withNote({
    contract: "engine",
    refused: [{ path: "/:module/:id", method: "PUT", status: 404 }],
  });
  sandbox.addFault({ method: "PUT", path: /\/Notes\/\d+$/, skip: 1, does: { kind: "lost" } });
  const told = await call.update("Notes", [{ id, Note_Content: "second" }]).catch(String);
  expect(JSON.stringify(told)).toContain(`notes of Pipelines ${deal.id}`);
});

const row = (code: string) => ({
  data: [{ status: "error", code, message: "not here", details: {} }],
});

test.each([
  ["405", 405, { status: "error", code: "INVALID_REQUEST_METHOD", message: "no", details: {} }],
  ["404", 404, {}],
  ["403", 403, {}],
  ["scope", 401, { status: "error", code: "OAUTH_SCOPE_MISMATCH", message: "no", details: {} }],
  ["row", 400, row("NOT_SUPPORTED")],
  ["row with 200", 200, row("INVALID_DATA")],
] as const)(
  "a note is changed through its parent where its own path is refused: %s",
  async (_, status, body) => {
    const { call, sandbox, id, count } = await withNote({ contract: "documented" });
    const does = { kind: "status", status, body } as const;
    sandbox.addFault({ method: "PUT", path: /v2\/Notes\/\d+$/, times: 9, does });
    const updated = await call.update("Notes", [{ id, Note_Content: "second" }]);
    expect(results(updated)).toMatchObject([{ id, outcome: "updated" }]);
    expect(sandbox.store.records("Notes").get(id)).toMatchObject({ Note_Content: "second" });
    expect(sandbox.store.records("Notes").size).toBe(count);
  },
);

test("a note that was added although the response names the old one is deleted again", async () => {
  let note = "";
  const { fail, sandbox, id, count } = await withNote({
    contract: "engine",
    refused: [{ path: "/:module/:id", method: "PUT", status: 404 }],
    alter(path, body) {
      const { data } = body;
      if (!/\/Pipelines\/\d+\/Notes\/\d+$/.test(path) || !Array.isArray(data)) return body;
      return { ...body, data: [{ ...data[0], details: { ...data[0].details, id: note } }] };
    },
  });
  note = id;
  const told = await fail.update("Notes", [{ id, Note_Content: "second" }]);
  expect(told).toContain("cannot update notes");
  expect(sandbox.store.records("Notes").get(id)).toMatchObject({ Note_Content: "first" });
  expect(sandbox.store.records("Notes").size).toBe(count);
});
