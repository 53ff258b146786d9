import { readdirSync } from "node:fs";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { confirmSettings } from "../../src/tool/confirm.ts";
import { annotationsOf, type Effect } from "../../src/tool/define.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { run } from "../support/program.ts";

type Node = { [key: string]: unknown };
const listed = createCatalogue(tools, { readOnly: false }).list();

/** What a tool costs an agent: o200k tokens of its name, description and input schema. */
function costOf({ name, description, inputSchema }: (typeof listed)[number]): number {
  return countTokens(JSON.stringify({ name, description, inputSchema }));
}

function nodesOf(schema: unknown): Node[] {
  if (typeof schema !== "object" || schema === null) return [];
  const own = Array.isArray(schema) ? [] : [schema as Node];
  return [...own, ...Object.values(schema).flatMap(nodesOf)];
}

test("every family in tools/ is in the catalogue", async () => {
  const files = readdirSync(new URL("../../tools", import.meta.url)).filter(
    (name) => name !== "index.ts",
  );
  const families = await Promise.all(
    files.map((file) => import(`../../tools/${file.replace(".ts", "")}.ts`)),
  );
  expect(
    families
      .flatMap((family) => family.default)
      .map((tool) => tool.name)
      .toSorted(),
  ).toEqual(tools.map((tool) => tool.name).toSorted());
});

test("names are bigin_verb_noun, unique and short; titles and descriptions are there", () => {
  expect(new Set(listed.map((tool) => tool.name)).size).toBe(listed.length);
  for (const tool of listed) {
    expect(tool.name).toMatch(
      /^bigin_(list|get|search|create|update|upsert|delete|describe|summarize|check|undo)_[a-z]+(_[a-z]+)*$/,
    );
    expect(tool.name.length).toBeLessThanOrEqual(40);
    expect(tool.title.length).toBeGreaterThan(3);
    expect(tool.description).toMatch(/^[A-Z].{30,}\.$/s);
  }
});

test("all four annotations follow from the effect", () => {
  for (const [at, tool] of listed.entries()) {
    expect(tool.annotations).toEqual(annotationsOf(tools[at]?.effect ?? "send"));
    expect(Object.values(tool.annotations).every((hint) => typeof hint === "boolean")).toBe(true);
  }
  const hints = (effect: Effect) => annotationsOf(effect);
  expect(hints("read")).toMatchObject({ readOnlyHint: true, destructiveHint: false });
  expect(hints("create")).toMatchObject({
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
  });
  expect(hints("delete")).toMatchObject({ readOnlyHint: false, destructiveHint: true });
  expect(hints("send")).toMatchObject({ destructiveHint: true, idempotentHint: false });
});

test("input schemas are accepted by every host", () => {
  for (const { name, inputSchema } of listed) {
    expect(inputSchema["additionalProperties"], name).toBe(false);
    for (const node of nodesOf(inputSchema)) {
      for (const word of [
        "$schema",
        "$ref",
        "oneOf",
        "anyOf",
        "allOf",
        "format",
        "nullable",
        "propertyNames",
        "const",
      ])
        expect(
          Object.hasOwn(node, word) && word in node && typeof node[word] !== "object",
          `${name} ${word}`,
        ).toBe(false);
      for (const word of ["$ref", "oneOf", "anyOf", "allOf", "propertyNames"])
        expect(node, name).not.toHaveProperty(word);
      expect(Array.isArray(node["type"]), name).toBe(false);
      if (node["type"] === "array") expect(node["items"], name).toHaveProperty("type");
    }
    const objects = nodesOf(inputSchema).filter(
      (node) => node["type"] === "object" && node !== inputSchema,
    );
    for (const node of objects)
      expect(Object.keys(node["properties"] ?? {}).length, name).toBeGreaterThan(0);
  }
});

/** Arguments at any depth: `name.argument` and the schema. */
function argumentsIn(schema: Node, path: string): [path: string, schema: Node][] {
  const inner = (schema["items"] ?? schema) as Node;
  return Object.entries((inner["properties"] ?? {}) as Record<string, Node>).flatMap(
    ([name, node]) => [[`${path}.${name}`, node], ...argumentsIn(node, `${path}.${name}`)],
  );
}

test("every argument, at any depth, has a scalar type and a description of three words or more", () => {
  for (const { name, inputSchema } of listed)
    for (const [path, { type, description }] of argumentsIn(inputSchema, name)) {
      expect(type, path).toBeTypeOf("string");
      expect(
        String(description ?? "").match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
        path,
      ).toBeGreaterThanOrEqual(3);
    }
});

test("search hints are short", () => {
  const hints = listed.map(({ _meta }) => String(_meta?.["anthropic/searchHint"] ?? ""));
  for (const hint of hints) expect(countTokens(hint), hint).toBeLessThanOrEqual(60);
  expect(hints.some((hint) => hint !== "")).toBe(true);
});

test("output schemas are objects that leave room for more", () => {
  for (const { name, outputSchema } of listed) {
    expect(outputSchema["type"], name).toBe("object");
    for (const node of nodesOf(outputSchema))
      expect(node["additionalProperties"], name).not.toBe(false);
    expect(outputSchema, name).not.toHaveProperty("$schema");
  }
});

test.each(confirmSettings)(
  "--confirm %s: the catalogue stays within its token budget",
  (confirm) => {
    const costs = createCatalogue(tools, { readOnly: false, confirm })
      .list()
      .map((tool) => ({ name: tool.name, tokens: costOf(tool) }));
    const table = costs.map(({ name, tokens }) => `${tokens} ${name}`).join("\n");
    expect(Math.max(...costs.map(({ tokens }) => tokens)), table).toBeLessThanOrEqual(430);
    expect(
      costs.reduce((sum, { tokens }) => sum + tokens, 0),
      table,
    ).toBeLessThanOrEqual(4600);
    // Above 24 tools, models begin to choose the wrong one.
    expect(costs.length).toBeLessThanOrEqual(24);
  },
);

test("bigin-mcp tools shows these very costs", async () => {
  const costs = Object.fromEntries(listed.map((tool) => [tool.name, costOf(tool)]));
  await expect(`${JSON.stringify(costs, null, 2)}\n`).toMatchFileSnapshot(
    "../../src/commands/tool-costs.json",
  );
  const program = run(["tools"]);
  expect(await program.ended).toBe(0);
  for (const [name, tokens] of Object.entries(costs))
    expect(program.stdout()).toMatch(new RegExp(`^ *${tokens}  ${name} `, "m"));
});

test("each tool as it goes over the wire is as its snapshot says", async () => {
  const { client } = await connect();
  const { tools: wired } = await client.listTools();
  expect(wired.map((tool) => tool.name)).toEqual(tools.map((tool) => tool.name));
  for (const tool of wired)
    await expect(`${JSON.stringify(tool, null, 2)}\n`).toMatchFileSnapshot(
      `../tools/snapshots/${tool.name}.json`,
    );
});

test("docs/tools.md says what the catalogue says", async () => {
  const sections = listed.map(({ name, title, description, inputSchema, annotations }) => {
    const properties = Object.entries((inputSchema["properties"] ?? {}) as Record<string, Node>);
    const required = (inputSchema["required"] ?? []) as string[];
    const rows = properties.map(([key, node]) => {
      const what = String(node["description"]).replaceAll("|", "\\|");
      return `| \`${key}\`${required.includes(key) ? " (required)" : ""} | ${node["type"]} | ${what} |`;
    });
    const effect = annotations.readOnlyHint
      ? "reads"
      : annotations.destructiveHint
        ? "changes or removes"
        : "adds";
    const table =
      rows.length > 0
        ? ["| argument | type | what |", "|---|---|---|", ...rows]
        : ["No arguments."];
    return [`## ${name}`, "", `${title} (${effect}). ${description}`, "", ...table].join("\n");
  });
  const text = [
    "# Tools",
    "",
    "Generated from the catalogue by `npx vitest run -u`.",
    "",
    sections.join("\n\n"),
    "",
  ].join("\n");
  await expect(text).toMatchFileSnapshot("../../docs/tools.md");
});

test("read-only leaves only the tools that change nothing", async () => {
  const { client, fail } = await connect({ readOnly: true });
  const { tools: wired } = await client.listTools();
  expect(wired.length).toBeGreaterThan(0);
  expect(wired.every((tool) => tool.annotations?.readOnlyHint)).toBe(true);
  expect(
    await fail("bigin_delete_records", { module: "Contacts", ids: ["7618134000000632001"] }),
  ).toBe(
    "Not done: bigin_delete_records is switched off: this server is read-only (--read-only, BIGIN_READ_ONLY or X-Bigin-Read-Only).",
  );
});

test("an unknown tool is a protocol error with the nearest name", async () => {
  const { client } = await connect();
  await expect(client.callTool({ name: "bigin_list_record", arguments: {} })).rejects.toMatchObject(
    {
      code: -32602,
      message: expect.stringContaining('Did you mean "bigin_list_records"?'),
    },
  );
});
