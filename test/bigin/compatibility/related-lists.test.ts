import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { table } from "../../support/replies.ts";
import { record, recordsIn } from "../../support/writes.ts";

const contracts = ["documented", "engine"] as const;

test.each(contracts)(
  "%s: deals and calls of a record are listed without the metadata of related lists",
  async (contract) => {
    const refused = [{ path: "/settings/related_lists", status: 403 as const }];
    const { call, sandbox } = await connect({ contract, refused });
    const [deal] = recordsIn(sandbox, "Pipelines").filter((one) => one["Account_Name"]);
    const company = Object(deal?.["Account_Name"]).id;
    const args = { module: "Accounts", id: company, related_list: "deals" };
    const reply = await call("bigin_list_related_records", args);
    expect(JSON.stringify(table(reply).rows)).toContain(String(deal?.id));
  },
);

test.each(["layouts", "related_lists", "custom_views", "fields"])(
  "what a module has is asked for again after %s failed for a moment",
  async (part) => {
    const { call, sandbox } = await connect();
    const path = new RegExp(`/settings/${part}`);
    const does = { kind: "status", status: 503, body: {} } as const;
    sandbox.addFault({ method: "GET", path, times: 1, does });
    await call.describe("Pipelines");
    const { not_checked } = await call.describe("Pipelines");
    expect(not_checked).toBeUndefined();
    expect(record(sandbox, "Pipelines").id).toBeDefined();
  },
);
