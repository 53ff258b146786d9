import { Failure } from "../failure.ts";
import { conditionsOf, kindOf, type Tree } from "./conditions.ts";
import { criteriaOf } from "./criteria.ts";
import { isEmpty, matches } from "./matching.ts";
import type { BiginRecord, Page, Reading, Selector } from "./records.ts";
import type { Field } from "./schema.ts";

const perPage = 200;
/** Bigin's search gives no more than this many hits (bigin-api.md §3). */
const hitsAtMost = 2000;
const fieldsAtMost = 50;

export interface Query {
  module: string;
  /** The fields the caller wants; those the conditions need are read besides. */
  fields: readonly string[];
  tree?: Tree | undefined;
  /** An e-mail address, phone number or word instead of conditions. */
  selector?: Exclude<Selector, { criteria: string }> | undefined;
  sort?: { field: Field; descending: boolean } | undefined;
  /** How many records may be read at most. */
  readAtMost: number;
  /** When reading must end, in milliseconds since the epoch: what was found until then is given back. */
  until: number;
  zone: string;
  /** Ids this account wrote a moment ago: the index may not have them. */
  recent: ReadonlySet<string>;
  /** Hears how many records were read so far. */
  onRead?(read: number): void;
}

export interface Found {
  records: BiginRecord[];
  /** How many records were read to find them. */
  read: number;
  /** False: there was more than could be read, and something may be missing. */
  complete: boolean;
  /** "scan": Bigin cannot search this, so records were read and sifted here. */
  how: "search" | "scan";
}

/**
 * Finds records by value. What Bigin can search narrows the search; the rest is sifted here, and so is every hit,
 * because `equals` matches words. What nothing narrows is found by reading the module, newest first.
 */
export async function find(records: Reading, query: Query): Promise<Found> {
  const fields = fieldsToRead(query);
  const narrowed = selectorOf(query);
  const gathered = narrowed
    ? await searchOrScan(records, query, narrowed, fields)
    : await scan(records, query, fields);
  const { tree } = query;
  const sifted = tree
    ? gathered.records.filter((one) => matches(one, tree, query.zone))
    : gathered.records;
  return { ...gathered, records: query.sort ? sorted(sifted, query.sort) : sifted };
}

function fieldsToRead(query: Query): string[] {
  const conditions = query.tree ? conditionsOf(query.tree) : [];
  const needed = [
    ...conditions.map(({ field }) => field.apiName),
    ...(query.sort ? [query.sort.field.apiName] : []),
  ];
  return [...new Set([...needed, ...query.fields])].slice(0, fieldsAtMost);
}

function selectorOf(query: Query): Selector | undefined {
  if (query.selector) return query.selector;
  const criteria = query.tree && criteriaOf(query.tree, query.zone);
  return criteria ? { criteria } : undefined;
}

async function searchOrScan(
  records: Reading,
  query: Query,
  selector: Selector,
  fields: string[],
): Promise<Found> {
  try {
    return await search(records, query, selector, fields);
  } catch (error) {
    // A field that is not searchable after all: some are, in some organisations (bigin-api.md §2.5).
    const unsearchable =
      error instanceof Failure && error.facts.code === "INVALID_QUERY" && query.tree;
    if (!unsearchable) throw error;
    return scan(records, query, fields);
  }
}

async function search(
  records: Reading,
  query: Query,
  selector: Selector,
  fields: string[],
): Promise<Found> {
  const hits: BiginRecord[] = [];
  let more = true;
  const last = Math.min(hitsAtMost, query.readAtMost) / perPage;
  for (let page = 1; more && page <= last && (page === 1 || Date.now() < query.until); page += 1) {
    const answer = await records.search(query.module, selector, {
      fields,
      page,
      per_page: perPage,
    });
    hits.push(...answer.records.map(withPipeline));
    more = answer.more;
    query.onRead?.(hits.length);
  }
  const fresh = query.recent.size > 0 ? await newest(records, query, selector, fields) : undefined;
  const known = fresh ? hits.filter((hit) => !query.recent.has(hit.id)) : hits;
  const all = [...(fresh ?? []), ...known];
  return { records: all, read: hits.length + (fresh?.length ?? 0), complete: !more, how: "search" };
}

/** Search names a deal's team pipeline `Layout`, whatever was asked for (bigin-api.md §2.5). */
function withPipeline(record: BiginRecord): BiginRecord {
  return record["Layout"] && !record["Pipeline"]
    ? { ...record, Pipeline: record["Layout"] }
    : record;
}

/** What was written a moment ago, from the list, which does not lag; those that fit the selector. */
async function newest(
  records: Reading,
  query: Query,
  selector: Selector,
  fields: string[],
): Promise<BiginRecord[]> {
  const written: BiginRecord[] = [];
  // Others may have written as well, so one page more than ours would fill.
  const pages = Math.min(Math.ceil(query.recent.size / perPage) + 1, hitsAtMost / perPage);
  for (let page = 1; page <= pages && written.length < query.recent.size; page += 1) {
    const sort = { sort_by: "Modified_Time", sort_order: "desc" } as const;
    const answer = await records.list(query.module, { fields, ...sort, page, per_page: perPage });
    written.push(...answer.records.filter((record) => query.recent.has(record.id)));
    if (!answer.more) break;
  }
  return "criteria" in selector ? written : written.filter((record) => fits(record, selector));
}

function fits(record: BiginRecord, selector: Exclude<Selector, { criteria: string }>): boolean {
  const texts = Object.values(record).flatMap((value) =>
    typeof value === "string" ? [value.toLowerCase()] : [],
  );
  if ("email" in selector) return texts.includes(selector.email.trim().toLowerCase());
  if ("phone" in selector)
    return texts.some((text) => digits(text) !== "" && digits(text) === digits(selector.phone));
  return texts.some((text) => text.includes(selector.word.trim().toLowerCase()));
}

function digits(text: string): string {
  return text.replace(/\D/g, "");
}

async function scan(records: Reading, query: Query, fields: string[]): Promise<Found> {
  const read: BiginRecord[] = [];
  let next: Pick<Page, "page" | "nextPageToken"> | undefined = {
    page: 0,
    nextPageToken: undefined,
  };
  while (
    next &&
    read.length < query.readAtMost &&
    (read.length === 0 || Date.now() < query.until)
  ) {
    const place = next.nextPageToken ? { page_token: next.nextPageToken } : { page: next.page + 1 };
    const page: Page = await records.list(query.module, { fields, per_page: perPage, ...place });
    read.push(...page.records);
    query.onRead?.(read.length);
    next = page.more ? page : undefined;
  }
  return { records: read, read: read.length, complete: next === undefined, how: "scan" };
}

/** Empty values last, whichever way it is sorted. */
function sorted(
  records: readonly BiginRecord[],
  { field, descending }: { field: Field; descending: boolean },
): BiginRecord[] {
  const key = (record: BiginRecord) => sortKey(record[field.apiName], kindOf(field) === "datetime");
  return records.toSorted((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === undefined || right === undefined)
      return Number(left === undefined) - Number(right === undefined);
    const order =
      typeof left === "number" && typeof right === "number"
        ? left - right
        : String(left).localeCompare(String(right));
    return descending ? -order : order;
  });
}

function sortKey(value: unknown, isTime: boolean): string | number | undefined {
  if (isEmpty(value)) return undefined;
  if (typeof value === "number") return value;
  if (isTime) return Date.parse(String(value));
  if (typeof value === "object" && value !== null && "name" in value)
    return String(value.name).toLowerCase();
  return String(value).toLowerCase();
}
