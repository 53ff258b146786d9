import { ranges } from "../bigin/writing/row-numbers.ts";
import { fittingOrFirst, tokensOf } from "./budget.ts";

const reservedTokens = 250;
/** So many rows with the same problem are told one by one. */
const repeatedAtMost = 5;

interface Line {
  [key: string]: unknown;
  row: number;
  id?: string | undefined;
  outcome: string;
}

/**
 * The lines of a write's reply within its budget. Where they do not fit, rows that plainly succeeded, and rows with the
 * same problem, stand together as ranges; what is to be told of the others comes first. What is left out even then is
 * counted.
 */
export function shortReport<T extends Line>(
  lines: readonly T[],
  replyTokens: number,
): { results: T[]; ids?: object[]; rows_left?: number; see?: string } {
  const budget = Math.max(200, replyTokens - reservedTokens);
  const isCramped = costOf(lines) > budget;
  const isPart = partsOf(lines, isCramped);
  const groups = grouped(lines.filter(isPart));
  const telling = lines.filter((line) => !isPart(line));
  const cost = groups.map(({ group }) => costOf(group)).reduce((sum, tokens) => sum + tokens, 0);
  const results = fittingOrFirst(telling, budget - Math.min(cost, budget * 0.8));
  const cut = cutTo(groups, budget - costOf(results));
  const shown = results.length + cut.reduce((sum, { count }) => sum + count, 0);
  return {
    results,
    ...(cut.length > 0 && { ids: cut.map(({ group }) => group) }),
    ...(shown < lines.length && {
      rows_left: lines.length - shown,
      see: "bigin_list_writes with the write_id has them all",
    }),
  };
}

/** The lines that stand in a group: all that may where room is short, else those of many with the same problem. */
function partsOf(lines: readonly Line[], isCramped: boolean): (line: Line) => boolean {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(kindOf(line), (counts.get(kindOf(line)) ?? 0) + 1);
  const isRepeated = (line: Line) =>
    line["problem"] !== undefined && (counts.get(kindOf(line)) ?? 0) > repeatedAtMost;
  return (line) => isPlain(line) && (isCramped || isRepeated(line));
}

function kindOf(line: Line): string {
  return JSON.stringify([line.outcome, line["problem"], line.id !== undefined]);
}

/** Lines that say no more than others with the same outcome, the id aside. */
function isPlain(line: Line): boolean {
  return Object.keys(line).every((key) => ["row", "id", "outcome", "problem"].includes(key));
}

interface Group {
  /** How many rows it stands for. */
  count: number;
  group: { outcome: string; rows: string; problem?: string; ids?: string[] };
}

/** A row with a problem is known by its place; a record that was written by its id. */
function grouped(lines: readonly Line[]): Group[] {
  const byKind = new Map<string, Line[]>();
  for (const line of lines) {
    byKind.set(kindOf(line), [...(byKind.get(kindOf(line)) ?? []), line]);
  }
  return [...byKind.values()].map((ours) => {
    const outcome = ours[0]?.outcome ?? "";
    const problem = ours[0]?.["problem"];
    const rows = ranges(ours.map((line) => line.row));
    const more =
      typeof problem === "string" ? { problem } : { ids: ours.map((line) => line.id ?? "") };
    return { count: ours.length, group: { outcome, rows, ...more } };
  });
}

function cutTo(groups: readonly Group[], budget: number): Group[] {
  let left = budget;
  return groups.flatMap(({ count, group }) => {
    if (left <= 0) return [];
    const { ids, ...about } = group;
    left -= costOf(about);
    if (!ids) return [{ count, group }];
    const shown = fittingOrFirst(ids, left);
    left -= costOf(shown);
    return [{ count: shown.length, group: { ...about, ids: shown } }];
  });
}

function costOf(part: unknown): number {
  return tokensOf(part) + 1;
}
