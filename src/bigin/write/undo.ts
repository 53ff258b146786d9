import { Failure } from "../../shared/failure.ts";
import type { BiginRecord, Reading, Writing } from "../api/records.ts";
import { outcomesOfFailure, type RowOutcome } from "../api/rows.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { differenceOf } from "./compare.ts";
import type { Reverse, UndoPlan, UndoRow } from "./plan-undo.ts";
import { inDoubtAfterAll, wasCarriedOut } from "./read-back.ts";
import { type Images, lookForDeleted, readAgain } from "./snapshots.ts";

/** What became of one record. */
export interface UndoneRow {
  at: number;
  id: string;
  reverse: Reverse;
  outcome: "done" | "failed" | "unknown" | "not_sent";
  /** The id of a record that was created again. */
  newId?: string;
  modifiedTime?: string | undefined;
  problem?: string | undefined;
  /** The record as it was read back. */
  after?: BiginRecord | undefined;
  /** Fields that do not hold their old value again. */
  lost: string[];
}

export interface Undone {
  rows: UndoneRow[];
  /** Why it is not known whether the old values are back. */
  note?: string | undefined;
}

/**
 * Carries the plan out, a kind of change after the other, and reads back what is there now. What was done is never
 * hidden by a later failure; when nothing was sent at all, the failure is thrown.
 */
export async function undo(
  plan: UndoPlan,
  sending: Sending,
  { reading, writing }: { reading: Reading; writing: Writing },
): Promise<Undone> {
  const done: UndoneRow[] = [];
  let stopped: Failure | undefined;
  for (const reverse of ["restore", "create_again", "delete"] as const) {
    const rows = plan.rows.filter((row) => row.reverse === reverse);
    if (rows.length === 0) continue;
    const outcomes: RowOutcome[] = stopped
      ? outcomesOfFailure(stopped, rows.length)
      : await inChunks(rows, (chunk) => send(plan.module, reverse, chunk, writing), sending).catch(
          (error: unknown) => {
            if (!(error instanceof Failure) || done.length === 0) throw error;
            return outcomesOfFailure(error, rows.length);
          },
        );
    stopped ??= stopOf(outcomes);
    rows.forEach((row, index) => {
      const outcome = outcomes[index];
      if (outcome) done.push(undoneRow(row, outcome));
    });
  }
  const note = await lookAgain(plan, done, sending, reading);
  return { rows: done.toSorted((a, b) => a.at - b.at), note };
}

/** A request that failed as a whole ends it: what comes after it is not sent. */
function stopOf(outcomes: readonly RowOutcome[]): Failure | undefined {
  const failed = outcomes.find((one) => !one.ok && one.failure);
  if (!failed || failed.ok || !failed.failure) return undefined;
  return new Failure({ ...failed.failure.facts, mayHaveHappened: false });
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
  const about = { at, id, reverse, lost: [] };
  if (!outcome.ok)
    return { ...about, outcome: outcome.state ?? "failed", problem: outcome.problem };
  const newId = reverse === "create_again" ? { newId: outcome.id } : {};
  return { ...about, outcome: "done", ...newId, modifiedTime: outcome.modifiedTime };
}

/** Reads what is back, and the records whose change is in doubt; the answer says why it could not. */
async function lookAgain(
  plan: UndoPlan,
  done: readonly UndoneRow[],
  { signal }: Sending,
  reading: Reading,
): Promise<string | undefined> {
  const isDoubtful = (row: UndoneRow) =>
    row.outcome === "unknown" && row.reverse !== "create_again";
  const looked = done.filter((row) => row.outcome === "done" || isDoubtful(row));
  if (looked.length === 0) return undefined;
  if (signal.aborted) return "not read back: the call had ended";
  const [removed, back] = [true, false].map((isDelete) =>
    looked.filter(({ reverse }) => (reverse === "delete") === isDelete),
  );
  const notes = [
    await lookAt(back ?? [], plan, (ids) => readBack(plan, ids, reading)),
    await lookAt(removed ?? [], plan, (ids) => lookForDeleted(reading, plan.module, [ids])),
  ];
  return notes.find(Boolean);
}

function readBack({ module, fields, rows }: UndoPlan, ids: string[], reading: Reading) {
  return readAgain(reading, { module, fields, rows: rows.map(({ row }) => row) }, [ids]);
}

/** Reads these records and tells of each what it shows; gives back why they could not be read. */
async function lookAt(
  rows: readonly UndoneRow[],
  plan: UndoPlan,
  read: (ids: string[]) => Promise<{ images?: Images; note?: string }>,
): Promise<string | undefined> {
  if (rows.length === 0) return undefined;
  const { images, note } = await read(rows.map((row) => row.newId ?? row.id));
  if (!images) return note;
  for (const row of rows) {
    if (row.outcome === "unknown") settle(row, plan, images);
    else if (row.reverse === "delete") doubt(row, images);
    else noteLosses(row, plan, images);
  }
  return undefined;
}

/** A record that Bigin reported as deleted and that is there is not told as gone. */
function doubt(row: UndoneRow, images: Images): void {
  const doubtful = inDoubtAfterAll(row.id, images);
  if (!doubtful) return;
  row.outcome = "unknown";
  row.problem = doubtful.problem;
}

/** A change in doubt that the record shows to have been carried out is done. */
function settle(row: UndoneRow, plan: UndoPlan, images: Images): void {
  const sent = plan.rows.find((one) => one.at === row.at)?.row ?? {};
  const change = { row: sent, isDelete: row.reverse === "delete", fields: plan.fields };
  if (!wasCarriedOut(change, images.get(row.id))) return;
  row.outcome = "done";
  row.problem = "the answer was lost; reading back showed that it was carried out";
}

function noteLosses(row: UndoneRow, plan: UndoPlan, images: Images): void {
  const sent = plan.rows.find((one) => one.at === row.at)?.row;
  const after = images.get(row.newId ?? row.id);
  if (!sent || !after) return;
  row.after = after;
  row.modifiedTime = String(after["Modified_Time"]);
  row.lost = differenceOf(sent, plan.fields, undefined, after).altered.map(
    ({ field }) => field.apiName,
  );
}
