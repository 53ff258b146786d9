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
  expect(results(reply)[0]).not.toHaveProperty("altered");
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
