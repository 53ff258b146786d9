import { expect, test } from "vitest";
import { confirmSettings } from "../../src/tool/confirm.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";

const namesOf = (effects: readonly string[]) =>
  tools.filter(({ effect }) => effects.includes(effect)).map(({ name }) => name);

const mayAsk = {
  // A company with contacts is never deleted without a confirmation.
  none: ["bigin_delete_records", "bigin_undo_write"],
  destructive: namesOf(["update", "delete", "send"]),
  writes: namesOf(["create", "update", "delete", "send"]),
};

test.each(confirmSettings)(
  "--confirm %s: only the tools that may ask take a confirm_token",
  async (confirm) => {
    const { client, fail } = await connect({ confirm });
    const { tools: listed } = await client.listTools();
    const taking = listed.filter(
      ({ inputSchema }) => "confirm_token" in (inputSchema.properties ?? {}),
    );
    expect(taking.map(({ name }) => name)).toEqual(mayAsk[confirm]);
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
