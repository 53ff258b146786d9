import type { RecordReads, RecordWrites } from "../api/records.ts";
import type { RowResponse } from "../api/rows.ts";
import { isEmpty } from "../values.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { differenceOf } from "./compare.ts";
import { findLostInserts, type LostInsert } from "./lost-insert.ts";
import type { HeldRow, Outcome, PlannedRow, RowResult, WritePlan } from "./plan.ts";
import { confirmed, type Relinked, readBack, relink } from "./read-back.ts";
import { lookForDeleted, type Snapshots } from "./snapshots.ts";

/** This may not be a failure: the record can be hidden from this user, for example because it has another owner now. */
const vanishedProblem =
  "Bigin reported success, but the record was not found when it was read back: check it before you rely on it";

type Done = [row: PlannedRow, result: RowResult];

/** What a write did, row by row. */
export interface CarriedOut {
  results: RowResult[];
  /** Sentences about the whole write. */
  notes: string[];
  /** True if activities turned out to be linked by other names than those of the schema. */
  otherLinks?: boolean;
}

/** An earlier attempt of the same call, whose response was lost. */
interface EarlierInsert {
  /** When it began, in milliseconds since the epoch. */
  since: number;
  /** Ids of records that other calls created. */
  others: ReadonlySet<string>;
}

/** How a plan is carried out. */
export interface CarryingOut extends Sending {
  trigger?: readonly string[] | undefined;
  /** For a delete: false runs no workflows. */
  wfTrigger?: boolean | undefined;
  /** Set for a retry. The records of the first attempt are then looked for before any row is sent. */
  earlier?: EarlierInsert | undefined;
}

/**
 * Sends a plan, a hundred rows per request, and reads the records back. Throws a failure only if nothing can have been
 * written; a later failure becomes the outcome of its rows.
 */
export async function carryOut(
  plan: WritePlan,
  how: CarryingOut,
  { reads, writes }: { reads: RecordReads; writes: RecordWrites },
): Promise<CarriedOut> {
  const held = plan.rows.flatMap((row): Done[] => (row.held ? [[row, heldBack(row.held)]] : []));
  const recovered = how.earlier ? await recover(plan, how.earlier, reads) : [];
  const known = plan.rows.flatMap((row): Done[] => (row.result ? [[row, row.result]] : []));
  // Later entries win: a row that is done already is not held back.
  const notSent = new Map([...held, ...recovered, ...known]);
  const open = plan.rows.filter((row) => !notSent.has(row));
  // One request either upserts or updates by id.
  const parts = [open.filter((row) => !row.byId), open.filter((row) => row.byId)];
  const rows = parts.flat();
  const responses = await inChunks(parts, (chunk) => send(plan, chunk, how, writes), how);
  const read = await readBack(plan, { rows, responses }, how.signal, reads);
  const { note } = read;
  const linked = await relink(plan, { rows, responses }, read.snapshots, how, { reads, writes });
  const { snapshots } = linked;
  const checked = responses
    .map((one) => afterLinking(one, linked))
    .map((one, at) => confirmed(plan, rows[at], one, snapshots));
  const sent = rows.flatMap((row, at): Done[] => {
    const response = checked[at];
    return response ? [[row, resultOf(plan, row, response, snapshots)]] : [];
  });
  const along = await checkAlong(plan, sent, how.signal, reads);
  const results = new Map([...notSent, ...along.sent]);
  const found = checked.filter((response, at) => response.ok && !responses[at]?.ok).length;
  return {
    results: plan.rows.flatMap((row) => {
      const result = results.get(row);
      return result ? withEarlierRow(result, row.held, plan, results) : [];
    }),
    notes: [
      ...plan.notes,
      ...(note ? [note] : []),
      ...(found > 0 ? [foundNote(found)] : []),
      ...along.notes,
      ...(linked.ids.size > 0 ? [linkedNote(linked.ids.size)] : []),
    ],
    ...(linked.ids.size > 0 && { otherLinks: true }),
  };
}

/** Adds to each deleted company the contacts that were deleted with it. One that is still there is not among them. */
async function checkAlong(
  plan: WritePlan,
  sent: readonly Done[],
  signal: AbortSignal,
  reads: RecordReads,
): Promise<{ sent: readonly Done[]; notes: string[] }> {
  const isGone = ({ outcome }: RowResult) => outcome === "deleted" || outcome === "unknown";
  const alongOf = ({ id }: PlannedRow) => plan.along?.get(id ?? "");
  const ids = sent.flatMap(([row, result]) =>
    isGone(result) ? (alongOf(row)?.contacts ?? []).map((contact) => contact.id) : [],
  );
  if (ids.length === 0) return { sent, notes: [] };
  const { snapshots, note } = signal.aborted
    ? { snapshots: undefined, note: "not read back: the time was up" }
    : await lookForDeleted(reads, "Contacts", [ids]);
  const withAlong = ([row, result]: Done): Done => {
    const along = alongOf(row);
    if (!along || !isGone(result)) return [row, result];
    const contacts = along.contacts.filter(({ id }) => !snapshots?.has(id));
    return [row, { ...result, along: { ...along, contacts, count: contacts.length } }];
  };
  return {
    sent: sent.map(withAlong),
    notes: note ? [`whether the contacts were deleted too was ${note}`] : [],
  };
}

/** A record that was linked by an update of its own has the time of that update. */
function afterLinking(response: RowResponse, { ids, snapshots }: Relinked): RowResponse {
  if (!response.ok || !ids.has(response.id)) return response;
  return { ...response, modifiedTime: String(snapshots?.get(response.id)?.["Modified_Time"]) };
}

function linkedNote(count: number): string {
  const records = count === 1 ? "a record" : `${count} records`;
  return `the links of ${records} were written under the names that this Bigin has for them`;
}

function foundNote(count: number): string {
  const records = count === 1 ? "a record" : `${count} records`;
  return `the response for ${records} was lost; reading back showed that the change was carried out`;
}

function heldBack({ outcome, ids, problem }: HeldRow): RowResult {
  const [only, second] = ids;
  return {
    outcome,
    problem,
    ...(only && !second && outcome === "exists" ? { id: only } : { existing: ids }),
  };
}

/**
 * A row held back because of an earlier row of the call gets the id of that row's record, or the outcome "not_sent" if
 * that row created none.
 */
function withEarlierRow(
  result: RowResult,
  held: HeldRow | undefined,
  plan: WritePlan,
  results: ReadonlyMap<PlannedRow, RowResult>,
): RowResult {
  const row = held?.earlierRow === undefined ? undefined : plan.rows[held.earlierRow];
  const earlier = row && results.get(row);
  if (!held || !earlier) return result;
  if (earlier.id !== undefined && earlier.outcome === "created")
    return { ...result, id: earlier.id };
  const outcome = earlier.outcome.replace("_", " ");
  const problem = `Not sent: ${held.problem}, and that row is ${outcome}.`;
  return { outcome: "not_sent", problem };
}

/** The rows that an earlier attempt inserted, or may have inserted, so that they are not sent again. */
async function recover(
  plan: WritePlan,
  { since, others }: EarlierInsert,
  reads: RecordReads,
): Promise<Done[]> {
  const open = plan.rows.filter((row) => !row.result);
  if (open.length === 0) return [];
  const { module, schema, fields } = plan;
  const rows = open.map((one) => one.row);
  const lost = await findLostInserts(reads, { module, schema, fields, rows, since, others });
  return open.flatMap((row, at): Done[] => {
    const insert = lost[at];
    if (!insert) return [];
    // A similar record matters only if sending the row would create another one.
    const matters = "found" in insert || (!row.held && wouldInsert(plan, row));
    return matters ? [[row, resultOfLost(insert)]] : [];
  });
}

/**
 * Whether sending a row creates a record. An upsert inserts a row that lacks a value to compare
 * (docs/reference/bigin-api.md §1.6).
 */
function wouldInsert({ action, checkFields = [] }: WritePlan, { row }: PlannedRow): boolean {
  if (action === "create") return true;
  return action === "upsert" && checkFields.some((name) => isEmpty(row[name]));
}

function resultOfLost(insert: NonNullable<LostInsert>): RowResult {
  if ("found" in insert)
    return {
      outcome: "created",
      id: insert.found.id,
      after: insert.found,
      modifiedTime: String(insert.found["Modified_Time"]),
      problem: "by the earlier call, whose response was lost",
    };
  return {
    outcome: "unknown",
    existing: insert.similar,
    problem:
      insert.similar.length > 0
        ? "a record with this name and other values was created since the first attempt: check whether it is this one"
        : "too many records were created since the first attempt to tell whether this one was",
  };
}

function send(
  plan: WritePlan,
  chunk: readonly PlannedRow[],
  { trigger, wfTrigger }: CarryingOut,
  writes: RecordWrites,
): Promise<RowResponse[]> {
  const rows = chunk.map((one) => one.row);
  switch (plan.action) {
    case "create":
      return writes.insert(plan.module, rows, { trigger });
    case "update":
      return writes.update(plan.module, rows, { trigger });
    case "upsert":
      if (chunk[0]?.byId) {
        const byId = chunk.map(({ row, id }) => ({ ...row, id }));
        return writes.update(plan.module, byId, { trigger });
      }
      return writes.upsert(plan.module, rows, { trigger, duplicateCheckFields: plan.checkFields });
    case "delete": {
      const ids = chunk.map((one) => one.id ?? "");
      return writes.delete(plan.module, ids, { wf_trigger: wfTrigger });
    }
  }
}

function resultOf(
  plan: WritePlan,
  row: PlannedRow,
  response: RowResponse,
  snapshots: Snapshots | undefined,
): RowResult {
  if (!response.ok)
    return {
      outcome: response.state ?? "failed",
      id: row.id,
      problem: response.problem,
      code: response.code,
      existing: response.existingId ? [response.existingId] : undefined,
      before: row.before,
      failure: response.failure,
    };
  const after = snapshots?.get(response.id);
  // An upsert may have changed a different record than the one the plan found.
  const before = row.before?.id === response.id ? row.before : undefined;
  const outcome = outcomeOf(plan, row, response);
  const isSame =
    outcome === "updated" && before && after
      ? differenceOf(row.row, plan.fields, before, after).changed.length === 0
      : false;
  const vanished = plan.action !== "delete" && snapshots !== undefined && !after;
  return {
    outcome: isSame ? "unchanged" : outcome,
    id: response.id,
    ...(vanished && { vanished, problem: vanishedProblem }),
    before,
    after,
    modifiedTime: response.modifiedTime,
  };
}

function outcomeOf(
  plan: WritePlan,
  row: PlannedRow,
  response: Extract<RowResponse, { ok: true }>,
): Outcome {
  switch (plan.action) {
    case "create":
      return "created";
    case "update":
      return "updated";
    case "upsert":
      if (response.action !== undefined)
        return response.action === "insert" ? "created" : "updated";
      return row.id === response.id ? "updated" : "created";
    case "delete":
      return "deleted";
  }
}
