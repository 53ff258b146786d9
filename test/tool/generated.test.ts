import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import costsOfBuild from "../../src/commands/tool-costs.json" with { type: "json" };
import { createCatalogue } from "../../src/tool/catalogue.ts";
import type { Effect, Tool } from "../../src/tool/define.ts";
import { isShared } from "../../src/tool/shared-arguments.ts";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { run } from "../support/program.ts";
import { argumentsIn, isNode, type Node, tokensOf } from "../support/schemas.ts";

// The files that `npx vitest run -u` writes from the catalogue.

const listed = new Map(
  createCatalogue(tools, { readOnly: false })
    .list()
    .map((tool) => [tool.name, tool]),
);

test("src/commands/tool-costs.json has the cost of each tool", async () => {
  const costs = Object.fromEntries([...listed].map(([name, tool]) => [name, tokensOf(tool)]));
  const file = "../../src/commands/tool-costs.json";
  await expect(`${JSON.stringify(costs, null, 2)}\n`).toMatchFileSnapshot(file);
});

test("bigin-mcp tools prints the costs", async () => {
  const program = run(["tools"]);
  expect(await program.ended).toBe(0);
  for (const [name, tokens] of Object.entries(costsOfBuild))
    expect(program.stdout()).toMatch(new RegExp(`^ *${tokens}  ${name} `, "m"));
});

test("test/tools/snapshots has each tool as a client gets it", async () => {
  const { client } = await connect();
  const offered = (await client.listTools()).tools;
  expect(offered.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
  for (const tool of offered) {
    const file = `../tools/snapshots/${tool.name}.json`;
    await expect(`${JSON.stringify(tool, null, 2)}\n`).toMatchFileSnapshot(file);
  }
  const files = readdirSync(new URL("../tools/snapshots", import.meta.url));
  const left = files.filter((file) => !listed.has(file.replace(".json", "")));
  expect(left, "delete the snapshots of tools that no longer exist").toEqual([]);
});

test("docs/tools.md describes each tool, its arguments and examples", async () => {
  const text = `# Tools

Written from the catalogue by \`npx vitest run -u\`. Arguments marked *shared* mean the same in every tool. In the examples,
\`{contact}\`, \`{company}\`, \`{deal}\`, \`{connection}\` and \`{write}\` stand for ids.

${tools.map(sectionOf).join("\n\n")}
`;
  await expect(text).toMatchFileSnapshot("../../docs/tools.md");
});

const verbs: Readonly<Record<Effect, string>> = {
  read: "reads",
  create: "creates",
  update: "changes",
  delete: "deletes",
  send: "sends",
};

function sectionOf(tool: Tool): string {
  const { name, title, description, toolset, effect } = tool;
  return [
    `## ${name}`,
    `*${title}* (${verbs[effect]}; toolset ${toolset})`,
    wrapped(description),
    argumentTable(tool),
    `\`\`\`json\n${tool.examples.map((one) => JSON.stringify(one)).join("\n")}\n\`\`\``,
  ].join("\n\n");
}

function argumentTable(tool: Tool): string {
  const { inputSchema = {} } = listed.get(tool.name) ?? {};
  const rows = argumentsIn(inputSchema).map(({ path, schema, required }) => {
    const marks = [required && "required", isShared(path, tool) && "*shared*"].filter(Boolean);
    const marked = marks.length > 0 ? ` (${marks.join(", ")})` : "";
    return `| \`${path}\`${marked} | ${schema["type"]} | ${meaningOf(schema)} |`;
  });
  if (rows.length === 0) return "It takes no arguments.";
  return ["| Argument | Type | Meaning |", "|---|---|---|", ...rows].join("\n");
}

function meaningOf({ description, enum: own, items }: Node): string {
  const text = String(description).replaceAll("|", "\\|");
  const words = own ?? (isNode(items) ? items["enum"] : undefined);
  return Array.isArray(words) ? `${text}. One of: ${words.join(", ")}` : text;
}

/** Prose in lines of at most 120 characters. */
function wrapped(text: string): string {
  return text.replace(/(?=.{121})(.{1,120}) /g, "$1\n");
}
