import { badArguments, Failure } from "../../shared/failure.ts";
import {
  type BiginRecord,
  fieldsAtMost,
  type Page,
  type Reading,
  type Selector,
} from "../api/records.ts";
import { kindOf } from "../field-types.ts";
import type { Field, Schema } from "../schema/fields.ts";
import { comparable, isEmpty } from "../values.ts";
import { criteriaOf } from "./criteria.ts";
import { conditionsOf, type Tree } from "./filters.ts";
import { matches } from "./match.ts";
import { fieldsFor, fits, readFresh } from "./recently-written.ts";

const perPage = 200;
/** What Bigin answers to criteria it cannot search by (bigin-api.md §3). */
const unsearchableCodes = new Set(["INVALID_QUERY", "LIMIT_EXCEEDED"]);
/** Bigin's search gives no more than this many hits (bigin-api.md §3). */
const hitsAtMost = 2000;

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
  /** The module's schema: it tells in which fields a selector looks. */
  schema(): Promise<Schema>;
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
  const distinct = distinctOf(gathered.records);
  const sifted = tree ? distinct.filter((one) => matches(one, tree, query.zone)) : distinct;
  return { ...gathered, records: query.sort ? sorted(sifted, query.sort) : sifted };
}

function fieldsToRead(query: Query): string[] {
  const conditions = query.tree ? conditionsOf(query.tree) : [];
  const needed = new Set([
    ...conditions.map(({ field }) => field.apiName),
    ...(query.sort ? [query.sort.field.apiName] : []),
  ]);
  const all = [...new Set([...needed, ...query.fields])].filter((name) => name !== "id");
  if (all.length <= fieldsAtMost) return all.length > 0 ? all : ["id"];
  throw badArguments(
    `Bigin reads at most ${fieldsAtMost} fields at once, and the filters and the sorting need ${needed.size}: name at most ${Math.max(0, fieldsAtMost - needed.size)} others in fields.`,
  );
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
    const found = await search(records, query, selector, fields);
    const isWall = !found.complete && found.read >= hitsAtMost && query.readAtMost > found.read;
    if (!isWall || !query.tree || Date.now() >= query.until) return found;
    return joined(await scan(records, query, fields), found.records);
  } catch (error) {
    // A field that is not searchable after all, in some organisations (bigin-api.md §2.5), or too much at once.
    const unsearchable =
      error instanceof Failure && unsearchableCodes.has(error.facts.code ?? "") && query.tree;
    if (!unsearchable) throw error;
    return scan(records, query, fields);
  }
}

/** Every record once, as it was read last: pages shift while others write. */
function distinctOf(records: readonly BiginRecord[]): BiginRecord[] {
  return [...new Map(records.map((record) => [record.id, record])).values()];
}

function joined(scanned: Found, others: readonly BiginRecord[]): Found {
  const records = distinctOf([...others, ...scanned.records]);
  return { ...scanned, records, read: records.length };
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
  const found: Found = { records: hits, read: hits.length, complete: !more, how: "search" };
  return query.recent.size > 0 ? withFresh(records, query, selector, fields, found) : found;
}

/**
 * Puts what this account wrote a moment ago in the place of what the index says of it. A hit is dropped only when it
 * is surely deleted or surely fits no more.
 */
async function withFresh(
  records: Reading,
  query: Query,
  selector: Selector,
  fields: readonly string[],
  found: Found,
): Promise<Found> {
  const looked = "criteria" in selector ? [] : fieldsFor(selector, await query.schema());
  const wanted = [...fields, ...looked.map((field) => field.apiName)];
  const fresh = await readFresh(records, query.module, query.recent, wanted);
  const read = new Set(fresh.records.map((record) => record.id));
  const fitting =
    "criteria" in selector
      ? fresh.records
      : fresh.records.filter((record) => fits(record, selector, looked));
  const hits = found.records.filter((hit) => !read.has(hit.id) && !fresh.deleted.has(hit.id));
  const all = [...fitting, ...hits];
  const distinct = new Set([...read, ...found.records.map((hit) => hit.id)]);
  return { ...found, records: all, read: distinct.size };
}

/** Search names a deal's team pipeline `Layout`, whatever was asked for (bigin-api.md §2.5). */
function withPipeline(record: BiginRecord): BiginRecord {
  return record["Layout"] && !record["Pipeline"]
    ? { ...record, Pipeline: record["Layout"] }
    : record;
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
    return comparable(String(value.name));
  return comparable(String(value));
}
