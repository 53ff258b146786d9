import { build } from "esbuild";
import { expect, test } from "vitest";

test("a start over stdio loads no dates, no HTTP, no sandbox, no client of Maton, no parser of arguments", async () => {
  const { metafile } = await build({
    ...{ entryPoints: { start: "src/main.ts" }, outdir: "nowhere", write: false, metafile: true },
    ...{ bundle: true, splitting: true, format: "esm", platform: "node", logLevel: "error" },
  });
  const atOnce = new Set<string>();
  const load = (file: string) => {
    if (atOnce.has(file)) return;
    atOnce.add(file);
    for (const { path, kind, external } of metafile.outputs[file]?.imports ?? [])
      if (kind === "import-statement" && !external) load(path);
  };
  load("nowhere/start.js");
  const loaded = [...atOnce].flatMap((file) => Object.keys(metafile.outputs[file]?.inputs ?? {}));
  // Each cost a part of the time and the memory that docs/performance.md allows a start.
  const late = /luxon|commander|\/ky\/|express|sandbox|@modelcontextprotocol\/sdk|account\.ts/;
  expect(loaded.filter((file) => late.test(file))).toEqual([]);
  expect(loaded).toContain("src/server/server.ts");
  expect(loaded.filter((file) => /zod.*locales\/(?!en\.)\w/.test(file))).toEqual([]);
});
