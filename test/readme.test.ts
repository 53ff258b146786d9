import { readdirSync, readFileSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { settingNames } from "../src/shared/setting-names.ts";
import { createCatalogue } from "../src/tool/catalogue.ts";
import type { Tool } from "../src/tool/define.ts";
import { tools } from "../tools/index.ts";
import { askAll, tokensPerDeal } from "./bench/ask.ts";
import { testedContract } from "./support/contract.ts";
import { tokensOf } from "./support/schemas.ts";

const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** What the families of tools are for; a file in tools/ that is not here goes by its name. */
const readRecords =
  "Read records: contacts, companies, deals, products, tasks, events, calls, notes, custom modules";
const changeRecords = "Change records, and undo changes";
const subjects: Readonly<Record<string, string>> = {
  "records.ts": readRecords,
  "summaries.ts": readRecords,
  "record-writes.ts": changeRecords,
  "history.ts": changeRecords,
  "metadata.ts": "See how this Bigin is set up, who works in it, and what may be read",
  "connections.ts": "Manage connections to Bigin at Maton",
};

// The figures are those of one form of Bigin.
const isFirstForm = testedContract === "documented";

test.runIf(isFirstForm)(
  "README.md has today's tools and token figures (npx vitest run -u writes them)",
  async () => {
    // What happens "this month" depends on the day, and the marks around text from outside are random.
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-24T15:00:00Z") });
    vi.spyOn(crypto, "randomUUID").mockReturnValue("0a1b2c3d-0000-4000-8000-000000000000");
    onTestFinished(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });
    const regions = { tools: await toolsTable(), tokens: await tokensTable() };
    const text = Object.entries(regions).reduce(
      (written, [name, table]) => withRegion(written, name, table),
      page,
    );
    await expect(text).toMatchFileSnapshot("../README.md");
  },
);

test("README.md has a row for every setting", () => {
  const settings = page.slice(page.indexOf("## Settings"));
  for (const name of settingNames) expect(settings).toContain(`\`${name}\``);
  const help = readFileSync(new URL("../src/settings/command-line.ts", import.meta.url), "utf8");
  const flags = [...help.matchAll(/option\("(--[\w-]+).*\((?:BIGIN|MATON)_/g)].flatMap(
    ([, flag]) => flag ?? [],
  );
  expect(flags.length).toBeGreaterThan(5);
  for (const flag of flags) expect(settings).toContain(flag);
});

/** A page with a new text between `<!-- name -->` and `<!-- /name -->`. */
function withRegion(text: string, name: string, region: string): string {
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const [before, rest = ""] = text.split(start);
  const after = rest.split(end)[1];
  if (after === undefined) throw new Error(`README.md has no region ${name}`);
  return `${before}${start}${region}\n${end}${after}`;
}

async function toolsTable(): Promise<string> {
  const folder = new URL("../tools/", import.meta.url);
  const subjectOf = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name !== "index.ts")) {
    const family: { default: Tool[] } = await import(new URL(file, folder).href);
    for (const { name } of family.default) subjectOf.set(name, subjects[file] ?? file);
  }
  const rows = [...new Set(tools.map(({ name }) => subjectOf.get(name)))].map((subject) => {
    const names = tools.flatMap(({ name }) => (subjectOf.get(name) === subject ? name : []));
    return `| ${subject} | ${names.map((name) => `\`${name}\``).join(" ")} |`;
  });
  return ["| | Tools |", "|---|---|", ...rows].join("\n");
}

async function tokensTable(): Promise<string> {
  const offered = createCatalogue(tools, { readOnly: false }).list();
  const catalogue = offered.reduce((sum, tool) => sum + tokensOf(tool), 0);
  const answered = await askAll({ seed: 1 });
  for (const { name, answer, truth } of answered) expect(answer, name).toEqual(truth);
  const cost = (of: "ours" | "raw") => {
    const costs = answered.map((one) => one[of]);
    const tokens = costs.reduce((sum, one) => sum + one.tokens, 0);
    const calls = costs.reduce((sum, one) => sum + one.calls, 0);
    return `about ${inThousands(Math.round(tokens / 100) * 100)} tokens in ${calls} calls`;
  };
  const perDeal = (await tokensPerDeal()).toFixed(1);
  return [
    "| | bigin-mcp | raw JSON |",
    "|---|---|---|",
    `| Eight everyday questions: whose deals close this month, pipeline by stage, companies without an open deal … | ${cost("ours")} | ${cost("raw")} |`,
    `| One deal in a list of 50 (id and seven named fields) | ${perDeal} tokens | |`,
    `| All ${offered.length} tools in an agent's context | ${inThousands(catalogue)} tokens | |`,
  ].join("\n");
}

function inThousands(value: number): string {
  return value.toLocaleString("en-US");
}
