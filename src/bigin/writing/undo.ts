import type { Reading, Writing } from "../records.ts";
import type { RowOutcome } from "../rows.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { differenceOf } from "./compare.ts";
import { readImages } from "./images.ts";
import type { Reverse, UndoPlan, UndoRow } from "./plan-undo.ts";

/** What became of one record. */
export interface UndoneRow {
  at: number;
  id: string;
  /** Undefined when it failed. */
  done?: Reverse;
  /** The id of a record that was created again. */
  newId?: string;
  modifiedTime?: string | undefined;
  problem?: string;
  /** Fields that do not hold their old value again. */
  lost: string[];
}

/** Carries the plan out, a kind of change after the other, and reads back what is there now. */
export async function undo(
  plan: UndoPlan,
  sending: Sending,
  { reading, writing }: { reading: Reading; writing: Writing },
): Promise<UndoneRow[]> {
  const done: UndoneRow[] = [];
  for (const reverse of ["restore", "create_again", "delete"] as const) {
    const rows = plan.rows.filter((row) => row.reverse === reverse);
    if (rows.length === 0) continue;
    const outcomes = await inChunks(
      rows,
      (chunk) => send(plan.module, reverse, chunk, writing),
      sending,
    );
    rows.forEach((row, index) => {
      const outcome = outcomes[index];
      if (outcome) done.push(undoneRow(row, outcome));
    });
  }
  await readLosses(plan, done, reading);
  return done.toSorted((a, b) => a.at - b.at);
}

function send(
  module: string,
  reverse: Reverse,
  chunk: readonly UndoRow[],
  writing: Writing,
): Promise<RowOutcome[]> {
  switch (reverse) {
    case "restore":
      return writing.update(
        module,
        chunk.map(({ id, row }) => ({ ...row, id })),
      );
    case "create_again":
      return writing.insert(
        module,
        chunk.map(({ row }) => row),
      );
    case "delete":
      return writing.delete(
        module,
        chunk.map(({ id }) => id),
      );
  }
}

function undoneRow({ at, id, reverse }: UndoRow, outcome: RowOutcome): UndoneRow {
  if (!outcome.ok) return { at, id, problem: outcome.problem, lost: [] };
  const newId = reverse === "create_again" ? { newId: outcome.id } : {};
  return { at, id, done: reverse, ...newId, modifiedTime: outcome.modifiedTime, lost: [] };
}

async function readLosses(plan: UndoPlan, done: UndoneRow[], reading: Reading): Promise<void> {
  const alive = done.filter((row) => row.done === "restore" || row.done === "create_again");
  if (alive.length === 0) return;
  const names = [...new Set(plan.rows.flatMap(({ row }) => Object.keys(row)))].filter(
    (name) => name !== "Layout",
  );
  const ids = alive.map((row) => row.newId ?? row.id);
  const images = await readImages(reading, plan.module, ids, ["Modified_Time", ...names]);
  for (const row of alive) {
    const sent = plan.rows.find((one) => one.at === row.at)?.row;
    const after = images?.get(row.newId ?? row.id);
    if (!sent || !after) continue;
    row.modifiedTime = String(after["Modified_Time"]);
    row.lost = differenceOf(sent, plan.fields, undefined, after).altered.map(
      ({ field }) => field.apiName,
    );
  }
}
