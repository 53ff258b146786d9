import { chunksOf, inTurn, unlessFailed, unlessRefused } from "../api/batch.ts";
import type { BiginRecord, ListParams, Page, RecordReads } from "../api/records.ts";
import {
  companiesReadByList,
  companiesReadOneByOne,
  contactsKept,
  fieldsPerRequest,
  linkedScanPages,
  recordsPerPage,
} from "../limits.ts";
import { moduleOfEngine } from "../schema/activity-links.ts";
import type { Modules } from "../schema/modules.ts";
import { idIn } from "../values.ts";

/** What Bigin deletes along with a company (docs/reference/bigin-api.md §1.7), and what it leaves without one. */
export interface CompanyContacts {
  /** The linked contacts with the fields that were asked for; at most `contactsKept`. */
  contacts: readonly BiginRecord[];
  /** How many contacts are linked; a lower bound if not `complete`. */
  count: number;
  /** False if some could not be read, so that they could not be created again. */
  complete: boolean;
  /** How many deals are linked; undefined if that cannot be read. */
  deals: number | undefined;
}

interface Parts {
  reads: RecordReads;
  modules: Pick<Modules, "findRelated">;
}

type Paging = Omit<ListParams, "cvid" | "ids">;

const unreadable: CompanyContacts = { contacts: [], count: 0, complete: false, deals: undefined };

/**
 * The contacts and deals of companies, by company id. Few companies are read through their related lists; for many, the
 * lists of all contacts and deals are read instead. Bigin's search is not used, because it lags behind, and on some
 * connections finds nothing by the id of a link.
 */
export async function contactsOfCompanies(
  parts: Parts,
  ids: readonly string[],
  fields: readonly string[],
): Promise<ReadonlyMap<string, CompanyContacts>> {
  const listed =
    ids.length > companiesReadByList ? await readLists(parts.reads, ids, fields) : undefined;
  const isWhole = listed && [...listed.values()].every(({ complete }) => complete);
  if (isWhole || ids.length > companiesReadOneByOne) return listed ?? new Map();
  const found = await inTurn(ids, (id) => readRelated(parts, id, fields));
  return new Map(ids.map((id, at) => [id, found[at] ?? unreadable]));
}

async function readRelated(
  { reads, modules }: Parts,
  id: string,
  fields: readonly string[],
): Promise<CompanyContacts> {
  const related = async (holds: string, wanted: readonly string[]) => {
    const read = (list: string) =>
      readAll((params) => reads.related("Accounts", id, list, params), wanted, contactsKept);
    const named = await modules.findRelated("Accounts", holds);
    // Where the metadata do not have a list called like the module, its usual name is tried first.
    if (named && moduleOfEngine(named) === holds) return read(named);
    const usual = await unlessRefused(read(holds), undefined);
    if (usual || !named) return usual;
    // A list by another name may hold others than those that are linked, so its zero proves nothing.
    const found = await read(named);
    return { ...found, complete: found.complete && found.records.length > 0 };
  };
  const [contacts, deals] = await Promise.all([
    unlessFailed(related("Contacts", fields), undefined),
    unlessFailed(related("Pipelines", ["id"]), undefined),
  ]);
  const linkedDeals = deals?.complete ? deals.records.length : undefined;
  if (!contacts) return { ...unreadable, deals: linkedDeals };
  return {
    contacts: contacts.records,
    count: contacts.records.length,
    complete: contacts.complete,
    deals: linkedDeals,
  };
}

/**
 * Reads a list with all fields: in several passes if they are too many for one request. Throws a failure only if nothing
 * can be read; what was read before a page that fails is incomplete.
 */
export async function readAll(
  read: (params: Paging) => Promise<Page>,
  fields: readonly string[],
  most: number,
): Promise<{ records: BiginRecord[]; complete: boolean }> {
  const records = new Map<string, BiginRecord>();
  let complete = true;
  for (const names of chunksOf([...new Set(fields)], fieldsPerRequest - 1)) {
    const asked = readPages(read, ["id", ...names], Math.ceil(most / recordsPerPage));
    const pages = await (records.size > 0 ? unlessFailed(asked, []) : asked);
    for (const one of pages.flatMap((page) => page.records))
      records.set(one.id, { ...records.get(one.id), ...one });
    complete &&= pages.at(-1)?.more === false;
  }
  const all = [...records.values()];
  return { records: all.slice(0, most), complete: complete && all.length <= most };
}

async function readPages(
  read: (params: Paging) => Promise<Page>,
  fields: readonly string[],
  most: number,
): Promise<Page[]> {
  const pages: Page[] = [];
  let last: Page | undefined;
  do {
    const token = last?.nextPageToken;
    const place = token ? { page_token: token } : { page: pages.length + 1 };
    const asked = read({ fields, per_page: recordsPerPage, ...place });
    last = await (last ? unlessFailed(asked, undefined) : asked);
    if (last) pages.push(last);
  } while (last?.more && pages.length < most);
  return pages;
}

async function readLists(
  reads: RecordReads,
  ids: readonly string[],
  fields: readonly string[],
): Promise<ReadonlyMap<string, CompanyContacts>> {
  const wanted = ["Account_Name", ...fields];
  const most = linkedScanPages * recordsPerPage;
  const scan = async (module: string, names: readonly string[]) => {
    const asked = readAll((params) => reads.list(module, params), names, most);
    const found = await unlessFailed(asked, undefined);
    // Where no record shows the field, it is hidden from this user: the links are not known.
    const isHidden = !found?.records.some((record) => record["Account_Name"] !== undefined);
    return (
      found && { ...found, complete: found.complete && !(isHidden && found.records.length > 0) }
    );
  };
  const [contacts, deals] = await Promise.all([
    scan("Contacts", wanted),
    scan("Pipelines", ["Account_Name"]),
  ]);
  const linkedTo = (id: string) => (record: BiginRecord) => idIn(record["Account_Name"]) === id;
  const ofCompany = (id: string): CompanyContacts => {
    const linked = contacts?.records.filter(linkedTo(id)) ?? [];
    return {
      contacts: linked.slice(0, contactsKept),
      count: linked.length,
      complete: (contacts?.complete ?? false) && linked.length <= contactsKept,
      deals: deals?.complete ? deals.records.filter(linkedTo(id)).length : undefined,
    };
  };
  return new Map(ids.map((id) => [id, ofCompany(id)]));
}

/** The name of a contact, or its id. */
export function contactName(contact: BiginRecord): string {
  const name = contact["Full_Name"] ?? contact["Last_Name"];
  return typeof name === "string" && name !== "" ? name : contact.id;
}
