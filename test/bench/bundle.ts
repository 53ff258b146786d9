import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import packageFile from "../../package.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const programs = fileURLToPath(new URL("programs/", import.meta.url));

/** The built program itself. */
export const productFile = join(root, "dist/bigin-mcp.js");

/**
 * Bundles the programs in the folder programs/ with the flags of `npm run build`, so that floors are built as the product
 * is. Returns a function that gives the path of each; they are deleted when this process ends.
 */
export function bundlePrograms(): (name: string) => string {
  const directory = mkdtempSync(join(tmpdir(), "bigin-mcp-bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, "package.json"), '{"type":"module"}');
  const entries = readdirSync(programs).map((file) => join(programs, file));
  const [, command = ""] = packageFile.scripts.build.split("&& esbuild ");
  const flags = [...command.matchAll(/"(--[^"]*)"|(--\S+)/g)]
    .map(([, quoted, plain]) => quoted ?? plain ?? "")
    .filter((flag) => !/^--(outdir|entry-names)=/.test(flag));
  if (flags.length < 5) throw new Error(`no flags of esbuild in "${packageFile.scripts.build}"`);
  const esbuild = join(root, "node_modules/.bin/esbuild");
  // Started in the root, where packages are found.
  execFileSync(esbuild, [...entries, ...flags, `--outdir=${directory}`], { cwd: root });
  return (name) => join(directory, `${name}.js`);
}
