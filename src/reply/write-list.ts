import type { Write } from "../account/journal.ts";
import { undoneInWords } from "./undo-report.ts";

export const writeColumns = ["write_id", "at", "tool", "module", "records", "outcome", "undone"];
export const recordColumns = ["row", "id", "outcome", "fields", "undone", "problem"];

/** A row of a table, and its place in it: writes are listed by falling number, records by rising row. */
export interface TableRow {
  at: number;
  cells: unknown[];
}

export function rowOfWrite({ id, at, tool, module, rows }: Write): TableRow {
  const outcomes = [...new Set(rows.map((row) => row.outcome))];
  const counts = outcomes.map(
    (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  const undone = rows.filter((row) => row.undone).length;
  return {
    at: -Number(id.slice(1)),
    cells: [id, at, tool, module, rows.length, counts.join(", "), undone],
  };
}

export function rowsOfRecords({ rows }: Write): TableRow[] {
  return rows.map(({ id, outcome, row, undone, problem }, index) => {
    const fields = Object.keys(row).filter((name) => name !== "id");
    const how = undone ? undoneInWords(undone) : null;
    return {
      at: index + 1,
      cells: [index + 1, id ?? null, outcome, fields.join(", "), how, problem ?? null],
    };
  });
}
