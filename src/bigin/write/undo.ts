import { Failure } from "../../shared/failure.ts";
import type { BiginRecord, RecordReads, RecordWrites, Row } from "../api/records.ts";
import { type RowResponse, responsesToFailure } from "../api/rows.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { differenceOf, wasCarriedOut } from "./compare.ts";
import { type Reverse, restoringRow, type UndoPlan, type UndoRow } from "./plan-undo.ts";
import { deleteDisproved } from "./read-back.ts";
import { lookForDeleted, type ReadBack, readAgain, type Snapshots } from "./snapshots.ts";

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
  /** For a company: its contacts, each created again or not. */
  contacts?: readonly UndoneContact[];
}

interface UndoneContact {
  /** The id it had. */
  id: string;
  newId?: string;
  modifiedTime?: string | undefined;
  problem?: string;
}

/** What an undo did, row by row. */
export interface Undone {
  rows: UndoneRow[];
  /** Why it is not known whether the old values are back. */
  note?: string | undefined;
}

/**
 * Carries out the plan, one kind of change after the other, and reads the records back. Throws a failure only if
 * nothing can have been written; a later failure becomes the outcome of its rows.
 */
export async function undo(
  plan: UndoPlan,
  sending: Sending,
  { reads, writes }: { reads: RecordReads; writes: RecordWrites },
): Promise<Undone> {
  const done: UndoneRow[] = [];
  let stopped: Failure | undefined;
  for (const reverse of ["restore", "create_again", "delete"] as const) {
    const rows = plan.rows.filter((row) => row.reverse === reverse);
    if (rows.length === 0) continue;
    const responses: RowResponse[] = stopped
      ? responsesToFailure(stopped, rows.length)
      : await inChunks(rows, (chunk) => send(plan.module, reverse, chunk, writes), sending).catch(
          (error: unknown) => {
            if (!(error instanceof Failure) || done.length === 0) throw error;
            return responsesToFailure(error, rows.length);
          },
        );
    stopped ??= failureIn(responses);
    done.push(...rows.flatMap((row, index) => undoneRow(row, responses[index])));
  }
  const whole = await withContacts(plan, done, sending, writes);
  const { rows, note } = await checked(plan, whole, sending, reads);
  return { rows: rows.toSorted((a, b) => a.at - b.at), note };
}

/** Creates the contacts of companies again, linked to the new records of their companies. */
async function withContacts(
  plan: UndoPlan,
  done: readonly UndoneRow[],
  sending: Sending,
  writes: RecordWrites,
): Promise<UndoneRow[]> {
  const { contactFields } = plan;
  const contactsOf = ({ at }: UndoneRow) => plan.rows.find((row) => row.at === at)?.contacts ?? [];
  const rows = done.flatMap(({ newId, ...company }) =>
    contactFields && newId
      ? contactsOf(company).map((contact) => {
          const row: Row = restoringRow(contact, contactFields);
          return { at: company.at, id: contact.id, row: { ...row, Account_Name: { id: newId } } };
        })
      : [],
  );
  if (rows.length === 0) return [...done];
  const responses = await inChunks(
    rows,
    (chunk) =>
      writes.insert(
        "Contacts",
        chunk.map(({ row }) => row),
      ),
    sending,
  ).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    return responsesToFailure(error, rows.length);
  });
  return done.map((company) => {
    const contacts = rows.flatMap(({ at, id }, index) =>
      at === company.at ? [undoneContact(id, responses[index])] : [],
    );
    return contacts.length > 0 ? { ...company, contacts } : company;
  });
}

function undoneContact(id: string, response: RowResponse | undefined): UndoneContact {
  if (!response?.ok) return { id, problem: response?.problem ?? "not sent" };
  return { id, newId: response.id, modifiedTime: response.modifiedTime };
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
): Promise<Undone> {
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
  const { altered } = differenceOf(sent, plan.fields, undefined, after);
  return {
    ...row,
    after,
    modifiedTime: String(after["Modified_Time"]),
    lost: altered.map(({ field }) => field.apiName),
  };
}
