import { Failure } from "../../shared/failure.ts";
import { unlessFailed } from "../api/batch.ts";
import type { BiginRecord, RecordReads, RecordWrites, Row } from "../api/records.ts";
import { type RowResponse, responsesToFailure } from "../api/rows.ts";
import { linkedScanPages, recordsOneByOne, recordsPerPage } from "../limits.ts";
import type { Field } from "../schema/fields.ts";
import type { Modules } from "../schema/modules.ts";
import { idIn } from "../values.ts";
import { inChunks, type Sending } from "../write/chunks.ts";
import {
  type CompanyContacts,
  contactName,
  contactsOfCompanies,
  readAll,
} from "../write/company-contacts.ts";
import { differenceOf, wasCarriedOut } from "../write/compare.ts";
import { oneByOne, readSnapshots, type Snapshots } from "../write/snapshots.ts";
import { restoringRow } from "./restoring-row.ts";

/** What became of a contact of a company that was created again. */
export interface UndoneContact {
  /** The id it had. */
  id: string;
  name: string;
  outcome: "created" | "linked" | "failed" | "unknown";
  newId?: string;
  modifiedTime?: string | undefined;
  problem?: string;
  /** Names of the fields that did not get their old value back. */
  lost: string[];
}

/** A company that exists again, and the contacts that it had. */
export interface CompanyAgain {
  /** The id it had. */
  was: string;
  id: string;
  contacts: readonly BiginRecord[];
  /** Those that existed when the undo was planned. */
  left: Snapshots;
}

interface Parts {
  reads: RecordReads;
  writes: RecordWrites;
  modules: Pick<Modules, "findRelated">;
}

interface Wanted {
  contact: BiginRecord;
  company: CompanyAgain;
  row: Row;
}

/**
 * Creates the contacts of companies again, linked to the new records of their companies. A contact that somebody restored
 * meanwhile is only linked again. Returns what became of each, by the contact's old id.
 */
export async function createContactsAgain(
  companies: readonly CompanyAgain[],
  fields: ReadonlyMap<string, Field>,
  sending: Sending,
  parts: Parts,
): Promise<{ contacts: ReadonlyMap<string, UndoneContact>; note?: string | undefined }> {
  const wanted = companies.flatMap((company) =>
    company.contacts.map((contact) => ({ contact, company, row: rowOf(contact, company, fields) })),
  );
  if (wanted.length === 0) return { contacts: new Map() };
  const ids = wanted.map(({ contact }) => contact.id);
  // Planning has looked for them too, but a user may have thought about the question for a while.
  const present =
    (await unlessFailed(presentContacts(parts.reads, ids), undefined)) ??
    new Map(companies.flatMap(({ left }) => [...left]));
  const linked = await linkAgain(wanted, present, sending, parts.writes);
  const missing = wanted.filter(({ contact }) => !present.has(contact.id));
  const responses = await sent(missing, sending, (rows) => parts.writes.insert("Contacts", rows));
  const { found, note } = await contactsNow(companies, fields, sending, parts);
  const created = confirmed(missing, responses, fields, found);
  return { contacts: new Map([...linked, ...created].map((one) => [one.id, one])), note };
}

/** Contacts of deleted companies that exist nevertheless: they must not be made twice. */
export async function presentContacts(
  reads: RecordReads,
  ids: readonly string[],
): Promise<Snapshots> {
  if (ids.length === 0) return new Map();
  const fields = ["Account_Name"];
  const found = await readSnapshots(reads, "Contacts", ids, fields);
  if (found) return found;
  if (ids.length > recordsOneByOne) {
    // Where lists of ids do not work, the list of all contacts takes fewer requests than reading each.
    const read = (params: Parameters<RecordReads["list"]>[1]) => reads.list("Contacts", params);
    const all = await readAll(read, fields, linkedScanPages * recordsPerPage);
    if (all.complete) return new Map(all.records.map((record) => [record.id, record]));
  }
  return oneByOne(reads, "Contacts", ids, fields);
}

/** Contacts of a company that have all values of these: an earlier undo created them, but its response was lost. */
export function withoutPresent(
  contacts: readonly BiginRecord[],
  fields: ReadonlyMap<string, Field>,
  now: CompanyContacts | undefined,
): BiginRecord[] {
  const free = [...(now?.contacts ?? [])];
  return contacts.filter((contact) => {
    const { Account_Name: _link, ...row } = restoringRow(contact, fields);
    const at = free.findIndex((one) => wasCarriedOut({ row, isDelete: false, fields }, one));
    if (at !== -1) free.splice(at, 1);
    return at === -1;
  });
}

function rowOf(
  contact: BiginRecord,
  { id }: CompanyAgain,
  fields: ReadonlyMap<string, Field>,
): Row {
  return { ...restoringRow(contact, fields), Account_Name: { id } };
}

async function linkAgain(
  wanted: readonly Wanted[],
  present: Snapshots,
  sending: Sending,
  writes: RecordWrites,
): Promise<UndoneContact[]> {
  const left = wanted.filter(({ contact }) => present.has(contact.id));
  const isLoose = ({ contact, company }: Wanted) => {
    const link = idIn(present.get(contact.id)?.["Account_Name"]);
    return link === undefined || link === company.was;
  };
  const loose = left.filter(isLoose).map(({ contact, company, ...rest }) => ({
    ...rest,
    contact,
    company,
    row: { id: contact.id, Account_Name: { id: company.id } },
  }));
  const responses = await sent(loose, sending, (rows) => writes.update("Contacts", rows));
  const byId = new Map(loose.map(({ contact }, at) => [contact.id, responses[at]]));
  return left.map(({ contact }) => {
    const about = { id: contact.id, name: contactName(contact), lost: [] };
    const response = byId.get(contact.id);
    if (!response) return { ...about, outcome: "linked" as const };
    if (response.ok)
      return { ...about, outcome: "linked" as const, modifiedTime: response.modifiedTime };
    return {
      ...about,
      outcome: response.state === "unknown" ? "unknown" : "failed",
      problem: response.problem,
    };
  });
}

/** Sends rows. A failure becomes the response for each, because the companies exist by now. */
async function sent(
  wanted: readonly Wanted[],
  { signal, onSent }: Sending,
  send: (rows: readonly Row[]) => Promise<RowResponse[]>,
): Promise<RowResponse[]> {
  const rows = wanted.map(({ row }) => row);
  const sending = { signal, stopOnError: false, ...(onSent && { onSent }) };
  return inChunks([rows], send, sending).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    return responsesToFailure(error, rows.length);
  });
}

async function contactsNow(
  companies: readonly CompanyAgain[],
  fields: ReadonlyMap<string, Field>,
  { signal }: Sending,
  { reads, modules }: Parts,
): Promise<{ found?: ReadonlyMap<string, CompanyContacts>; note?: string }> {
  if (signal.aborted) return { note: "the contacts were not read back: the call had ended" };
  const ids = companies.map(({ id }) => id);
  const names = [...fields.keys(), "Modified_Time"];
  const found = await unlessFailed(contactsOfCompanies({ reads, modules }, ids, names), undefined);
  if (found && [...found.values()].every(({ complete }) => complete)) return { found };
  return {
    ...(found && { found }),
    note: "not all contacts could be read back: check them before you rely on this",
  };
}

/** What became of each contact, by its response and by the contacts that the companies have now. */
function confirmed(
  wanted: readonly Wanted[],
  responses: readonly RowResponse[],
  fields: ReadonlyMap<string, Field>,
  found: ReadonlyMap<string, CompanyContacts> | undefined,
): UndoneContact[] {
  const made = new Set(responses.flatMap((one) => (one.ok ? [one.id] : [])));
  return wanted.map(({ contact, company, row }, at): UndoneContact => {
    const response = responses[at];
    const now = found?.get(company.id);
    const about = { id: contact.id, name: contactName(contact), lost: [] };
    if (response?.ok) return { ...about, ...createdContact(row, response, fields, now) };
    const { problem = "not sent", state = "failed" } = response ?? {};
    if (state !== "unknown") return { ...about, outcome: "failed", problem };
    const lost = now?.contacts.find(
      (one) => !made.has(one.id) && wasCarriedOut({ row, isDelete: false, fields }, one),
    );
    if (!lost) return { ...about, outcome: now?.complete ? "failed" : "unknown", problem };
    made.add(lost.id);
    const modifiedTime = String(lost["Modified_Time"]);
    return { ...about, outcome: "created", newId: lost.id, modifiedTime };
  });
}

/** A contact that Bigin reported as created. */
function createdContact(
  row: Row,
  response: Extract<RowResponse, { ok: true }>,
  fields: ReadonlyMap<string, Field>,
  now: CompanyContacts | undefined,
): Omit<UndoneContact, "id" | "name"> {
  const { id: newId, modifiedTime } = response;
  const after = now?.contacts.find(({ id }) => id === newId);
  if (after) {
    const { altered, notTaken } = differenceOf(row, fields, undefined, after);
    const names = [...altered, ...notTaken].map(({ field }) => field.apiName);
    const time = String(after["Modified_Time"]);
    return { outcome: "created", newId, modifiedTime: time, lost: names };
  }
  if (!now?.complete) return { outcome: "created", newId, modifiedTime, lost: [] };
  const problem = "Bigin reported success, but the contact is not there";
  return { outcome: "failed", problem, lost: [] };
}

/** Whether a contact exists and is linked. */
export function isBack(outcome: UndoneContact["outcome"]): boolean {
  return outcome === "created" || outcome === "linked";
}

/** A contact whose company does not exist. */
export function notCreated(contact: BiginRecord): UndoneContact {
  const problem = "its company was not created again";
  return { id: contact.id, name: contactName(contact), outcome: "failed", problem, lost: [] };
}
