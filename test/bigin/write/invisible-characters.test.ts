import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { seed } from "../../support/seeded.ts";

const hidden = "Warning \u26a0\ufe0f of \u202Eevil\u202C\u200B things";
const shown = "Warning \u26a0 of evil things";

test("invisible characters are hidden from the agent and the user, and restored when a write is undone", async () => {
  const { call, sandbox } = await connect();
  const [id = ""] = await seed(sandbox, "Contacts", [{ Last_Name: hidden, Title: hidden }]);
  const title = () => sandbox.store.records("Contacts").get(id)?.["Title"];
  const records = [{ id, Title: "plain" }];
  const dry = await call.update("contacts", records, { dry_run: true });
  const updated = await call.update("contacts", records);
  expect(JSON.stringify([dry, updated])).not.toMatch(/\u200B|\u202C|\u202E|\uFE0F/);
  expect(updated).toMatchObject({ results: [{ changed: { Title: [shown, "plain"] } }] });
  await call.undo(updated["write_id"]);
  expect(title()).toBe(hidden);
  const deleted = await call.delete("contacts", [id]);
  const undone = await call.undo(deleted["write_id"]);
  const [{ new_id } = { new_id: "" }] = undone["results"] as { new_id: string }[];
  expect(sandbox.store.records("Contacts").get(new_id)).toMatchObject({
    Last_Name: hidden,
    Title: hidden,
  });
});
