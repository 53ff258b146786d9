import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { type Confirm, confirmSettings } from "../../src/tool/confirm.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";

const withToken: Record<Confirm, string[]> = {
  none: [],
  destructive: [
    "bigin_delete_connection",
    "bigin_delete_records",
    "bigin_undo_write",
    "bigin_update_records",
    "bigin_upsert_records",
  ],
  writes: [
    "bigin_create_connection",
    "bigin_create_records",
    "bigin_delete_connection",
    "bigin_delete_records",
    "bigin_undo_write",
    "bigin_update_records",
    "bigin_upsert_records",
  ],
};

test.each(confirmSettings)(
  "--confirm %s: just the tools that may ask take a confirm_token",
  async (confirm) => {
    const { client, fail } = await connect({ confirm });
    const { tools: listed } = await client.listTools();
    const taking = listed.filter(
      ({ inputSchema }) => "confirm_token" in (inputSchema.properties ?? {}),
    );
    expect(taking.map(({ name }) => name).toSorted()).toEqual(withToken[confirm]);
    for (const { inputSchema } of taking)
      expect(inputSchema.required ?? []).not.toContain("confirm_token");
    const [without] = listed.filter(
      (tool) => !taking.includes(tool) && !tool.annotations?.readOnlyHint,
    );
    if (without)
      expect(await fail(without.name, { confirm_token: "x" })).toContain(
        'has no argument "confirm_token"',
      );
  },
);

test.each(confirmSettings)(
  "--confirm %s: the catalogue stays within its token budget",
  (confirm) => {
    const costs = createCatalogue(tools, { readOnly: false, confirm })
      .list()
      .map(({ name, description, inputSchema }) =>
        countTokens(JSON.stringify({ name, description, inputSchema })),
      );
    expect(Math.max(...costs)).toBeLessThanOrEqual(300);
    expect(costs.reduce((sum, tokens) => sum + tokens, 0)).toBeLessThanOrEqual(3000);
  },
);
