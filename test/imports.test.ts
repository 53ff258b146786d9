import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const biome = join(root, "node_modules", ".bin", "biome");

/** The files, of one import each, that the linter's import rules refuse. Planted away from ours. */
function refused(plants: readonly (readonly [file: string, statement: string])[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "bigin-imports-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(root, "biome.json"), join(folder, "biome.json"));
  const placed = plants.map(([file, statement], at) => {
    const path = file.replace("*", `planted-${at}`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${statement}\n`);
    return { path, name: `${file} ${statement}` };
  });
  const options = [
    "--only=style/noRestrictedImports",
    "--vcs-enabled=false",
    "--max-diagnostics=none",
  ];
  const lint = (args: readonly string[]) => {
    try {
      return execFileSync(biome, ["lint", ...args], {
        cwd: folder,
        encoding: "utf8",
        stdio: "pipe",
      });
    } catch (error) {
      if (error instanceof Error && "stderr" in error) return String(error.stderr);
      throw error;
    }
  };
  const told = lint([...options, "."]);
  expect(told).not.toContain("configuration resulted in errors");
  return placed.filter(({ path }) => told.includes(`${path}:`)).map(({ name }) => name);
}

const side = (from: string) => `import "${from}";`;
const wrong = [
  ["src/config.ts", side("./sandbox/app.ts")],
  ["src/key.ts", side("./server.ts")],
  ["src/command-line.ts", side("./account.ts")],
  ["src/log.ts", side("./transports/http.ts")],
  ["src/*.ts", side("../tools/index.ts")],
  ["src/*.ts", side("./sandbox/app.ts")],
  ["src/*.ts", side("./tool/../server.ts")],
  ["src/server.ts", side("./sandbox/app.ts")],
  ["src/account.ts", side("./maton/../server.ts")],
  ["src/failure.ts", side("./nearest.ts")],
  ["src/maton/*.ts", side("../bigin/client.ts")],
  ["src/maton/*.ts", side("./../bigin/client.ts")],
  ["src/maton/*.ts", side("./x/../../bigin/client.ts")],
  ["src/bigin/*.ts", side("../server.ts")],
  ["src/bigin/*.ts", side("../maton/../server.ts")],
  ["src/bigin/writing/*.ts", side("../../maton/http.ts")],
  ["src/tool/*.ts", side("../maton/http.ts")],
  ["src/tool/*.ts", 'export const server = await import("../server.ts");'],
  ["src/transports/*.ts", side("../../tools/index.ts")],
  ["src/commands/*.ts", side("../server.ts")],
  ["src/sandbox/*.ts", side("../maton/http.ts")],
  ["src/sandbox/new/*.ts", side("../../maton/http.ts")],
  ["src/sandbox/new/deep/*.ts", side("../../../maton/http.ts")],
  ["tools/*.ts", side("../src/server.ts")],
  ["tools/*.ts", side("../src/bigin/http.ts")],
  ["tools/*.ts", side("../src/bigin/client.ts")],
  ["tools/*.ts", side("../src/tool/../server.ts")],
  ["tools/*.ts", 'import type { Bigin } from "../src/bigin/client.ts";\nexport type B = Bigin;'],
] as const;

test("every import against the one-way flow is refused", () => {
  expect(refused(wrong)).toEqual(wrong.map(([file, statement]) => `${file} ${statement}`));
});

test("every import with the flow is taken", () => {
  expect(
    refused([
      ["src/main.ts", side("./sandbox/app.ts")],
      ["src/config.ts", side("./command-line.ts")],
      ["src/account.ts", side("./bigin/client.ts")],
      ["src/maton/*.ts", side("../failure.ts")],
      ["src/bigin/*.ts", side("../maton/http.ts")],
      ["src/bigin/writing/*.ts", side("../http.ts")],
      ["src/bigin/writing/*.ts", side("../../failure.ts")],
      ["src/tool/*.ts", side("../bigin/schema.ts")],
      ["src/sandbox/routes/*.ts", side("../store.ts")],
      ["tools/*.ts", side("../src/bigin/schema.ts")],
    ]),
  ).toEqual([]);
});

/** Biome does not look into `import("…").Type`: it would be a way around every rule above. */
const typeImports = (text: string) => text.match(/(?<!await )\bimport\("\.[^"]*"\)/g) ?? [];

test("no type is taken by import(), which the linter does not see", () => {
  expect(typeImports('type B = import("../server.ts").B;')).toHaveLength(1);
  expect(typeImports('const { b } = await import("../server.ts");')).toEqual([]);
  const files = ["src", "tools"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files
    .filter((file) => file !== join("src", "main.ts")) // it loads the parts, and may import them all
    .filter((file) => typeImports(readFileSync(join(root, file), "utf8")).length > 0);
  expect(found).toEqual([]);
});
