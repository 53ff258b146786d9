import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The folders that each folder may import from, itself aside. Lower layers first. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/shared": [],
  "src/logging": ["src/shared"],
  "src/maton": ["src/shared", "src/logging"],
  "src/bigin": ["src/shared", "src/logging", "src/maton"],
  "src/account": ["src/shared", "src/logging", "src/maton", "src/bigin"],
  "src/reply": ["src/shared", "src/logging", "src/maton", "src/bigin", "src/account"],
  "src/tool": ["src/shared", "src/logging", "src/maton", "src/bigin", "src/account", "src/reply"],
  tools: ["src/shared", "src/maton", "src/bigin", "src/account", "src/reply", "src/tool"],
  "src/server": ["src/shared", "src/logging", "src/account", "src/reply", "src/tool"],
  "src/transports": ["src/shared", "src/logging", "src/account"],
  "src/settings": ["src/shared", "src/logging", "src/tool", "src/transports"],
  "src/commands": ["src/shared", "src/tool"],
  "src/sandbox": [],
  // Wiring: compose.ts alone imports the catalogue and the sandbox.
  "src/compose.ts": ["src", "tools", "package.json"],
  "src/main.ts": [
    "src/compose.ts",
    "src/logging",
    "src/settings",
    "src/transports",
    "src/commands",
  ],
};

const importPattern = /(?:from|import|import\()\s*"(\.[^"]+)"/g;
const files = ["src", "tools"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name)),
);

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(importPattern)].map(([, path = ""]) => join(dirname(file), path));
}

function placeOf(file: string): string {
  const places = Object.keys(mayImport).filter((place) => isIn(file, place));
  return places[0] ?? "";
}

function isIn(file: string, place: string): boolean {
  return file === place || !relative(place, file).startsWith("..");
}

test("imports follow the table of folders", () => {
  expect(files.length).toBeGreaterThan(100);
  const wrong = files.flatMap((file) => {
    const place = placeOf(file);
    const allowed = [place, ...(mayImport[place] ?? [])];
    return importsOf(file)
      .filter((target) => !place || !allowed.some((one) => isIn(target, one)))
      .map((target) => `${file} imports ${target}`);
  });
  expect(wrong).toEqual([]);
});

test("files do not import each other in a circle, types included", () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at !== -1) circles.push([...path.slice(at), file].join(" → "));
    if (at !== -1 || done.has(file)) return;
    for (const target of importsOf(file))
      if (files.includes(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("a folder has at most sixteen files, and the root of src two or three", () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  const full = [...counts].filter(([folder, count]) => count > (folder === "src" ? 3 : 16));
  // The sandbox's seed holds one file per kind of data.
  expect(full.filter(([folder]) => !folder.startsWith("src/sandbox"))).toEqual([]);
});
