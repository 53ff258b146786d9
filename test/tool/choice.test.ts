import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { run } from "../support/program.ts";

const names = async (choice: Parameters<typeof connect>[0]) =>
  (await (await connect(choice)).client.listTools()).tools.map(({ name }) => name);

test("toolsets, single tools and exclusions: exclude beats include, read-only beats both", async () => {
  expect(await names({ toolsets: ["connections"] })).toHaveLength(4);
  expect(await names({ tools: ["bigin_get_record"] })).toEqual(["bigin_get_record"]);
  expect(await names({ toolsets: ["connections"], tools: ["bigin_get_record"] })).toHaveLength(5);
  expect(await names({ tools: ["bigin_get_record"], excludeTools: ["bigin_get_record"] })).toEqual(
    [],
  );
  const readOnly = await names({
    readOnly: true,
    tools: ["bigin_get_record", "bigin_delete_records"],
  });
  expect(readOnly).toEqual(["bigin_get_record"]);
});

test("a tool that is switched off says which setting brings it back", async () => {
  const off = async (choice: object) =>
    (await connect(choice)).fail("bigin_delete_records", {
      module: "Contacts",
      ids: ["7618134000000632001"],
    });
  expect(await off({ toolsets: ["metadata"] })).toContain(
    "add the toolset records (--toolsets or BIGIN_TOOLSETS)",
  );
  expect(await off({ excludeTools: ["bigin_delete_records"] })).toContain("BIGIN_EXCLUDE_TOOLS");
  expect(await off({ readOnly: true })).toContain("BIGIN_READ_ONLY");
});

test.each<[string[], Record<string, string>, string]>([
  [
    ["--toolsets", "recrods"],
    {},
    'There is no toolset "recrods". Toolsets: records, metadata, connections.',
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
])("a choice that does not exist is one line: %j %j", async (args, env, line) => {
  const program = run(args, env);
  expect(await program.ended).toBe(1);
  expect(program.stderr().trim()).toBe(line);
});

test("bigin-mcp call runs one tool; its exit code tells whether it worked", async () => {
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
