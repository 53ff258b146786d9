import { Failure } from "../../shared/failure.ts";
import { unlessFailed } from "../api/batch.ts";
import type { BiginRecord, RecordReads, RecordWrites } from "../api/records.ts";
import { type RowResponse, responsesToFailure } from "../api/rows.ts";
import type { Modules } from "../schema/modules.ts";
import { inChunks, type Sending } from "../write/chunks.ts";
import { differenceOf, wasCarriedOut } from "../write/compare.ts";
import { findLostInserts } from "../write/lost-insert.ts";
import { deleteDisproved } from "../write/read-back.ts";
import { lookForDeleted, type ReadBack, readAgain, type Snapshots } from "../write/snapshots.ts";
import { createContactsAgain, isBack, notCreated, type UndoneContact } from "./contacts.ts";
import type { Reverse, UndoPlan, UndoRow } from "./plan.ts";

/** What happened to one record. */
export interface UndoneRow {
  /** The place of the row in the write, from 0. */
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
  /** Names of the fields that did not get their old value back. */
  lost: string[];
  /** For a company: what became of the contacts that it had. */
  contacts?: readonly UndoneContact[];
}

/** What an undo did, row by row. */
export interface Undone {
  rows: UndoneRow[];
  /** Why it is not known whether the old values are back. */
  notes: string[];
}

/**
 * Carries out the plan, one kind of change after the other, and reads the records back. Throws a failure only if
 * nothing can have been written; a later failure becomes the outcome of its rows.
 */
export async function undo(
  plan: UndoPlan,
  sending: Sending,
  parts: { reads: RecordReads; writes: RecordWrites; modules: Pick<Modules, "findRelated"> },
): Promise<Undone> {
  const { reads, writes } = parts;
  const since = Date.now();
  const done: UndoneRow[] = plan.rows.flatMap(companyAgain);
  let stopped: Failure | undefined;
  for (const reverse of ["restore", "create_again", "delete"] as const) {
    const rows = plan.rows.filter((row) => row.reverse === reverse);
    if (rows.length === 0) continue;
    const answered: RowResponse[] = stopped
      ? responsesToFailure(stopped, rows.length)
      : await inChunks([rows], (chunk) => send(plan.module, reverse, chunk, writes), sending).catch(
          (error: unknown) => {
            if (!(error instanceof Failure) || done.length === 0) throw error;
            return responsesToFailure(error, rows.length);
          },
        );
    stopped ??= failureIn(answered);
    const responses =
      reverse === "create_again" ? await lostFound(plan, rows, answered, since, reads) : answered;
    done.push(...rows.flatMap((row, index) => undoneRow(row, responses[index])));
  }
  const { rows, note } = await checked(plan, done, sending, reads);
  const whole = await withContacts(plan, rows, sending, parts);
  const notes = [note, whole.note].filter((one) => one !== undefined);
  return { rows: whole.rows.toSorted((a, b) => a.at - b.at), notes };
}

function companyAgain({ at, id, reverse, company }: UndoRow): UndoneRow | [] {
  return company ? { at, id, reverse, outcome: "done", newId: company, lost: [] } : [];
}

/** Looks for records whose insert got no response. */
async function lostFound(
  plan: UndoPlan,
  rows: readonly UndoRow[],
  responses: readonly RowResponse[],
  since: number,
  reads: RecordReads,
): Promise<RowResponse[]> {
  const isLost = (response: RowResponse | undefined) =>
    response?.ok === false && response.state === "unknown";
  const lost = rows.filter((_, at) => isLost(responses[at])).map(({ row }) => row);
  if (lost.length === 0) return [...responses];
  const { module, schema, fields } = plan;
  const others = new Set(responses.flatMap((response) => (response.ok ? [response.id] : [])));
  const looked = findLostInserts(reads, { module, schema, fields, rows: lost, since, others });
  const found = await unlessFailed(looked, []);
  return responses.map((response): RowResponse => {
    const insert = isLost(response) ? found.shift() : undefined;
    return insert && "found" in insert ? { ok: true, id: insert.found.id } : response;
  });
}

/** Adds to each company what became of its contacts: those of companies that exist again are created again. */
async function withContacts(
  plan: UndoPlan,
  rows: readonly UndoneRow[],
  sending: Sending,
  parts: { reads: RecordReads; writes: RecordWrites; modules: Pick<Modules, "findRelated"> },
): Promise<{ rows: UndoneRow[]; note?: string | undefined }> {
  const rowOf = ({ at }: UndoneRow) => plan.rows.find((row) => row.at === at);
  const planned = (row: UndoneRow) => rowOf(row)?.contacts ?? [];
  const companies = rows.flatMap((row) => {
    const left = rowOf(row)?.contactsLeft ?? new Map();
    return row.newId ? [{ was: row.id, id: row.newId, contacts: planned(row), left }] : [];
  });
  const fields = plan.contactFields ?? new Map();
  const { contacts, note } = await createContactsAgain(companies, fields, sending, parts);
  return {
    rows: rows.map((row) => {
      const ours = planned(row).map((one) => contacts.get(one.id) ?? notCreated(one));
      if (ours.length === 0) return row;
      const isDone = row.reverse !== "create_contacts" || ours.some((one) => isBack(one.outcome));
      return { ...row, contacts: ours, ...(!isDone && { outcome: "failed" as const }) };
    }),
    note,
  };
}

/** The failure of a whole request, if there was one. Nothing more is sent after it. */
function failureIn(responses: readonly RowResponse[]): Failure | undefined {
  const failed = responses.find((one) => !one.ok && one.failure);
  if (!failed || failed.ok || !failed.failure) return undefined;
  return new Failure({ ...failed.failure.facts, mayHaveHappened: false });
}

function send(
  module: string,
  reverse: Reverse,
  chunk: readonly UndoRow[],
  writes: RecordWrites,
): Promise<RowResponse[]> {
  switch (reverse) {
    case "create_contacts":
      return Promise.resolve([]);
    case "restore":
      return writes.update(
        module,
        chunk.map(({ id, row }) => ({ ...row, id })),
      );
    case "create_again":
      return writes.insert(
        module,
        chunk.map(({ row }) => row),
      );
    case "delete":
      return writes.delete(
        module,
        chunk.map(({ id }) => id),
      );
  }
}

function undoneRow(
  { at, id, reverse }: UndoRow,
  response: RowResponse | undefined,
): UndoneRow | [] {
  if (!response) return [];
  const about = { at, id, reverse, lost: [] };
  if (!response.ok)
    return { ...about, outcome: response.state ?? "failed", problem: response.problem };
  const newId = reverse === "create_again" ? { newId: response.id } : {};
  return { ...about, outcome: "done", ...newId, modifiedTime: response.modifiedTime };
}

/** Corrects the rows by the records that were read back. The note says why they could not be read. */
async function checked(
  plan: UndoPlan,
  rows: readonly UndoneRow[],
  { signal }: Sending,
  reads: RecordReads,
): Promise<{ rows: UndoneRow[]; note?: string | undefined }> {
  const looked = rows.filter(isChecked);
  if (looked.length === 0) return { rows: [...rows] };
  if (signal.aborted) return { rows: [...rows], note: "not read back: the call had ended" };
  const removed = looked.filter(({ reverse }) => reverse === "delete");
  const back = looked.filter(({ reverse }) => reverse !== "delete");
  const { module, fields } = plan;
  const sent = plan.rows.map(({ row }) => row);
  const readBacks = [
    await readRows(back, (ids) => readAgain(reads, { module, fields, rows: sent }, [ids])),
    await readRows(removed, (ids) => lookForDeleted(reads, module, [ids])),
  ];
  const [ofBack, ofRemoved] = readBacks;
  return {
    rows: rows.map((row) => {
      const snapshots = (row.reverse === "delete" ? ofRemoved : ofBack)?.snapshots;
      return snapshots && isChecked(row) ? confirmed(row, plan, snapshots) : row;
    }),
    note: readBacks.map(({ note }) => note).find(Boolean),
  };
}

/** A record that may have been created again cannot be read, because its id is not known. */
function isChecked(row: UndoneRow): boolean {
  if (row.reverse === "create_contacts") return false;
  return row.outcome === "done" || (row.outcome === "unknown" && row.reverse !== "create_again");
}

async function readRows(
  rows: readonly UndoneRow[],
  read: (ids: string[]) => Promise<ReadBack>,
): Promise<ReadBack> {
  return rows.length === 0 ? {} : read(rows.map(({ newId, id }) => newId ?? id));
}

/** Corrects a row by its record. */
function confirmed(row: UndoneRow, plan: UndoPlan, snapshots: Snapshots): UndoneRow {
  if (row.outcome === "unknown") return confirmedUnknown(row, plan, snapshots);
  if (row.reverse !== "delete") return withLosses(row, plan, snapshots);
  const disproved = deleteDisproved(row.id, snapshots);
  return disproved ? { ...row, outcome: "unknown", problem: disproved.problem } : row;
}

function confirmedUnknown(row: UndoneRow, plan: UndoPlan, snapshots: Snapshots): UndoneRow {
  const sent = plan.rows.find((one) => one.at === row.at)?.row ?? {};
  const change = { row: sent, isDelete: row.reverse === "delete", fields: plan.fields };
  if (!wasCarriedOut(change, snapshots.get(row.id))) return row;
  const problem = "the response was lost; reading back showed that the change was carried out";
  return { ...row, outcome: "done", problem };
}

function withLosses(row: UndoneRow, plan: UndoPlan, snapshots: Snapshots): UndoneRow {
  const sent = plan.rows.find((one) => one.at === row.at)?.row;
  const after = snapshots.get(row.newId ?? row.id);
  if (!sent || !after) return row;
  const { altered, notTaken } = differenceOf(sent, plan.fields, undefined, after);
  return {
    ...row,
    after,
    modifiedTime: String(after["Modified_Time"]),
    lost: [...altered, ...notTaken].map(({ field }) => field.apiName),
  };
}
