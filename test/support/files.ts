import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Line = Record<string, unknown> & { records?: Record<string, unknown>[] };

/** A new folder. */
export const folder = () => mkdtempSync(join(tmpdir(), "bigin-test-"));

/** A file in a new folder. It is not there yet. */
export const newFile = (name = "audit.log") => join(folder(), name);

/** The complete lines of a file with one JSON object on each, for example an audit log. */
export const linesOf = (file: string): Line[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
