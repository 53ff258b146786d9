import { readdirSync } from "node:fs";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { confirmSettings } from "../../src/tool/confirm.ts";
import { annotationsOf } from "../../src/tool/define.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { argumentsIn, nodesIn, tokensOf } from "../support/schemas.ts";

const listed = createCatalogue(tools, { readOnly: false }).list();

test("every tool of every family in tools/ is in the catalogue", async () => {
  const files = readdirSync(new URL("../../tools", import.meta.url)).filter(
    (name) => name !== "index.ts",
  );
  const families = await Promise.all(
    files.map((file) => import(`../../tools/${file.replace(".ts", "")}.ts`)),
  );
  const names = families.flatMap((family) => family.default).map(({ name }) => name);
  expect(names.toSorted()).toEqual(tools.map(({ name }) => name).toSorted());
});

test("names are bigin_verb_noun, unique and at most 40 characters", () => {
  expect(new Set(listed.map(({ name }) => name)).size).toBe(listed.length);
  for (const { name } of listed) {
    expect(name).toMatch(/^bigin_[a-z]+(_[a-z]+)+$/);
    expect(name.length).toBeLessThanOrEqual(40);
  }
});

test("titles are short phrases, descriptions are whole sentences, search hints are short", () => {
  for (const { name, title, description, _meta } of listed) {
    expect(title, name).toMatch(/^[A-Z]\w+( \w+){1,5}$/);
    expect(description, name).toMatch(/^[A-Z].{40,}\.$/s);
    const hint = String(_meta?.["anthropic/searchHint"] ?? "");
    expect(countTokens(hint), name).toBeLessThanOrEqual(60);
  }
});

test("every argument, at any depth, is described in three words or more", () => {
  for (const { name, inputSchema } of listed)
    for (const { path, schema } of argumentsIn(inputSchema)) {
      const words = String(schema["description"] ?? "").match(/[\p{L}\p{N}_]+/gu) ?? [];
      expect(words.length, `${name} ${path}`).toBeGreaterThanOrEqual(3);
    }
});

test("the annotations follow from the effect", () => {
  for (const [at, tool] of listed.entries())
    expect(tool.annotations).toEqual(annotationsOf(tools[at]?.effect ?? "send"));
  const [read, create, remove] = (["read", "create", "delete"] as const).map(annotationsOf);
  expect(read).toMatchObject({ readOnlyHint: true, destructiveHint: false, idempotentHint: true });
  expect(create).toMatchObject({ readOnlyHint: false, destructiveHint: false });
  expect(remove).toMatchObject({ readOnlyHint: false, destructiveHint: true });
  expect(annotationsOf("send")).toMatchObject({ destructiveHint: true, idempotentHint: false });
});

/** The only words of JSON Schema that every host understands. */
const portable = new Set(
  "type description properties required items enum additionalProperties".split(" "),
);

test("input schemas use nothing that a host refuses", () => {
  for (const { name, inputSchema } of listed) {
    expect(inputSchema["additionalProperties"], name).toBe(false);
    for (const node of nodesIn(inputSchema)) {
      expect(
        Object.keys(node).filter((word) => !portable.has(word)),
        name,
      ).toEqual([]);
      expect(["object", "array", "string", "integer", "number", "boolean"]).toContain(node["type"]);
      if (node["type"] === "array") expect(node["items"], name).toHaveProperty("type");
      if (node["type"] === "object" && node !== inputSchema)
        expect(Object.keys(node["properties"] ?? {}), name).not.toEqual([]);
    }
  }
});

test("output schemas are objects that allow further properties", () => {
  for (const { name, outputSchema } of listed) {
    expect(outputSchema["type"], name).toBe("object");
    expect(outputSchema, name).not.toHaveProperty("$schema");
    for (const node of nodesIn(outputSchema))
      expect(node["additionalProperties"], name).not.toBe(false);
  }
});

test.each(confirmSettings)("--confirm %s: the default tools are within the budget", (confirm) => {
  const costs = createCatalogue(tools, { readOnly: false, confirm })
    .list()
    .map((tool) => ({ name: tool.name, tokens: tokensOf(tool) }));
  const table = costs.map(({ name, tokens }) => `${tokens} ${name}`).join("\n");
  const total = costs.reduce((sum, { tokens }) => sum + tokens, 0);
  expect(Math.max(...costs.map(({ tokens }) => tokens)), table).toBeLessThanOrEqual(430);
  expect(total, table).toBeLessThanOrEqual(4600);
  // With more tools than this, models begin to choose the wrong one.
  expect(costs.length).toBeLessThanOrEqual(24);
});

test.each<[string, Parameters<typeof connect>[0]]>([
  ["all tools", {}],
  ["read-only", { readOnly: true }],
  ["one toolset", { toolsets: ["connections"] }],
])("instructions are short and name only tools that are offered: %s", async (_, choice) => {
  const { client } = await connect(choice);
  const offered = (await client.listTools()).tools.map(({ name }) => name);
  const instructions = client.getInstructions() ?? "";
  const named = instructions.match(/bigin_\w+/g) ?? [];
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !offered.includes(name))).toEqual([]);
  expect(instructions.length).toBeLessThanOrEqual(1200);
});

test("read-only offers exactly the tools that change nothing", async () => {
  const { client } = await connect({ readOnly: true });
  const { tools: offered } = await client.listTools();
  expect(offered.map(({ name }) => name)).toEqual(
    tools.filter(({ effect }) => effect === "read").map(({ name }) => name),
  );
  expect(offered.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
});

test("an unknown tool is a protocol error that suggests the closest name", async () => {
  const { client } = await connect();
  const [{ name } = { name: "" }] = tools;
  const message: unknown = expect.stringContaining(`Did you mean "${name}"?`);
  await expect(client.callTool({ name: name.slice(0, -1), arguments: {} })).rejects.toMatchObject({
    code: -32602,
    message,
  });
});
