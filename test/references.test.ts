import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";

// Everything that code or a page refers to is in this repository: pages, their sections, decisions, files, anchors.

interface Source {
  path: string;
  text: string;
}

interface Mention {
  /** "docs/writes.md:12 §9.9": where it is, and what it says. */
  where: string;
  /** The captured groups of the pattern. */
  groups: string[];
  index: number;
}

const root = join(import.meta.dirname, "..");
const self = "test/references.test.ts";
const folders = ["src", "tools", "test", "docs"];
const skipped = /^test\/(fixtures|tools\/snapshots)\//;

const sources = [...filesAtTop(), ...folders.flatMap(filesIn)]
  .filter((path) => /\.(ts|md)$/.test(path) && path !== self && !skipped.test(path))
  .map((path): Source => ({ path, text: readFileSync(join(root, path), "utf8") }));
const pages = sources.filter(({ path }) => path.endsWith(".md"));

function filesAtTop(): string[] {
  return readdirSync(root).filter((name) => name.endsWith(".md"));
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

function mentions({ path, text }: Source, pattern: RegExp): Mention[] {
  return [...text.matchAll(pattern)].map(({ 0: whole, index, ...groups }) => ({
    where: `${path}:${text.slice(0, index).split("\n").length} ${whole.trim()}`,
    groups: Object.values(groups).filter((group) => typeof group === "string"),
    index,
  }));
}

/** Lists each mention that `isRight` denies. */
function wrong(
  among: readonly Source[],
  pattern: RegExp,
  isRight: (mention: Mention, source: Source) => boolean,
): string[] {
  return among.flatMap((source) =>
    mentions(source, pattern)
      .filter((mention) => !isRight(mention, source))
      .map(({ where }) => where),
  );
}

function existsFrom(source: Source, target: string): boolean {
  return [root, join(root, dirname(source.path))].some((base) => existsSync(join(base, target)));
}

/** GitHub's anchors of a page's headings. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replace(/^```.*?^```/gms, "");
  const headings = [...prose.matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => heading ?? "");
  const slugs = headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );
  const earlier = (nth: number) => slugs.slice(0, nth).filter((slug) => slug === slugs[nth]).length;
  return new Set(slugs.map((slug, nth) => (earlier(nth) === 0 ? slug : `${slug}-${earlier(nth)}`)));
}

function hasSection(path: string, section: string): boolean {
  const page = pages.find((candidate) => candidate.path === path);
  return (
    page?.text.split("\n").some((line) => line.match(/^#+ ([\d.]+) /)?.[1] === section) ?? false
  );
}

/** Undoes line breaks inside of comments and paragraphs. */
function inOneLine(text: string): string {
  return text.replace(/\s*\n\s*(\*|\/\/)?\s*/g, " ");
}

test("every page that is mentioned exists", () => {
  const mentioned = /(?<![\w./:-]|\/\/[^\s)]*)([\w./-]*[\w-]\.md)\b/g;
  const missing = wrong(sources, mentioned, ({ groups: [page = ""] }, source) =>
    existsFrom(source, page),
  );
  expect(missing).toEqual([]);
});

test("every § names a page of docs/reference and one of its sections", () => {
  // One page name serves a list: "docs/reference/bigin-api.md §1.2, §1.3 and §1.9".
  const named = /(docs\/reference\/[\w-]+\.md)[`)]*,?\s(?:§\s?[\d.]*\d(?:,| and| or)? )*$/;
  const missing = wrong(
    sources,
    /§\s?(\d+(?:\.\d+)*)/g,
    ({ groups: [section = ""], index }, { text }) => {
      const before = inOneLine(text.slice(Math.max(0, index - 200), index));
      if (/\bRFC \d+ $/.test(before)) return true;
      const page = before.match(named)?.[1];
      return page !== undefined && hasSection(page, section);
    },
  );
  expect(missing).toEqual([]);
});

test("every section that a reference page names is on that page", () => {
  const references = pages.filter(({ path }) => path.startsWith("docs/reference/"));
  const missing = wrong(
    references,
    /\bsections?\s(\d+(?:\.\d+)?)/g,
    ({ groups: [section = ""] }, { path }) => hasSection(path, section),
  );
  expect(references.length).toBeGreaterThan(1);
  expect(missing).toEqual([]);
});

test("nothing refers to papers or issues outside of the repository", () => {
  const papers = "design|house|style|peers|mcp-state|prototypes";
  const outside = new RegExp(`\\b(?:${papers})(?:\\.md\\b| §)|\\bissue #?\\d+`, "gi");
  expect(wrong(sources, outside, () => false)).toEqual([]);
});

test("every link of a page leads to a file, and every anchor to a heading", () => {
  const broken = wrong(pages, /\]\(([^()\s]*)\)/g, ({ groups: [target = ""] }, { path, text }) => {
    if (/^[a-z]+:/.test(target)) return true;
    const [file = "", anchor] = target.split("#");
    const linked = join(root, file === "" ? path : join(dirname(path), file));
    if (!existsSync(linked)) return false;
    if (anchor === undefined) return true;
    return anchorsOf(file === "" ? text : readFileSync(linked, "utf8")).has(anchor);
  });
  expect(broken).toEqual([]);
});

test("every decision that is mentioned exists", () => {
  const decisions = readdirSync(join(root, "docs/decisions")).map((name) => name.slice(0, 4));
  const missing = wrong(sources, /\bdecisions?[ /](\d{4})\b/gi, ({ groups: [number = ""] }) =>
    decisions.includes(number),
  );
  expect(missing).toEqual([]);
});

test("every path of ours that is mentioned exists", () => {
  const methodOfProtocol = /^tools\/(list|call)$/;
  const decision = /^docs\/decisions\/\d{4}$/;
  const paths = /(?<![\w./@-])((?:src|tools|test|docs)\/[\w./-]*\w)/g;
  const missing = wrong(
    sources,
    paths,
    ({ groups: [path = ""] }, source) =>
      methodOfProtocol.test(path) || decision.test(path) || existsFrom(source, path),
  );
  expect(missing).toEqual([]);
});

test("every file that is mentioned by its name alone exists", () => {
  const names = new Set([...folders.flatMap(filesIn)].map((path) => basename(path)));
  const missing = wrong(
    sources,
    /(?<![\w./{}-])([\w-]+(?:\.test)?\.ts)\b/g,
    ({ groups: [name = ""] }) => names.has(name),
  );
  expect(missing).toEqual([]);
});

test("AGENTS.md is a map of at most 2,000 tokens", () => {
  const map = readFileSync(join(root, "AGENTS.md"), "utf8");
  expect(encode(map).length).toBeLessThanOrEqual(2000);
});
