import { expect, test } from "vitest";
import { stageNames } from "../../../src/sandbox/seed/pipelines.ts";
import { broken, type Change, contracts, ofField } from "../../support/broken.ts";
import { type ConnectOptions, connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { column, idsOf, listedIds, table } from "../../support/replies.ts";
import { type Reply, record, recordsIn } from "../../support/writes.ts";

/** Changes every option of Sub_Pipeline in every layout. */
function ofSubPipelines(change: (option: Reply) => unknown): Change {
  return (layouts) =>
    layouts.map((layout) => ({
      ...layout,
      sections: Object(layout["sections"]).map((section: Reply) => ({
        ...section,
        fields: Object(section["fields"]).map((field: Reply) =>
          field["api_name"] === "Sub_Pipeline"
            ? { ...field, pick_list_values: Object(field["pick_list_values"]).map(change) }
            : field,
        ),
      })),
    }));
}

const deal = { Deal_Name: "Zed", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
const other = { ...deal, Sub_Pipeline: "Sales Pipeline Standard", Stage: "Qualification" };
const stageNote = expect.arrayContaining([expect.stringMatching(/stage.* not checked against/)]);

test.each(contracts)(
  "%s: a stage whose option is null is not refused, and the note names it for this sub-pipeline only",
  async (contract) => {
    const change = ofSubPipelines((option) => {
      if (option["actual_value"] !== "Renewals") return option;
      const maps = Object(option["maps"]).map((map: Reply) => ({
        ...map,
        pick_list_values: Object(map["pick_list_values"]).map((stage: Reply) =>
          stage["actual_value"] === "Quote Sent" ? null : stage,
        ),
      }));
      return { ...option, maps: [...maps, null] };
    });
    const { call, sandbox } = await broken(contract, "layouts", change);
    const made = await call.create("deals", [deal]);
    expect(made).toMatchObject({ done: 1, notes: stageNote });
    expect(sandbox.store.records("Pipelines").get(String(idsOf(made)[0]))).toMatchObject(deal);
    const checked = await call.create("deals", [other]);
    expect(JSON.stringify(checked["notes"] ?? [])).not.toContain("not checked against");
    expect((await call.describe("deals"))["not_checked"]).toContain("stages");
  },
);

test.each(contracts)(
  "%s: unknown stages of one sub-pipeline leave the checks of the others alone",
  async (contract) => {
    const change = ofSubPipelines((option) =>
      option["actual_value"] === "Renewals" ? { ...option, maps: null } : option,
    );
    const { call, fail } = await broken(contract, "layouts", change);
    expect(await call.create("deals", [deal])).toMatchObject({ done: 1, notes: stageNote });
    const checked = await call.create("deals", [other]);
    expect(JSON.stringify(checked["notes"] ?? [])).not.toContain("not checked against");
    expect(await fail.create("deals", [{ ...other, Stage: "Quote Sent" }])).toContain(
      "has no stage",
    );
  },
);

test.each(contracts)(
  "%s: a team pipeline that is null leaves the others checked, and its own deals where they are",
  async (contract) => {
    const change: Change = (layouts) =>
      layouts.map((one) => (one["name"] === "Onboarding" ? null : one));
    const { call, fail, sandbox } = await broken(contract, "layouts", change);
    const checked = await call.create("deals", [other]);
    expect(JSON.stringify(checked["notes"] ?? [])).not.toContain("not checked against");
    expect(await fail.create("deals", [{ ...other, Stage: "Quote Sent" }])).toContain(
      "has no stage",
    );
    const row = { Deal_Name: "Zed", Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff" };
    const made = await call.create("deals", [row]);
    expect(made).toMatchObject({ done: 1, notes: stageNote });
    const [id = ""] = idsOf(made);
    const stored = () => sandbox.store.records("Pipelines").get(id);
    const team = stored()?.["Pipeline"];
    expect(await call.update("deals", [{ id, Stage: "Training" }])).toMatchObject({ done: 1 });
    expect(stored()).toMatchObject({ Stage: "Training", Pipeline: team });
  },
);

test.each(contracts.flatMap((one) => [[one, null] as const, [one, "text"] as const]))(
  "%s: a link whose lookup is %j still finds its records by name",
  async (contract, lookup) => {
    const change = ofField("Account_Name", { lookup });
    const { call, sandbox } = await broken(contract, "fields", change);
    const { id, Account_Name: name } = record(sandbox, "Accounts");
    const made = await call.create("Contacts", [{ Last_Name: "Zed", Account_Name: name }]);
    const [contact = ""] = idsOf(made);
    expect(sandbox.store.records("Contacts").get(contact)).toMatchObject({ Account_Name: { id } });
    const linked = recordsIn(sandbox, "Contacts").filter(
      (one) => Object(one["Account_Name"]).id === id,
    );
    const found = await call.search("Contacts", {
      ...where("company name", "equals", name),
      per_page: 200,
    });
    expect(new Set(listedIds(found))).toEqual(new Set(linked.map((one) => one.id)));
  },
);

test.each(contracts)(
  "%s: a custom link to an unknown module is filtered by name, and written by id",
  async (contract) => {
    const extra = { api_name: "Extra_Field_13", field_label: "Extra Field 13" };
    const change = ofField(extra.api_name, { ...extra, lookup: null });
    const { call, fail, sandbox } = await broken(contract, "fields", change, { extraFields: 13 });
    const { id, Account_Name: name } = record(sandbox, "Accounts");
    const row = { Last_Name: "Zed", Extra_Field_13: id };
    const [contact = ""] = idsOf(await call.create("Contacts", [row]));
    const found = await call.search("Contacts", where("extra field 13", "equals", name));
    expect(listedIds(found)).toEqual([contact]);
    expect(await fail.create("Contacts", [{ ...row, Extra_Field_13: name }])).toContain(
      "give the id",
    );
  },
);

test.each(contracts)(
  "%s: a field that is listed twice is one field, and API names come before labels",
  async (contract) => {
    const copy = (items: Reply[], from: string, changed: Reply) =>
      items.flatMap((one) => (one["api_name"] === from ? [{ ...one, ...changed }] : []));
    const change: Change = (items) => [
      null,
      ...copy(items, "Title", { api_name: "Rank", field_label: "Phone" }),
      ...items,
      ...copy(items, "Title", {}),
      ...copy(items, "Title", { api_name: "title_", field_label: "Ranks" }),
      ...copy(items, "Title", { api_name: "Other", field_label: "Ranks" }),
    ];
    const { call, fail, sandbox } = await broken(contract, "fields", change);
    const [id = ""] = idsOf(
      await call.create("Contacts", [{ Last_Name: "Zed", Title: "Dr", Phone: "1" }]),
    );
    expect(sandbox.store.records("Contacts").get(id)).toMatchObject({ Title: "Dr", Phone: "1" });
    expect((await call.list("Contacts", { fields: ["Title", "phone"] }))["columns"]).toEqual([
      "id",
      "Title",
      "Phone",
    ]);
    expect(await fail.list("Contacts", { fields: ["ranks"] })).toContain("title_ or Other");
  },
);

test.each(contracts)(
  "%s: modules that cannot be read are no proof of their absence",
  async (contract) => {
    const change: Change = (items) => [
      null,
      "text",
      { plural_label: "Nameless" },
      ...items.filter((one) => one["api_name"] !== "Service_Contracts"),
    ];
    const { call, fail, sandbox } = await broken(contract, "modules", change);
    const listed = await call("bigin_list_modules");
    expect(column(listed, "module")).toContain("Contacts");
    expect(listed["not_checked"]).toContain("3");
    const stored = [...sandbox.store.records("Service_Contracts").keys()];
    const rows = await call.list("Service_Contracts", { per_page: 1 });
    expect(stored).toContain(listedIds(rows)[0]);
    expect(await fail.list("service contracts")).toContain("could not be read");
  },
);

test.each(contracts.flatMap((one) => [403, 503].map((status) => [one, status] as const)))(
  "%s: where the list of modules answers %i, the standard modules are there",
  async (contract, code) => {
    const { call, sandbox } = await connect({ contract });
    const does = {
      kind: "status",
      status: code,
      body: { code: "X", message: "no", details: {}, status: "error" },
    } as const;
    sandbox.addFault({ method: "GET", path: /settings\/modules$/, times: 99, does });
    const listed = await call("bigin_list_modules");
    expect(column(listed, "module")).toEqual(
      expect.arrayContaining(["Contacts", "Pipelines", "Notes"]),
    );
    expect(column(listed, "create")).not.toContain(true);
    expect(listed["not_checked"]).toBeDefined();
    for (const module of ["companies", "Service_Contracts"])
      expect(table(await call.list(module, { per_page: 1 })).rows).toHaveLength(1);
  },
);

test.each(
  contracts.flatMap((one) => ["deals", "calls", "contacts"].map((list) => [one, list] as const)),
)("%s: a related list of %s without a module is read", async (contract, list) => {
  const change: Change = (items) => [null, ...items.map((one) => ({ ...one, module: null }))];
  const { call, sandbox, sent } = await broken(contract, "related_lists", change);
  const module = { deals: "Pipelines", calls: "Calls", contacts: "Contacts" }[list] ?? "";
  const company = recordsIn(sandbox, "Accounts").find((one) =>
    recordsIn(sandbox, module).some((linked) => JSON.stringify(linked).includes(one.id)),
  );
  const args = { module: "Accounts", id: company?.id, related_list: list };
  const reply = await call("bigin_list_related_records", args);
  expect(reply["module"]).toBe(module);
  expect(table(reply).rows.length).toBeGreaterThan(0);
  const asked = sent.flatMap(({ url }) => url.searchParams.getAll("fields"));
  expect(asked).not.toContain("");
});

test("a related list of an unknown module is asked for with some field", async () => {
  const change: Change = (items) => [
    ...items,
    { api_name: "Strange_Things", display_label: "Strange things", module: null },
  ];
  const { fail, sandbox, sent } = await broken("documented", "related_lists", change);
  const { id } = record(sandbox, "Accounts");
  const args = { module: "Accounts", id, related_list: "strange things" };
  expect(await fail("bigin_list_related_records", args)).toContain("Strange_Things");
  expect(sent.at(-1)?.url.searchParams.get("fields")).toBe("id");
});

test.each(contracts)(
  "%s: an option without a stored value is not said to be none",
  async (contract) => {
    const change: Change = (items) =>
      items.map((one) =>
        one["api_name"] !== "Stage"
          ? one
          : {
              ...one,
              pick_list_values: stageNames.map((name) =>
                name === "Closed Won"
                  ? { display_value: "Won" }
                  : { display_value: name, actual_value: name },
              ),
            },
      );
    const { call } = await broken(contract, "fields", change);
    const reply = await call.search("deals", where("stage", "equals", "won"));
    expect(reply).toMatchObject({ total: 0, not_checked: expect.stringContaining("Stage") });
    const { field } = await call.describe("deals", { field: "stage" });
    expect(field).toHaveProperty("not_checked");
  },
);

test.each(contracts)(
  "%s: an organisation that cannot be read leaves the user's time zone",
  async (contract) => {
    const alter: ConnectOptions["alter"] = (path, body) =>
      path.endsWith("/org") ? { org: [null, { time_zone: 5 }] } : body;
    const { call } = await connect({ contract, alter });
    const reply = await call.list("Contacts", { fields: ["Created_Time"], per_page: 1 });
    expect(JSON.stringify(reply)).not.toContain("UTC");
  },
);
