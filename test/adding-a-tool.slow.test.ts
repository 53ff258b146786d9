import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "..");
const notCopied = ["node_modules", "dist", ".git"];

/** The page's code blocks that begin with the name of a file, by that name. */
function blocksOf(page: string): Map<string, string> {
  const blocks = page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, file = "", code = ""]) => [file, code]));
}

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "bigin-mcp-tool-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const filter = (file: string) => !notCopied.includes(relative(root, file));
  cpSync(root, copy, { recursive: true, filter });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Runs a command in a folder, without the settings of the test runner around it. Throws with its output if it fails. */
function run(folder: string, command: string): void {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  try {
    execFileSync("bash", ["-c", command], { cwd: folder, env, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command}\n${stdout}\n${stderr}`);
  }
}

test("the example of docs/adding-a-tool.md passes all checks: two files are edited, the rest is generated", () => {
  const page = readFileSync(join(root, "docs/adding-a-tool.md"), "utf8");
  const blocks = blocksOf(page);
  const [toolFile = "", testFile = ""] = blocks.keys();
  expect([...blocks.keys()]).toEqual([
    expect.stringMatching(/^tools\/[\w-]+\.ts$/),
    `test/${toolFile.replace(/\.ts$/, ".test.ts")}`,
  ]);
  const copy = copyOfProject();
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(join(copy, file), change(readFileSync(join(copy, file), "utf8")));
  const tool = (blocks.get(toolFile) ?? "").replace(/^(?=.)/gm, "  ");
  edit(toolFile, (text) => text.replace(/^\];$/m, () => `\n${tool}];`));
  edit(testFile, (text) => `${text}\n${blocks.get(testFile) ?? ""}`);

  run(copy, `npx biome check --error-on-warnings --vcs-enabled=false ${toolFile} ${testFile}`);
  run(copy, "npx tsc -p test");
  run(copy, "npm run --silent build");
  const vitest = "npx vitest run --no-isolate --testTimeout=60000";
  const [generate = "the page has no command that generates"] =
    /^npx vitest run .*? -u/m.exec(page) ?? [];
  run(copy, `${generate} --testTimeout=60000`);
  run(copy, "npm run --silent build");
  const overTheCatalogue = "test/tool/ test/server/clients.slow.test.ts";
  run(copy, `${vitest} ${overTheCatalogue} test/readme.test.ts ${testFile}`);
  expect(readFileSync(join(copy, "README.md"), "utf8")).toContain("bigin_count_records");
}, 300_000);
