import { readFileSync } from "node:fs";
import type { Reply } from "../support/writes.ts";
import type { Result } from "./operations.ts";
import type { UpstreamFault } from "./upstream-faults.ts";

/** What one fault did to one operation. */
export interface Cell {
  fault: string;
  operation: string;
  /** Requests of the kind that the fault strikes. */
  requests: number;
  allRequests: number;
  /** Simulated milliseconds. */
  ms: number;
  result: Result;
  /** From the call's log line: "ok", or who failed and how. */
  outcome: string;
  /** How many times each row was carried out in the store; empty for a read. */
  done: number[];
  /** The outcome that the reply reports for each row; empty for a read. */
  claimed: string[];
  /** Records that were there before and are not the same, and how many more there are now. */
  changed: { others: number; added: number };
}

const longestText = 200;

/** The rows of a table. Operations with the same result share a row, and so do faults that last or pass. */
export function rowsOf(cells: readonly Cell[], faults: readonly UpstreamFault[]): string {
  function resultsOf(fault: string): string[] {
    const alike = grouped(
      cells.filter((cell) => cell.fault === fault),
      (cell) => [cell.requests, time(cell.ms), replied(cell), inStore(cell)].join(" | "),
    );
    return [...alike].map(
      ([result, same]) => `${same.map((cell) => cell.operation).join(", ")} | ${result}`,
    );
  }
  const alike = grouped(faults, ({ name }) => `${kindOf(name)} ${resultsOf(name).join("")}`);
  const rows = [...alike.values()].flatMap((same) => {
    const [first = { name: "" }] = same;
    const name = same.length > 1 ? `${kindOf(first.name)}, once or always` : first.name;
    return resultsOf(first.name).map((row) => `| ${name} | ${row} |`);
  });
  const head = "| Fault | Call | Requests | Time | Reply | Store |\n|---|---|---|---|---|---|\n";
  return head + rows.join("\n");
}

function kindOf(fault: string): string {
  return fault.replace(/, (once|always)$/, "");
}

function time(ms: number): string {
  return ms === 0 ? "at once" : `${Math.round(ms / 100) / 10} s`;
}

/** What the agent reads, without what is the same in every reply or differs between runs. */
function replied({ result, claimed }: Cell): string {
  const text =
    result.failure === undefined ? ofReply(result.reply ?? {}, claimed) : ofFailure(result.failure);
  const plain = text
    .replace(/\d{19}/g, "…")
    .replace(/connection [\da-f-]{36}/g, "connection …")
    .replaceAll("|", "\\|");
  return plain.length > longestText ? `${plain.slice(0, longestText)} …` : plain;
}

/** Who failed and why, whether the write may have been carried out, and how long to wait. */
function ofFailure(text: string): string {
  const [why = ""] = text.split(/ (?:To see what|Request:)/);
  const [doubt = ""] = /[^.]*may have been carried out/.exec(text) ?? [];
  const [wait = ""] = /retry_after_s: \d+/.exec(text) ?? [];
  return [why, doubt && `${doubt.trim()}.`, wait].filter((part) => part).join(" ");
}

/** The numbers of a reply's rows, and its warnings in its own words. */
function ofReply(reply: Reply, claimed: readonly string[]): string {
  if (claimed.length === 0) return "the records";
  const lines = [reply["results"], reply["ids"]].flatMap((one) => (Array.isArray(one) ? one : []));
  const problems = [...new Set(lines.flatMap(({ problem }: Reply) => (problem ? [problem] : [])))];
  // "Not sent: …" repeats the problem of the rows before it.
  const different = problems.filter(
    (problem) => !problems.some((other) => other === `Not sent: ${problem}`),
  );
  const altered = lines.some((line: Reply) => line["not_taken"]) ? ["not_taken"] : [];
  const notes = reply["notes"] === undefined ? [] : [[reply["notes"]].flat().join(" ")];
  return [outcomes(claimed), ...different, ...altered, ...notes]
    .map((part) => String(part).replace(/\.$/, ""))
    .join(". ");
}

function outcomes(claimed: readonly string[]): string {
  const rows = grouped([...claimed.keys()], (row) => String(claimed[row]));
  return [...rows].map(([outcome, places]) => `${word(outcome)} ${ranges(places)}`).join(", ");
}

/** Created, updated and deleted are one word, so that operations with the same result share a row. */
function word(outcome: string): string {
  return ["created", "updated", "deleted"].includes(outcome) ? "done" : outcome;
}

function inStore({ done }: Cell): string {
  const rows = [...done.keys()].filter((row) => done[row] === 1);
  if (rows.length === 0) return "unchanged";
  return rows.length === done.length ? "all rows done" : `rows ${ranges(rows)} done`;
}

function grouped<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = by(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Rows counted from 0, as text counted from 1: "1-100, 201". */
function ranges(rows: readonly number[]): string {
  const starts = rows.filter((row, at) => rows[at - 1] !== row - 1);
  const ends = rows.filter((row, at) => rows[at + 1] !== row + 1);
  return starts
    .map((start, at) => {
      const end = ends[at] ?? start;
      return start === end ? `${start + 1}` : `${start + 1}-${end + 1}`;
    })
    .join(", ");
}

/** The page with its tables in place. */
export function page(tables: Record<string, string>): string {
  const file = new URL("./reliability.template.md", import.meta.url);
  const template = readFileSync(file, "utf8");
  return Object.entries(tables).reduce(
    (text, [name, table]) => text.replace(`<!-- ${name} -->`, () => table),
    template,
  );
}
