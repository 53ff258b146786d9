import type { Failure } from "../../shared/failure.ts";
import type { BiginRecord, Reading, Writing } from "../api/records.ts";
import type { RowOutcome } from "../api/rows.ts";
import { isEmpty } from "../values.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { differenceOf } from "./compare.ts";
import { type Earlier, findEarlier } from "./lost-insert.ts";
import type { Held, PlannedRow, WritePlan } from "./plan.ts";
import { readBack, settled } from "./read-back.ts";
import type { Images } from "./snapshots.ts";

type Outcome =
  | "created"
  | "updated"
  | "unchanged"
  | "deleted"
  | "exists"
  | "ambiguous"
  | "failed"
  | "unknown"
  | "not_sent";

/** It may be hidden from this user, such as a record that was given to somebody else: no failure for certain. */
export const goneProblem =
  "Bigin reported success, but the record was not found when it was read back: look before you rely on it";

/** What became of one row. */
export interface RowResult {
  outcome: Outcome;
  id?: string | undefined;
  problem?: string | undefined;
  /** Records that stand in the way: of the same unique value, or several that fit. */
  existing?: readonly string[] | undefined;
  /** The record before and after, as far as they were read. */
  before?: BiginRecord | undefined;
  after?: BiginRecord | undefined;
  /** The record's Modified_Time after the write, as Bigin answered it. */
  modifiedTime?: string | undefined;
  /** Behind a row that was not sent or is in doubt: the failure of its request. */
  failure?: Failure | undefined;
  /** An earlier try of the same call did it, and this entry of the journal has it. */
  inWrite?: string | undefined;
}

export interface CarriedOut {
  results: RowResult[];
  notes: string[];
}

export interface CarryingOut extends Sending {
  trigger?: readonly string[] | undefined;
  /** Of a delete: false runs no workflows. */
  wfTrigger?: boolean | undefined;
  /** Set for an insert that is tried again after a lost answer: then it looks first for what the first try made. */
  earlier?:
    | {
        since: number;
        /** Records known to come from other calls. */
        others: ReadonlySet<string>;
        /** What the first try is known to have done, by the row's place. */
        done: ReadonlyMap<number, RowResult>;
      }
    | undefined;
}

/**
 * Sends what was planned, a hundred rows a request, and reads back what became of it. Nothing that was done is hidden
 * by a later failure; when nothing was sent at all, the failure is thrown.
 */
export async function carryOut(
  plan: WritePlan,
  how: CarryingOut,
  parts: { reading: Reading; writing: Writing },
): Promise<CarriedOut> {
  const known = new Map<PlannedRow, RowResult>();
  if (how.earlier) await recover(plan, how.earlier, parts.reading, known);
  for (const row of plan.rows) if (row.held && !known.has(row)) known.set(row, heldBack(row.held));
  const rows = plan.rows.filter((row) => !known.has(row));
  const answers = await inChunks(rows, (chunk) => send(plan, chunk, how, parts.writing), how);
  const { images, note } = await readBack(plan, { rows, answers }, how.signal, parts.reading);
  const outcomes = answers.map((answer, at) => settled(plan, rows[at], answer, images));
  rows.forEach((row, at) => {
    const outcome = outcomes[at];
    if (outcome) known.set(row, resultOf(plan, row, outcome, images));
  });
  const found = outcomes.filter((outcome, at) => outcome.ok && !answers[at]?.ok).length;
  return {
    results: plan.rows.flatMap((row) => {
      const result = known.get(row);
      return result ? withTwin(result, row.held, plan, known) : [];
    }),
    notes: [...plan.notes, ...(note ? [note] : []), ...(found > 0 ? [foundNote(found)] : [])],
  };
}

function foundNote(count: number): string {
  const records = count === 1 ? "a record" : `${count} records`;
  return `the answer for ${records} was lost; reading back showed that the change was carried out`;
}

function heldBack({ outcome, ids, problem }: Held): RowResult {
  const [only, second] = ids;
  return {
    outcome,
    problem,
    ...(only && !second && outcome === "exists" ? { id: only } : { existing: ids }),
  };
}

/** A row held back for another row of the call stands, or falls, with that one. */
function withTwin(
  result: RowResult,
  held: Held | undefined,
  plan: WritePlan,
  known: ReadonlyMap<PlannedRow, RowResult>,
): RowResult {
  const row = held?.twin === undefined ? undefined : plan.rows[held.twin];
  const twin = row && known.get(row);
  if (!held || !twin) return result;
  if (twin.id !== undefined && twin.outcome === "created") return { ...result, id: twin.id };
  const problem = `Not sent: ${held.problem}, and that row is ${twin.outcome.replace("_", " ")}.`;
  return { outcome: "not_sent", problem };
}

async function recover(
  plan: WritePlan,
  { since, others, done }: NonNullable<CarryingOut["earlier"]>,
  reading: Reading,
  known: Map<PlannedRow, RowResult>,
): Promise<void> {
  plan.rows.forEach((row, at) => {
    const result = done.get(at);
    const problem = `by the earlier call, in ${result?.inWrite}`;
    if (result) known.set(row, { ...result, problem });
  });
  const planned = plan.rows.filter((one) => !known.has(one));
  if (planned.length === 0) return;
  const { module, schema, fields } = plan;
  const rows = planned.map((one) => one.row);
  const earlier = await findEarlier(reading, { module, schema, fields, rows, since, others });
  planned.forEach((one, at) => {
    const record = earlier[at];
    // What only resembles it matters where sending the row would make another record.
    const isCertain = record !== undefined && "found" in record;
    if (record && (isCertain || (!one.held && wouldBeNew(plan, one))))
      known.set(one, recovered(record));
  });
}

/** Whether sending a row twice makes two records. An upsert inserts what lacks a value to compare (bigin-api.md §1.6). */
function wouldBeNew({ action, checkFields = [] }: WritePlan, { row }: PlannedRow): boolean {
  if (action === "create") return true;
  return action === "upsert" && checkFields.some((name) => isEmpty(row[name]));
}

function recovered(record: NonNullable<Earlier>): RowResult {
  if ("found" in record)
    return {
      outcome: "created",
      id: record.found.id,
      after: record.found,
      modifiedTime: String(record.found["Modified_Time"]),
      problem: "by the earlier call, whose answer was lost",
    };
  return {
    outcome: "unknown",
    existing: record.similar,
    problem:
      record.similar.length > 0
        ? "created since the first try under the same name, with other values: look whether it is this one"
        : "so much was created since the first try that nobody can say whether this was",
  };
}

function send(
  plan: WritePlan,
  chunk: readonly PlannedRow[],
  { trigger, wfTrigger }: CarryingOut,
  writing: Writing,
): Promise<RowOutcome[]> {
  const rows = chunk.map((one) => one.row);
  switch (plan.action) {
    case "create":
      return writing.insert(plan.module, rows, { trigger });
    case "update":
      return writing.update(plan.module, rows, { trigger });
    case "upsert":
      return writing.upsert(plan.module, rows, { trigger, duplicateCheckFields: plan.checkFields });
    case "delete": {
      const ids = chunk.map((one) => one.id ?? "");
      return writing.delete(plan.module, ids, { wf_trigger: wfTrigger });
    }
  }
}

function resultOf(
  plan: WritePlan,
  row: PlannedRow,
  outcome: RowOutcome,
  images: Images | undefined,
): RowResult {
  if (!outcome.ok)
    return {
      outcome: outcome.state ?? "failed",
      id: row.id,
      problem: outcome.problem,
      existing: outcome.existingId ? [outcome.existingId] : undefined,
      before: row.before,
      failure: outcome.failure,
    };
  const after = images?.get(outcome.id);
  // Bigin's own word which record it was: an upsert may have found another than we did.
  const before = row.before?.id === outcome.id ? row.before : undefined;
  const kind = kindOf(plan, outcome);
  const isSame =
    kind === "updated" && before && after
      ? differenceOf(row.row, plan.fields, before, after).changed.length === 0
      : false;
  const isGone = plan.action !== "delete" && images && !after;
  return {
    outcome: isSame ? "unchanged" : kind,
    id: outcome.id,
    ...(isGone && { problem: goneProblem }),
    before,
    after,
    modifiedTime: outcome.modifiedTime,
  };
}

function kindOf(plan: WritePlan, outcome: Extract<RowOutcome, { ok: true }>): Outcome {
  switch (plan.action) {
    case "create":
      return "created";
    case "update":
      return "updated";
    case "upsert":
      return outcome.action === "insert" ? "created" : "updated";
    case "delete":
      return "deleted";
  }
}
