import { expect, test } from "vitest";
import { tools } from "../../tools/index.ts";
import { connect } from "../support/connect.ts";
import { run } from "../support/program.ts";

type Choice = Parameters<typeof connect>[0];

async function offered(choice: Choice): Promise<string[]> {
  const { client } = await connect(choice);
  return (await client.listTools()).tools.map(({ name }) => name);
}

const toolsets = [...new Set(tools.map(({ toolset }) => toolset))];
const namesIn = (toolset: string) =>
  tools.filter((tool) => tool.toolset === toolset).map(({ name }) => name);

test.each(toolsets)("the toolset %s can be chosen, and a tool added", async (toolset) => {
  const [other] = tools.filter((tool) => tool.toolset !== toolset);
  const names = namesIn(toolset);
  expect(await offered({ toolsets: [toolset] })).toEqual(names);
  const extended = await offered({ toolsets: [toolset], tools: [other?.name ?? ""] });
  expect(extended.toSorted()).toEqual([...names, other?.name].toSorted());
});

test("single tools without a toolset are the only ones", async () => {
  expect(await offered({ tools: ["bigin_get_record"] })).toEqual(["bigin_get_record"]);
});

test("exclusions win over inclusions, and read-only over both", async () => {
  const choice = { tools: ["bigin_get_record", "bigin_delete_records"] };
  expect(await offered({ ...choice, excludeTools: ["bigin_get_record"] })).toEqual([
    "bigin_delete_records",
  ]);
  expect(await offered({ ...choice, readOnly: true })).toEqual(["bigin_get_record"]);
});

test.each<[Choice, RegExp]>([
  [{ toolsets: ["metadata"] }, /toolset records.*--toolsets.*BIGIN_TOOLSETS.*BIGIN_TOOLS/],
  [{ excludeTools: ["bigin_delete_records"] }, /--exclude-tools.*BIGIN_EXCLUDE_TOOLS/],
  [{ readOnly: true }, /read-only.*BIGIN_READ_ONLY/],
])("a tool that %j switches off is refused with its setting", async (choice, setting) => {
  const { fail, sent } = await connect(choice);
  const ids = ["7618134000000632001"];
  const message = await fail.delete("Contacts", ids);
  expect(message).toMatch(/^Not done: bigin_delete_records is switched off: /);
  expect(message).toMatch(setting);
  expect(sent).toEqual([]);
});

test.each<[string[], Record<string, string>, string]>([
  [
    ["--toolsets", "recrods"],
    {},
    `There is no toolset "recrods". Toolsets: ${toolsets.join(", ")}.`,
  ],
  [
    [],
    { BIGIN_TOOLS: "bigin_get_recrod" },
    'There is no tool "bigin_get_recrod". Did you mean "bigin_get_record"?',
  ],
  [
    ["--reply-tokens", "50"],
    {},
    '--reply-tokens is "50"; it must be a number of tokens from 500 to 20000.',
  ],
])("a choice that does not exist stops the start with one line: %j %j", async (args, env, line) => {
  const program = run(args, env);
  expect(await program.ended).toBe(1);
  expect(program.stderr().trim()).toBe(line);
});

test("bigin-mcp call runs one tool; the exit code says whether it succeeded", async () => {
  const good = run([
    "call",
    "--sandbox",
    "--log-level",
    "silent",
    "bigin_summarize_records",
    '{"module":"deals"}',
  ]);
  expect(await good.ended).toBe(0);
  expect(JSON.parse(good.stdout())).toMatchObject({ module: "Pipelines", columns: ["count"] });
  const bad = run(["--sandbox", "call", "bigin_get_record", "{}"]);
  expect(await bad.ended).toBe(1);
  expect(bad.stdout()).toContain('"module" is missing');
  const unreadable = run(["--sandbox", "call", "bigin_get_record", "[1"]);
  expect(await unreadable.ended).toBe(1);
  expect(unreadable.stderr()).toContain("must be a JSON object");
});
