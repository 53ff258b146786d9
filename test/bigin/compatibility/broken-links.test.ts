import { expect, test } from "vitest";
import { broken, type Change, contracts, ofField } from "../../support/broken.ts";
import { where } from "../../support/reads.ts";
import { idsOf, listedIds, recordIn, results } from "../../support/replies.ts";
import { erase } from "../../support/seeded.ts";
import { record, recordsIn, writes } from "../../support/writes.ts";

test.each(contracts.flatMap((one) => ["Tasks", "Calls"].map((module) => [one, module] as const)))(
  "%s: links in %s whose metadata cannot be read are those of the records",
  async (contract, module) => {
    const links = ["What_Id", "Who_Id", "Related_To", "Contact_Name"];
    const change: Change = (items) =>
      items.map((one) => (links.includes(String(one["api_name"])) ? null : one));
    const { call, sandbox } = await broken(contract, "fields", change);
    const about = record(sandbox, "Accounts");
    const row = {
      Subject: "Ring",
      ...(module === "Calls" && {
        Call_Type: "Outbound",
        Call_Start_Time: "2026-12-24T10:00:00-05:00",
      }),
      What_Id: about.id,
      $se_module: "Accounts",
    };
    const made = await call.create(module, [row]);
    expect(results(made)[0]).not.toHaveProperty("altered");
    const [id = ""] = idsOf(made);
    const link = contract === "engine" ? "Related_To" : "What_Id";
    expect(sandbox.store.records(module).get(id)).toMatchObject({ [link]: { id: about.id } });
    const shown = recordIn(await call.get(module, id, { fields: ["what_id"] }));
    expect(JSON.stringify(shown)).toContain(about.id);
    const found = await call.search(module, where("what_id", "equals", about.id));
    expect(listedIds(found)).toContain(id);
  },
);

test.each(contracts)(
  "%s: where records show no links either, those of a task are read back and written once more",
  async (contract) => {
    const links = ["What_Id", "Who_Id", "Related_To", "Contact_Name"];
    const change: Change = (items) =>
      items.map((one) => (links.includes(String(one["api_name"])) ? null : one));
    const { call, sandbox } = await broken(contract, "fields", change);
    await erase(sandbox, "Tasks", [...sandbox.store.records("Tasks").keys()]);
    const about = record(sandbox, "Accounts");
    const made = await call.create("Tasks", [
      { Subject: "Ring", What_Id: about.id, $se_module: "Accounts" },
    ]);
    const link = contract === "engine" ? "Related_To" : "What_Id";
    expect(recordsIn(sandbox, "Tasks")).toMatchObject([{ [link]: { id: about.id } }]);
    expect(results(made)[0]).not.toHaveProperty("altered");
  },
);

test.each(contracts)(
  "%s: one link that can be read tells the name of the other",
  async (contract) => {
    const link = contract === "engine" ? "Related_To" : "What_Id";
    const connected = await broken(contract, "fields", ofField(link, null));
    const { call, sandbox } = connected;
    await erase(sandbox, "Tasks", [...sandbox.store.records("Tasks").keys()]);
    const about = record(sandbox, "Accounts");
    await call.create("Tasks", [
      { Subject: "Ring", "Related To": about.id, $se_module: "Accounts" },
    ]);
    expect(recordsIn(sandbox, "Tasks")).toMatchObject([{ [link]: { id: about.id } }]);
    expect(writes(connected)).toHaveLength(1);
  },
);
