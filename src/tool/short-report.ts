import { estimateTokens } from "./tokens.ts";

const reservedTokens = 250;

interface Line {
  [key: string]: unknown;
  row: number;
  id?: string | undefined;
  outcome: string;
}

/**
 * The lines of a write's reply within its budget. Where they do not fit, rows that plainly succeeded stand as ranges
 * and ids, in order; what is to be told of the others comes first. What is left out even then is counted.
 */
export function shortReport<T extends Line>(
  lines: readonly T[],
  replyTokens: number,
): { results: T[]; ids?: object[]; rows_left?: number; see?: string } {
  const budget = Math.max(200, replyTokens - reservedTokens);
  if (costOf(lines) <= budget) return { results: [...lines] };
  const plain = lines.filter(isPlain);
  const telling = lines.filter((line) => !isPlain(line));
  const groups = grouped(plain);
  const cost = groups.map(costOf).reduce((sum, tokens) => sum + tokens, 0);
  const results = fitting(telling, budget - Math.min(cost, budget * 0.8));
  const ids = cutTo(groups, budget - costOf(results));
  const shown = results.length + ids.reduce((sum, group) => sum + group.ids.length, 0);
  return {
    results,
    ...(ids.length > 0 && { ids }),
    ...(shown < lines.length && {
      rows_left: lines.length - shown,
      see: "bigin_list_writes with the write_id has them all",
    }),
  };
}

/** "1-100, 103" for row numbers in order. */
export function ranges(rows: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const row of rows) {
    const last = spans.at(-1);
    if (last && row === last[1] + 1) last[1] = row;
    else spans.push([row, row]);
  }
  return spans.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}

function isPlain(line: Line): boolean {
  return Object.keys(line).every((key) => ["row", "id", "outcome"].includes(key)) && !!line.id;
}

interface Group {
  outcome: string;
  rows: string;
  ids: string[];
}

function grouped(lines: readonly Line[]): Group[] {
  const outcomes = [...new Set(lines.map((line) => line.outcome))];
  return outcomes.map((outcome) => {
    const ours = lines.filter((line) => line.outcome === outcome);
    return {
      outcome,
      rows: ranges(ours.map((line) => line.row)),
      ids: ours.map((line) => line.id ?? ""),
    };
  });
}

function fitting<T>(lines: readonly T[], budget: number): T[] {
  let tokens = 0;
  const end = lines.findIndex((line) => {
    tokens += costOf(line);
    return tokens > budget;
  });
  return end === -1 ? [...lines] : lines.slice(0, Math.max(1, end));
}

function cutTo(groups: readonly Group[], budget: number): Group[] {
  let left = budget;
  return groups.flatMap((group) => {
    const ids = fitting(group.ids, left - 20);
    left -= costOf(ids) + 20;
    return ids.length > 0 && left > -20 ? [{ ...group, ids }] : [];
  });
}

function costOf(part: unknown): number {
  return estimateTokens(JSON.stringify(part)) + 1;
}
