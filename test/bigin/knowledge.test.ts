import { expect, test } from "vitest";
import { deep, wrong } from "../hostile/answers.ts";
import { connect } from "../support/connect.ts";
import { where } from "../support/reads.ts";

test.each(["modules", "fields", "users", "org"])(
  "a malformed response about %s is not remembered: the next call succeeds",
  async (what) => {
    const path = new RegExp(`/${what}$`);
    const asked = where("Created_Time", "between", "2000-01-01,2100-01-01");
    const { call, sandbox, restart } = await connect();
    const usual = await call.search("Contacts", asked);
    const empty = JSON.stringify({ [what]: [] });
    const odd = JSON.stringify({ [what]: [{}, null, 1], info: [] });
    for (const body of [" ", "null", "[]", '{"data":null}', empty, odd, deep(10_000)]) {
      const { client, call: again } = await restart();
      sandbox.addFault({ path, does: wrong(body) });
      const args = { module: "Contacts", ...asked };
      await client.callTool({ name: "bigin_search_records", arguments: args });
      expect(await again.search("Contacts", asked)).toEqual(usual);
    }
  },
);

test.each(["layouts", "related_lists", "custom_views"])(
  "an incomplete description without %s is not remembered: the next one is complete",
  async (what) => {
    const asked = { module: "deals" };
    const { call, sandbox, restart } = await connect();
    const usual = await call("bigin_describe_module", asked);
    const path = new RegExp(`/${what}$`);
    for (const body of [JSON.stringify({ [what]: [] }), JSON.stringify({ [what]: null })]) {
      const { client, call: again } = await restart();
      sandbox.addFault({ path, does: wrong(body) });
      const given = { name: "bigin_describe_module", arguments: asked };
      expect((await client.callTool(given)).structuredContent).not.toEqual(usual);
      expect(await again("bigin_describe_module", asked)).toEqual(usual);
    }
    // A complete description is remembered.
    const before = sandbox.requests.length;
    await call("bigin_describe_module", asked);
    expect(sandbox.requests.length).toBe(before);
  },
);

test("an empty list of team pipelines is not remembered", async () => {
  const records = [{ Deal_Name: "x", Sub_Pipeline: "Renewals", Stage: "Quote Sent" }];
  const asked = { module: "deals", records, dry_run: true };
  const { call, sandbox, restart } = await connect();
  const described = await call.describe("deals", { field: "pipelines" });
  const [, other] = described["pipelines"] as { name: string; stages: Record<string, string> }[];
  const [[sub = "", stages = ""] = []] = Object.entries(other?.stages ?? {});
  Object.assign(records[0] ?? {}, { Sub_Pipeline: sub, Stage: stages.split(", ")[0] });
  const usual = await call("bigin_create_records", asked);
  expect(JSON.stringify(usual)).toContain("Layout");
  for (const body of ['{"layouts":[]}', '{"layouts":[null]}', '{"layouts":1}']) {
    const { client, call: again } = await restart();
    sandbox.addFault({ path: /\/layouts$/, does: wrong(body) });
    await client.callTool({ name: "bigin_create_records", arguments: asked });
    expect(await again("bigin_create_records", asked)).toEqual(usual);
  }
});
