import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { idsOf, table } from "../../support/replies.ts";
import { recordsIn } from "../../support/writes.ts";

test("renamed labels are accepted and shown, and Bigin gets the stored values", async () => {
  const { call, sandbox, sent } = await connect({ renamed: true });
  const reply = await call.search("Opportunities", {
    ...where("stage", "equals", "won"),
    fields: ["Opportunity Name", "stage", "Worth", "Expected close"],
  });
  const won = recordsIn(sandbox, "Pipelines").filter((deal) => deal["Stage"] === "Closed Won");
  expect(table(reply).rows).toHaveLength(won.length);
  expect(reply["columns"]).toEqual(["id", "Deal_Name", "Stage", "Amount", "Closing_Date"]);
  expect(new Set(table(reply).rows.map((row) => row[2]))).toEqual(new Set(["Won"]));
  expect(
    sent.find(({ url }) => url.pathname.endsWith("/search"))?.url.searchParams.get("criteria"),
  ).toBe("(Stage:equals:Closed Won)");
  expect((await call.list("clients", { per_page: 1 }))["module"]).toBe("Accounts");
  expect((await call.list("people", { per_page: 1 }))["module"]).toBe("Contacts");
  const byStage = await call.summarize("opportunity", { group_by: ["stage"], measure: "worth" });
  expect(table(byStage).rows.map(([stage]) => stage)).toEqual(
    expect.arrayContaining(["Won", "Lost", "Qualifying"]),
  );
  const names = { "Opportunity Name": "Renamed", "sub pipeline": "renewal business" };
  const created = await call.create("opportunities", [{ ...names, stage: "quote sent", worth: 5 }]);
  const [id = ""] = idsOf(created);
  expect(sandbox.store.records("Pipelines").get(id)).toMatchObject({
    Sub_Pipeline: "Renewals",
    Amount: 5,
  });
});

test("150 custom fields are described in under 900 tokens, each with name and type", async () => {
  const { countTokens } = await import("gpt-tokenizer/encoding/o200k_base");
  const { call, sandbox } = await connect({ extraFields: 150 });
  for (const module of ["Contacts", "Pipelines"]) {
    const described = await call.describe(module);
    expect(countTokens(JSON.stringify(described))).toBeLessThan(900);
    const types = typesIn(described["fields"] as string[]);
    const url = `https://gateway.maton.ai/zoho-bigin/bigin/v2/settings/fields?module=${module}`;
    const answer = await sandbox.fetch(url, { headers: { authorization: "Bearer sandbox" } });
    const { fields } = (await answer.json()) as { fields: Record<string, string>[] };
    for (const { api_name = "", data_type } of fields.filter((one) => one["visible"]))
      expect(types.get(api_name), api_name).toBe(
        { Tag: "tag", Pipeline: "layout" }[api_name] ?? data_type,
      );
    expect(described["fields"]).toEqual(
      expect.arrayContaining([expect.stringMatching(/^(Last_Name|Deal_Name)\*/)]),
    );
  }
  const { field } = await call.describe("Contacts", { field: "extra field 9" });
  expect((field as { options: string[] }).options).toHaveLength(40);
});

/** The entry of each field in a description: `Name (Label)*!: type …`, or a type with names such as `Stem_{1,3..5}`. */
function typesIn(lines: readonly string[]): Map<string, string> {
  const types = new Map<string, string>();
  for (const line of lines) {
    const [left = "", right = ""] = line.split(": ");
    const [head = ""] = left.split(" ");
    const isGroup = /^[a-z]+$/.test(head);
    const names = isGroup ? right.split(/, (?![^{]*})/) : [left];
    for (const name of names.flatMap(expanded))
      types.set(name.replace(/[*!]| \(.*/g, ""), isGroup ? head : (right.split(" ")[0] ?? ""));
  }
  return types;
}

function expanded(name: string): string[] {
  const [, stem, numbers] = /^(.*)\{(.*)\}/.exec(name) ?? [];
  if (stem === undefined || numbers === undefined) return [name];
  return numbers.split(",").flatMap((part) => {
    const [first = 0, last = first] = part.split("..").map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => `${stem}${first + at}`);
  });
}
