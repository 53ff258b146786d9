import { compareDecimals, type Decimal, decimalIn, textOfDecimal } from "../../shared/decimal.ts";
import { badArguments } from "../../shared/failure.ts";
import { unlessFailed, unlessRefused } from "../api/batch.ts";
import type { BiginRecord, RecordReads, Selector } from "../api/records.ts";
import { type Kind, kindOf } from "../field-types.ts";
import {
  fieldsPerRequest,
  hitsPerSearch,
  recordsByPageNumber,
  recordsPerPage,
  recordsPerSearch,
} from "../limits.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { comparable, isEmpty } from "../values.ts";
import { criteriaOf } from "./criteria.ts";
import { type Condition, conditionsOf, type Tree } from "./filters.ts";
import { matches } from "./match.ts";
import { phoneIn } from "./phones.ts";
import { fits, readRecent, selectableFields, type ValueSelector } from "./recently-written.ts";

/** A page of Bigin's list, by its number or by a token. */
export interface ListPlace {
  page: number;
  token?: string | undefined;
}

/** What to find, and where to read. */
export interface Query {
  module: string;
  /** The fields the caller wants. Those of the conditions are read too. */
  fields: readonly string[];
  tree?: Tree | undefined;
  /** An e-mail address, phone number or word instead of conditions. */
  selector?: ValueSelector | undefined;
  sort?: { field: Field; descending: boolean } | undefined;
  /** Where reading continues: `next` of an earlier result of the same query. */
  from?: ListPlace | undefined;
  /** Records to read from the list, at most; `recordsPerSearch` by default. */
  readAtMost?: number;
  /** When reading must end, in milliseconds of `performance.now()`. What was found by then is returned. */
  until: number;
  zone: string;
  /** Ids that this account wrote within the last minute: the search index may not have them yet. */
  recent: ReadonlySet<string>;
  /** Loads the schema of the module, which says which fields a selector searches. */
  schema(): Promise<Schema>;
  /** Whether Bigin's search finds records by the id of a link; undefined if that cannot be found out now. */
  linksWork(): Promise<boolean | undefined>;
  /** Called with the number of records read so far. */
  onRead?(read: number): void;
}

/** The records that match a query. */
export interface Found {
  records: BiginRecord[];
  /** How many records were read to find them. */
  read: number;
  /** False if reading ended before the end of the module, so that matches may be missing. */
  complete: boolean;
  /** Where reading can continue, for the other matches; undefined if it ended, or cannot. */
  next: ListPlace | undefined;
  /** The records that were read, if none of them fits and they were not chosen by a search. */
  seen?: readonly BiginRecord[];
  /** "scan": Bigin cannot search this, so records were read and filtered locally. */
  how: "search" | "scan";
  /** How many records are not among these because a value in them cannot be compared: they may match. */
  unchecked: number;
}

type Read = Omit<Found, "unchecked">;

/**
 * Finds records by value. Bigin's search narrows them down as far as it can, and every hit is filtered again locally,
 * because its `equals` matches words. If Bigin can search none of the conditions, or its search ends early, the module is
 * read, newest records first.
 */
export async function find(reads: RecordReads, query: Query): Promise<Found> {
  const fields = fieldsToRead(query);
  const found = await findAny(reads, query, fields);
  const { tree } = query;
  const distinct = distinctOf(found.records);
  const checked = distinct.map((record) => ({
    record,
    fits: tree ? matches(record, tree, query.zone) : true,
  }));
  const records = checked.filter(({ fits }) => fits).map(({ record }) => record);
  const unchecked = checked.filter(({ fits }) => fits === undefined).length;
  const seen = records.length === 0 && found.how === "scan" ? { seen: distinct } : {};
  const inOrder = query.sort ? sorted(records, query.sort) : records;
  return { ...found, ...seen, records: inOrder, unchecked };
}

function findAny(reads: RecordReads, query: Query, fields: string[]): Promise<Read> {
  const selector = selectorOf(query);
  const phone = phoneIn(query.selector);
  if (selector && phone !== undefined) return findPhone(reads, query, { selector, phone }, fields);
  return selector && !query.from
    ? searchOrScan(reads, query, selector, fields)
    : scanFor(reads, query, selector, fields);
}

/**
 * Finds a phone number in any spelling. Bigin's search finds one spelling, so all records are read. It is used only for
 * words, and if not all records can be read.
 */
async function findPhone(
  reads: RecordReads,
  query: Query,
  { selector, phone }: { selector: Selector; phone: string },
  fields: string[],
): Promise<Read> {
  const scanned = await scanFor(reads, query, { phone }, fields);
  if (query.from || ("phone" in selector && scanned.complete)) return scanned;
  const searched = await searchOrScan(reads, query, selector, fields);
  const records = distinctOf([...searched.records, ...scanned.records]);
  return { ...scanned, records, complete: scanned.complete && searched.complete };
}

function fieldsToRead(query: Query): string[] {
  const conditions = query.tree ? conditionsOf(query.tree) : [];
  const needed = new Set([
    ...conditions.map(({ field }) => field.apiName),
    ...(query.sort ? [query.sort.field.apiName] : []),
  ]);
  const all = [...new Set([...needed, ...query.fields])].filter((name) => name !== "id");
  if (all.length <= fieldsPerRequest) return all.length > 0 ? all : ["id"];
  throw badArguments(
    `Bigin reads at most ${fieldsPerRequest} fields at once, and the filters and the sorting need ${needed.size}: name at most ${Math.max(0, fieldsPerRequest - needed.size)} others in fields.`,
  );
}

function selectorOf(query: Query): Selector | undefined {
  if (query.selector) return query.selector;
  const criteria = query.tree && criteriaOf(query.tree, query.zone);
  return criteria ? { criteria } : undefined;
}

async function searchOrScan(
  reads: RecordReads,
  query: Query,
  selector: Selector,
  fields: string[],
): Promise<Read> {
  // Bigin refuses some fields that the metadata call searchable, searches that are too large, and on some connections
  // every search.
  const searched = await unlessRefused(search(reads, query, selector, fields), undefined);
  if (!searched) return scanFor(reads, query, selector, fields);
  const { hits, ...found } = searched;
  if (found.complete && (await foundByLinks(query, hits))) return found;
  // A search ends after 2,000 hits; a list goes on. The hits are read again with it: a page_token cannot leave them out.
  const scanned = await unlessFailed(scanFor(reads, query, selector, fields), undefined);
  return scanned ?? { ...found, complete: false };
}

/**
 * False if Bigin may have left out records, because it finds nothing by the id of a link (docs/compatibility.md). A hit
 * proves that it does if it cannot have been found otherwise; else a known link is searched for once.
 */
async function foundByLinks({ tree, linksWork, zone }: Query, hits: readonly BiginRecord[]) {
  if (!tree || !conditionsOf(tree).some(isLink)) return true;
  const needed = neededIn(tree).filter(isLink);
  const isProven = hits.some((hit) => needed.some((link) => matches(hit, link, zone) === true));
  return isProven || (await linksWork()) === true;
}

function isLink({ field, op }: Condition): boolean {
  return ["record", "person"].includes(kindOf(field)) && ["equals", "in"].includes(op);
}

/** The conditions that every match must meet: those that are not alternatives. */
function neededIn(tree: Tree): Condition[] {
  if ("every" in tree) return tree.every.flatMap(neededIn);
  if ("some" in tree) return tree.some.length === 1 ? tree.some.flatMap(neededIn) : [];
  return [tree];
}

/** Does locally what Bigin's search would do. */
async function scanFor(
  reads: RecordReads,
  query: Query,
  selector: Selector | undefined,
  fields: string[],
): Promise<Read> {
  if (!selector || "criteria" in selector) return scan(reads, query, fields);
  const selectable = selectableFields(selector, await query.schema());
  const wanted = [...new Set([...fields, ...selectable.map((field) => field.apiName)])];
  const scanned = await scan(reads, query, wanted.slice(0, fieldsPerRequest));
  const records = scanned.records.filter((record) => fits(record, selector, selectable));
  return { ...scanned, records, complete: scanned.complete && wanted.length <= fieldsPerRequest };
}

/** Each record once, as it was last read. Records can repeat, because pages shift while others write. */
function distinctOf(records: readonly BiginRecord[]): BiginRecord[] {
  return [...new Map(records.map((record) => [record.id, record])).values()];
}

/** `hits` are what Bigin's index had. */
async function search(
  reads: RecordReads,
  query: Query,
  selector: Selector,
  fields: string[],
): Promise<Read & { hits: readonly BiginRecord[] }> {
  const hits: BiginRecord[] = [];
  let more = true;
  const pages = hitsPerSearch / recordsPerPage;
  for (
    let page = 1;
    more && page <= pages && (page === 1 || performance.now() < query.until);
    page += 1
  ) {
    const paging = { fields, page, per_page: recordsPerPage };
    const asked = reads.search(query.module, selector, paging);
    const found = await (page === 1 ? asked : unlessFailed(asked, undefined));
    if (!found) break;
    hits.push(...found.records.map(withPipeline));
    more = found.more;
    query.onRead?.(hits.length);
  }
  const found: Read = {
    records: hits,
    read: hits.length,
    complete: !more,
    next: undefined,
    how: "search",
  };
  const needsRecent = found.complete && query.recent.size > 0;
  const whole = needsRecent ? await withRecent(reads, query, selector, fields, found) : found;
  return { ...whole, hits };
}

/**
 * Replaces hits that this account wrote within the last minute with the records as they are now, and adds those that
 * are not in the index yet. A hit is dropped only if its record is known to be deleted or no longer fits.
 */
async function withRecent(
  reads: RecordReads,
  query: Query,
  selector: Selector,
  fields: readonly string[],
  found: Read,
): Promise<Read> {
  const selectable = "criteria" in selector ? [] : selectableFields(selector, await query.schema());
  const wanted = [...fields, ...selectable.map((field) => field.apiName)];
  const asked = readRecent(reads, query.module, query.recent, wanted);
  const recent = await unlessFailed(asked, undefined);
  if (!recent) return { ...found, complete: false };
  const read = new Set(recent.records.map((record) => record.id));
  const fitting =
    "criteria" in selector
      ? recent.records
      : recent.records.filter((record) => fits(record, selector, selectable));
  const hits = found.records.filter((hit) => !read.has(hit.id) && !recent.deleted.has(hit.id));
  const distinct = new Set([...read, ...found.records.map((hit) => hit.id)]);
  return { ...found, records: [...fitting, ...hits], read: distinct.size };
}

/**
 * Search results have a deal's team pipeline in `Layout`, whichever field was requested (docs/reference/bigin-api.md
 * §2.5).
 */
function withPipeline(record: BiginRecord): BiginRecord {
  return record["Layout"] && !record["Pipeline"]
    ? { ...record, Pipeline: record["Layout"] }
    : record;
}

/** Reads the list of the module, from its beginning or from `from`. What was read before a page that fails counts. */
async function scan(reads: RecordReads, query: Query, fields: string[]): Promise<Read> {
  const { readAtMost = recordsPerSearch } = query;
  const read: BiginRecord[] = [];
  let next: ListPlace | undefined = query.from ?? { page: 1 };
  let more = true;
  while (
    next &&
    read.length < readAtMost &&
    (read.length === 0 || performance.now() < query.until)
  ) {
    const { page: number, token }: ListPlace = next;
    const place = token ? { page_token: token } : { page: number };
    const asked = reads.list(query.module, { fields, per_page: recordsPerPage, ...place });
    const page = await (read.length === 0 ? asked : unlessFailed(asked, undefined));
    if (!page) break;
    read.push(...page.records);
    query.onRead?.(read.length);
    more = page.more;
    next = more ? placeAfter(number, page.nextPageToken) : undefined;
  }
  return { records: read, read: read.length, complete: !more, next, how: "scan" };
}

/** The place of the page after this one; undefined if only a token could reach it and there is none. */
function placeAfter(page: number, token: string | undefined): ListPlace | undefined {
  const next = page + 1;
  if (token) return { page: next, token };
  return next * recordsPerPage > recordsByPageNumber ? undefined : { page: next };
}

/** Empty values come last in both directions. */
function sorted(
  records: readonly BiginRecord[],
  { field, descending }: { field: Field; descending: boolean },
): BiginRecord[] {
  const key = (record: BiginRecord) => sortKey(record[field.apiName], kindOf(field));
  return records.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === undefined || right === undefined)
      return Number(left === undefined) - Number(right === undefined);
    const order = compared(left, right);
    return descending ? -order : order;
  });
}

type SortKey = string | number | Decimal;

function compared(left: SortKey, right: SortKey): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "object" && typeof right === "object") return compareDecimals(left, right);
  return textIn(left).localeCompare(textIn(right));
}

function textIn(key: SortKey): string {
  return typeof key === "object" ? textOfDecimal(key) : String(key);
}

function sortKey(value: unknown, kind: Kind): SortKey | undefined {
  if (isEmpty(value)) return undefined;
  // Amounts can have more digits than a JavaScript number.
  if (kind === "number" || typeof value === "number")
    return decimalIn(value) ?? comparable(String(value));
  if (kind === "datetime") return Date.parse(String(value));
  if (typeof value === "object" && value !== null && "name" in value)
    return comparable(String(value.name));
  return comparable(String(value));
}
