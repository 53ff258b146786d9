import { rowRanges } from "../shared/row-numbers.ts";
import { fitting, fittingOrFirst, rangesThatFit, tokensOf } from "./budget.ts";

const reservedTokens = 250;
/** How many rows with the same problem are still reported one by one. */
const repeatedAtMost = 5;
const groupedKeys = ["row", "id", "outcome", "problem", "existing"];
/** The share of a group's room that its ranges of row numbers may take. */
const rangesShare = 0.3;

/** Added to a report that leaves rows out. */
export const seeAllRows = "bigin_list_writes with this write_id lists all rows.";

/** One row of a write, as it is reported. */
export interface RowReport {
  [key: string]: unknown;
  row: number;
  id?: string | undefined;
  outcome: string;
  problem?: string | undefined;
  existing?: string[] | undefined;
}

/**
 * The rows of a write's report within its budget. If not all fit, rows that succeeded without further information, and
 * rows with the same problem, are grouped as ranges of row numbers. They follow the rows that are reported one by one.
 * Rows that still do not fit are counted in `rows_left`.
 */
export function groupRows<T extends RowReport>(
  reports: readonly T[],
  replyTokens: number,
): { results: T[]; ids?: object[]; rows_left?: number; see?: string } {
  const budget = Math.max(200, replyTokens - reservedTokens);
  const isInGroup = groupedIf(reports, fitting(reports, budget) < reports.length);
  const groups = groupsOf(reports.filter(isInGroup));
  const single = reports.filter((report) => !isInGroup(report));
  const cost = groupsThatFit(groups, budget).reduce((sum, { group }) => sum + costOf(group), 0);
  const results = fittingOrFirst(single, budget - Math.min(cost, budget * 0.8));
  const shown = groupsThatFit(groups, budget - costOf(results));
  const count = results.length + shown.reduce((sum, group) => sum + group.count, 0);
  return {
    results,
    ...(shown.length > 0 && { ids: shown.map(({ group }) => group) }),
    ...(count < reports.length && {
      rows_left: reports.length - count,
      see: seeAllRows,
    }),
  };
}

/**
 * Decides which rows are grouped: if room is `short`, all that can be; else only those whose problem many rows share.
 */
function groupedIf(reports: readonly RowReport[], short: boolean): (report: RowReport) => boolean {
  const counts = new Map<string, number>();
  for (const report of reports)
    counts.set(groupKey(report), (counts.get(groupKey(report)) ?? 0) + 1);
  const isRepeated = (report: RowReport) =>
    report.problem !== undefined && (counts.get(groupKey(report)) ?? 0) > repeatedAtMost;
  return (report) => isPlain(report) && (short || isRepeated(report));
}

function groupKey({ outcome, problem, id, existing }: RowReport): string {
  return JSON.stringify([outcome, problem, id !== undefined, existing !== undefined]);
}

/** Whether a row has no information of its own besides its id or one existing record. */
function isPlain(report: RowReport): boolean {
  return (
    Object.keys(report).every((key) => groupedKeys.includes(key)) &&
    (report.existing === undefined || report.existing.length === 1)
  );
}

interface RowGroup {
  outcome: string;
  problem?: string | undefined;
  rows: number[];
  /** In the order of the rows; empty if the row numbers alone identify the records. */
  ids: string[];
}

/**
 * Groups rows by outcome and problem. Rows that failed are identified by their numbers; records that were written, or
 * that exist already, by their ids.
 */
function groupsOf(reports: readonly RowReport[]): RowGroup[] {
  const byKey = new Map<string, RowReport[]>();
  for (const report of reports) {
    const key = groupKey(report);
    byKey.set(key, [...(byKey.get(key) ?? []), report]);
  }
  return [...byKey.values()].map((members) => {
    const [{ outcome, problem } = { outcome: "" }] = members;
    const isKnownByNumber = problem !== undefined && outcome !== "exists";
    const ids = members.flatMap(
      ({ id, existing = [] }) => existing[0] ?? (isKnownByNumber ? [] : (id ?? "")),
    );
    return { outcome, ...(problem && { problem }), rows: members.map(({ row }) => row), ids };
  });
}

/** A group cut to `room` tokens; `count` is how many rows it still covers. */
function groupThatFits({ outcome, problem, rows, ids }: RowGroup, room: number) {
  const about = { outcome, ...(problem && { problem }) };
  const fits = rangesThatFit(rows, (room - costOf(about)) * rangesShare);
  if (ids.length === 0) return { count: fits.count, group: { ...about, rows: fits.rows } };
  const left = room - costOf({ ...about, rows: fits.rows });
  const shown = fittingOrFirst(ids.slice(0, fits.count), left);
  const key = problem === undefined ? "ids" : "existing";
  const numbers = rowRanges(rows.slice(0, shown.length));
  return { count: shown.length, group: { ...about, rows: numbers, [key]: shown } };
}

function groupsThatFit(groups: readonly RowGroup[], budget: number) {
  let left = budget;
  return groups.flatMap((group) => {
    if (left <= 0) return [];
    const shown = groupThatFits(group, left);
    left -= costOf(shown.group);
    return [shown];
  });
}

function costOf(part: unknown): number {
  return tokensOf(part) + 1;
}
