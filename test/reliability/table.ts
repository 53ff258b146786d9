import { readFileSync } from "node:fs";
import type { Reply } from "../support/writes.ts";
import type { Told } from "./operations.ts";
import type { UpstreamFault } from "./upstream-faults.ts";

/** What one fault did to one operation. */
export interface Cell {
  fault: string;
  operation: string;
  /** Sent of the kind the fault strikes, and in all. */
  requests: number;
  allRequests: number;
  /** Simulated. */
  ms: number;
  told: Told;
  /** How often each row's wish is fulfilled in the store, and what was said of it; empty for a read. */
  done: number[];
  claimed: string[];
  changed: { others: number; added: number };
}

const longest = 330;

/** The rows of a table: cells that are alike share one, which names their operations. */
export function rowsOf(cells: readonly Cell[], faults: readonly UpstreamFault[]): string {
  const ofFault = (name: string) => {
    const alike = grouped(
      cells.filter((cell) => cell.fault === name),
      (cell) => [cell.requests, time(cell.ms), told(cell), inStore(cell)].join(" | "),
    );
    return [...alike].map(
      ([what, same]) => `${same.map((cell) => cell.operation).join(", ")} | ${what}`,
    );
  };
  // What passes and what lasts is often one to a write, which asks once.
  const alike = grouped(faults, ({ name }) => `${kindOf(name)} ${ofFault(name).join("")}`);
  const rows = [...alike.values()].flatMap((same) => {
    const [first = { name: "" }] = same;
    const name = same.length > 1 ? `${kindOf(first.name)}, once or for ever` : first.name;
    return ofFault(first.name).map((row) => `| ${name} | ${row} |`);
  });
  const head = "| fault | call | requests | time | told | store |\n|---|---|---|---|---|---|\n";
  return head + rows.join("\n");
}

const kindOf = (fault: string) => fault.replace(/, (once|for ever)$/, "");

function time(ms: number): string {
  return ms === 0 ? "at once" : `${Math.round(ms / 100) / 10} s`;
}

function told({ told, claimed }: Cell): string {
  const text = told.failure === undefined ? ofReply(told.reply ?? {}, claimed) : told.failure;
  const plain = text
    .replace(/ Call id: [\w-]{8}\./, "")
    .replace(/\d{19}/g, "…")
    .replace(/connection [\da-f-]{36}/g, "connection …")
    .replace(/Request: [A-Z]+ Contacts\S*\./, "Request: ….")
    .replaceAll("|", "\\|");
  return plain.length > longest ? `${plain.slice(0, longest)} …` : plain;
}

/** The numbers of a reply, and in its own words what it warns of. */
function ofReply(reply: Reply, claimed: readonly string[]): string {
  if (claimed.length === 0) return "the answer";
  const lines = [reply["results"], reply["ids"]].flatMap((one) => (Array.isArray(one) ? one : []));
  const problems = [...new Set(lines.flatMap(({ problem }: Reply) => (problem ? [problem] : [])))];
  const altered = lines.some((line: Reply) => line["altered"]) ? ["altered: [sent, stored]"] : [];
  const more = ["look_first", "next", "retry_after_s", "notes"].flatMap((key) =>
    reply[key] === undefined ? [] : [`${key}: ${[reply[key]].flat().join(" ")}`],
  );
  return [outcomes(claimed), ...problems, ...altered, ...more]
    .map((part) => String(part).replace(/\.$/, ""))
    .join(". ");
}

function outcomes(claimed: readonly string[]): string {
  const rows = grouped([...claimed.keys()], (row) => String(claimed[row]));
  return [...rows].map(([outcome, places]) => `${word(outcome)} ${span(places)}`).join(", ");
}

/** Created, updated and deleted are one word, so that operations that fare alike share a row. */
function word(outcome: string): string {
  return ["created", "updated", "deleted"].includes(outcome) ? "done" : outcome;
}

function inStore({ done }: Cell): string {
  if (done.length === 0) return "as before";
  const rows = [...done.keys()].filter((row) => done[row] === 1);
  if (rows.length === 0) return "as before";
  return rows.length === done.length ? "all rows done, once" : `rows ${span(rows)} done, once`;
}

function grouped<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

function span(rows: readonly number[]): string {
  const starts = rows.filter((row, at) => rows[at - 1] !== row - 1);
  const ends = rows.filter((row, at) => rows[at + 1] !== row + 1);
  return starts
    .map((start, at) =>
      start === ends[at] ? `${start + 1}` : `${start + 1}-${(ends[at] ?? 0) + 1}`,
    )
    .join(", ");
}

/** The page with its tables in their places. */
export function page(tables: Record<string, string>): string {
  const file = new URL("./reliability.template.md", import.meta.url);
  const template = readFileSync(file, "utf8");
  return Object.entries(tables).reduce(
    (text, [name, table]) => text.replace(`<!-- ${name} -->`, () => table),
    template,
  );
}
