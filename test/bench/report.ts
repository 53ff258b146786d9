import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));

/** Prints a report, and with `--write` also puts it into docs/performance.md. */
export function publish(section: "bench" | "soak", report: string): void {
  process.stdout.write(`${report}\n`);
  if (!process.argv.includes("--write")) return;
  const [start, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const [before, rest, ...more] = readFileSync(page, "utf8").split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${page} has no place for ${section}`);
  writeFileSync(page, `${before}${start}\n${report}\n${end}${after}`);
}
