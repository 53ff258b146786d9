import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { contactField, linkField, moduleAbout, moduleKey } from "../../support/contract.ts";
import { results } from "../../support/replies.ts";
import { record, status } from "../../support/writes.ts";

const noPermission = status(403, {
  code: "NO_PERMISSION",
  message: "no",
  details: {},
  status: "error",
});

/** An organisation in which nothing shows by which names activities are linked. */
function withoutEvidence() {
  return connect({
    refused: [{ path: "/settings/fields", status: 403 }],
    faults: [{ method: "GET", path: /\/Tasks$/, times: 1, does: noPermission }],
  });
}

test("where nothing shows the names, a task is inserted once and linked under the names that Bigin has", async () => {
  const { call, sandbox, sent } = await withoutEvidence();
  const company = record(sandbox, "Accounts");
  const person = record(sandbox, "Contacts");
  const before = sandbox.store.records("Tasks").size;
  const row = { Subject: "Ring", What_Id: company.id, $se_module: "companies", Who_Id: person.id };
  const reply = await call.create("Tasks", [row]);
  expect(sandbox.store.records("Tasks").size).toBe(before + 1);
  expect(sent.filter(({ method }) => method === "POST")).toHaveLength(1);
  const task = sandbox.store.records("Tasks").get(String(results(reply)[0]?.["id"])) ?? {};
  expect(task).toMatchObject({
    [linkField]: { id: company.id },
    [contactField]: { id: person.id },
  });
  expect(moduleAbout(task)).toBe("Accounts");
  expect(results(reply)[0]).not.toHaveProperty("not_taken");
});

test.each(["$se_module", "$related_module", "se_module"])(
  "the module of what a task is about can be given as %s, and is shown as $se_module",
  async (key) => {
    const { call, sandbox } = await connect();
    const deal = record(sandbox, "Pipelines");
    const reply = await call.create("Tasks", [
      { Subject: "Ask", What_Id: deal.id, [key]: "deals" },
    ]);
    const id = String(results(reply)[0]?.["id"]);
    expect(sandbox.store.records("Tasks").get(id)).toHaveProperty([moduleKey]);
    const shown = await call.get("Tasks", id, { fields: [key, "what_id"] });
    expect(shown["record"]).toMatchObject({ $se_module: "Pipelines" });
  },
);

test.each([
  ["fails with Maton's 404", status(404, { error: { code: 404, message: "no connection" } })],
  ["fails with a refused key", status(401, { error: { code: 401, message: "no key" } })],
  ["gets no response", { kind: "reset" } as const],
])(
  "where writing the links once more %s, the task counts as created, and its link as missing",
  async (_, does) => {
    const { call, sandbox } = await connect({
      contract: "engine",
      refused: [{ path: "/settings/fields", status: 403 }],
      faults: [{ method: "GET", path: /\/Tasks$/, times: 1, does: noPermission }],
    });
    sandbox.addFault({ method: "PUT", path: /Tasks/, times: 9, does });
    const { id } = record(sandbox, "Accounts");
    const reply = await call.create("Tasks", [
      { Subject: "Ring", What_Id: id, $se_module: "Accounts" },
    ]);
    expect(results(reply)).toMatchObject([{ outcome: "created", not_taken: expect.anything() }]);
    expect(reply["write_id"]).toBeDefined();
  },
);

test("links of many tasks are written in parts, without workflows where none were asked for", async () => {
  let now = Date.now();
  const { call, sandbox, sent } = await connect({
    contract: "engine",
    clock: () => {
      now += 1_000;
      return now;
    },
    refused: [{ path: "/settings/fields", status: 403 }],
    faults: [{ method: "GET", path: /\/Tasks$/, times: 1, does: noPermission }],
  });
  const { id } = record(sandbox, "Accounts");
  const rows = Array.from({ length: 150 }, (_, at) => ({
    Subject: `Ring ${at}`,
    What_Id: id,
    $se_module: "Accounts",
  }));
  const reply = await call.create("Tasks", rows, { trigger: [] });
  const puts = sent.filter(({ method }) => method === "PUT");
  expect(puts.map(({ body }) => JSON.parse(body).data.length)).toEqual([100, 50]);
  for (const { body } of puts) expect(JSON.parse(body).trigger).toEqual([]);
  const linked = [...sandbox.store.records("Tasks").values()].filter((task) =>
    String(task["Subject"]).startsWith("Ring "),
  );
  for (const task of linked) expect(task["Related_To"]).toMatchObject({ id });
  expect(await call.undo(reply["write_id"])).toMatchObject({ undone: 150 });
});
