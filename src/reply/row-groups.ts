import { ranges } from "../shared/row-numbers.ts";
import { fittingOrFirst, rangesThatFit, tokensOf } from "./budget.ts";

const reservedTokens = 250;
/** So many rows with the same problem are told one by one. */
const repeatedAtMost = 5;
const groupedKeys = ["row", "id", "outcome", "problem", "existing"];
/** Of the room, the most that the ranges of rows in one group may take. */
const rangesShare = 0.3;

interface Line {
  [key: string]: unknown;
  row: number;
  id?: string | undefined;
  outcome: string;
  problem?: string | undefined;
  existing?: string[] | undefined;
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
  const cost = shownGroups(groups, budget).reduce((sum, { group }) => sum + costOf(group), 0);
  const results = fittingOrFirst(telling, budget - Math.min(cost, budget * 0.8));
  const cut = shownGroups(groups, budget - costOf(results));
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
    line.problem !== undefined && (counts.get(kindOf(line)) ?? 0) > repeatedAtMost;
  return (line) => isPlain(line) && (isCramped || isRepeated(line));
}

function kindOf(line: Line): string {
  const { outcome, problem, id, existing } = line;
  return JSON.stringify([outcome, problem, id !== undefined, existing !== undefined]);
}

/** Lines that say no more than others with the same outcome, the id aside, or the one record that stands in the way. */
function isPlain(line: Line): boolean {
  return (
    Object.keys(line).every((key) => groupedKeys.includes(key)) &&
    (line.existing === undefined || line.existing.length === 1)
  );
}

interface Group {
  outcome: string;
  problem?: string | undefined;
  rows: number[];
  /** In the order of the rows; none where the rows alone say which records are meant. */
  ids: string[];
}

/** A row that failed is known by its place; a record that was written, or stands in the way, by its id. */
function grouped(lines: readonly Line[]): Group[] {
  const byKind = new Map<string, Line[]>();
  for (const line of lines) {
    byKind.set(kindOf(line), [...(byKind.get(kindOf(line)) ?? []), line]);
  }
  return [...byKind.values()].map((ours) => {
    const [{ outcome, problem } = { outcome: "" }] = ours;
    const isKnownByPlace = problem !== undefined && outcome !== "exists";
    const ids = ours.flatMap(
      ({ id, existing = [] }) => existing[0] ?? (isKnownByPlace ? [] : (id ?? "")),
    );
    return { outcome, ...(problem && { problem }), rows: ours.map(({ row }) => row), ids };
  });
}

/** A group as it is shown; of ids and of rows only what fits, and `count` is for how many rows it then stands. */
function shownGroup({ outcome, problem, rows, ids }: Group, room: number) {
  const about = { outcome, ...(problem && { problem }) };
  const fits = rangesThatFit(rows, (room - costOf(about)) * rangesShare);
  if (ids.length === 0) return { count: fits.count, group: { ...about, rows: fits.rows } };
  const beside = room - costOf({ ...about, rows: fits.rows });
  const shown = fittingOrFirst(ids.slice(0, fits.count), beside);
  const which = problem === undefined ? "ids" : "existing";
  const named = ranges(rows.slice(0, shown.length));
  return { count: shown.length, group: { ...about, rows: named, [which]: shown } };
}

function shownGroups(groups: readonly Group[], budget: number) {
  let left = budget;
  return groups.flatMap((group) => {
    if (left <= 0) return [];
    const shown = shownGroup(group, left);
    left -= costOf(shown.group);
    return [shown];
  });
}

function costOf(part: unknown): number {
  return tokensOf(part) + 1;
}
