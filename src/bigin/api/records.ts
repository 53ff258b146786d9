import * as z from "zod";
import { Failure } from "../../shared/failure.ts";
import { fieldsPerRequest, recordsPerPage } from "../limits.ts";
import {
  activityModules,
  moduleKey,
  moduleKeys,
  withModuleKey,
  withWrittenModuleKey,
} from "../schema/activity-links.ts";
import { isRefusal, unlessRefused } from "./batch.ts";
import { parseAs } from "./errors.ts";
import type { BiginHttp } from "./http.ts";
import { type RowResponse, readRows } from "./rows.ts";

/** A record as Bigin sends it: `id` and the fields that were asked for. */
const recordSchema = z.looseObject({ id: z.string() });
export type BiginRecord = z.infer<typeof recordSchema>;

/** Read by hand and not with lenient.ts: a warm list call should run few of our files. */
const pageSchema = z.looseObject({
  data: z.array(recordSchema),
  info: z.looseObject({}).catch({}),
});
const oneSchema = z.looseObject({ data: z.array(recordSchema).min(1) });

const countSchema = z.looseObject({ count: z.coerce.number() });

/** One page of a list or a search. */
export interface Page {
  records: BiginRecord[];
  more: boolean;
  /** Needed to read past the first 2,000 records. Valid only with the parameters of the request that returned it. */
  nextPageToken: string | undefined;
}

/** Parameters of Bigin's lists, by Bigin's names (docs/reference/bigin-api.md §1.2). */
export interface ListParams {
  /** 1 to 50 API names. */
  fields: readonly string[];
  sort_by?: string | undefined;
  sort_order?: "asc" | "desc" | undefined;
  page?: number | undefined;
  per_page?: number | undefined;
  page_token?: string | undefined;
  cvid?: string | undefined;
  /** Only these records, up to 100. Some connections ignore it (docs/reference/bigin-api.md §1.2). */
  ids?: readonly string[] | undefined;
}

/** A search takes exactly one selector. If it gets several, Bigin silently uses only one. */
export type Selector =
  | { criteria: string }
  | { email: string }
  | { phone: string }
  | { word: string };

/** The values of a record by the names of its fields. */
export type Row = Record<string, unknown>;

export interface WriteOptions {
  /** Workflows run unless this is an empty list (docs/reference/bigin-api.md §1.4). */
  trigger?: readonly string[] | undefined;
}

/** The endpoints that read records of any module (docs/reference/bigin-api.md §1.2, §1.3, §1.9, §1.10, §1.12). */
export interface RecordReads {
  /** GET /{module}. An empty module gives an empty page. */
  list(module: string, params: ListParams): Promise<Page>;
  /** GET /{module}/{id}. Undefined if there is no such record: Bigin returns 204 then. */
  get(module: string, id: string, fields?: readonly string[]): Promise<BiginRecord | undefined>;
  /**
   * Like `get`, or by a list of one id where that is refused (docs/compatibility.md): then with the fields of `listed`.
   */
  getOrList(
    module: string,
    id: string,
    fields: readonly string[] | undefined,
    listed: readonly string[],
  ): Promise<BiginRecord | undefined>;
  /** GET /{module}/search. The index lags 10 to 20 s behind writes, and `equals` matches words. */
  search(
    module: string,
    selector: Selector,
    params: Omit<ListParams, "page_token" | "cvid" | "ids">,
  ): Promise<Page>;
  /** GET /{module}/actions/count: the number of records in the module or in a view. */
  count(module: string, cvid?: string): Promise<number>;
  /** GET /{module}/{id}/{related list}. */
  related(
    module: string,
    id: string,
    list: string,
    params: Omit<ListParams, "cvid" | "ids">,
  ): Promise<Page>;
}

/**
 * The endpoints that write records of any module (docs/reference/bigin-api.md §1.4 and §1.7): at most 100 rows or ids
 * per request, with a response for each.
 */
export interface RecordWrites {
  /** POST /{module}. Never repeat it after a lost response: each insert creates a record. */
  insert(module: string, rows: readonly Row[], options?: WriteOptions): Promise<RowResponse[]>;
  /** PUT /{module}. Each row has its `id`; null clears a field. */
  update(module: string, rows: readonly Row[], options?: WriteOptions): Promise<RowResponse[]>;
  /** POST /{module}/upsert. Without `duplicateCheckFields` Bigin compares the module's unique fields. */
  upsert(
    module: string,
    rows: readonly Row[],
    options?: WriteOptions & { duplicateCheckFields?: readonly string[] | undefined },
  ): Promise<RowResponse[]>;
  /** DELETE /{module}?ids=. */
  delete(
    module: string,
    ids: readonly string[],
    options?: { wf_trigger?: boolean | undefined },
  ): Promise<RowResponse[]>;
}

export function createRecordReads(http: Pick<BiginHttp, "send">): RecordReads {
  async function get(path: readonly string[], query: Query): Promise<unknown> {
    const read = (asked: Query) => http.send({ method: "GET", path, query: asked });
    const whole = withModuleKeys(query);
    try {
      return await read(whole);
    } catch (error) {
      const plainer = withoutRefused(whole);
      const isRefused = error instanceof Failure && error.facts.kind === "rejected";
      if (!isRefused || !plainer) throw error;
      return read(plainer);
    }
  }
  async function page(path: readonly string[], query: Query): Promise<Page> {
    // A list without field names is refused (docs/reference/bigin-api.md §1.2).
    const body = await get(path, { ...query, fields: query["fields"] || "id" });
    if (body === undefined) return { records: [], more: false, nextPageToken: undefined };
    const { data, info } = parseAs(pageSchema, body, `GET ${path.join("/")}`);
    return {
      records: isAboutOthers(path) ? data.map(withModuleKey) : data,
      more: data.length > 0 && hasMore(info, data.length, query),
      nextPageToken: tokenIn(info),
    };
  }
  const list: RecordReads["list"] = (module, { fields, ids, ...params }) =>
    page([module], { ...params, fields: fields.join(","), ids: ids?.join(",") });
  const one: RecordReads["get"] = async (module, id, fields) => {
    const path = [module, id];
    const body = await get(path, { fields: fields?.join(",") });
    if (body === undefined) return undefined;
    const [record] = parseAs(oneSchema, body, `GET ${path.join("/")}`).data;
    return record && isAboutOthers(path) ? withModuleKey(record) : record;
  };
  return {
    list,
    get: one,
    getOrList: (module, id, fields, listed) =>
      one(module, id, fields).catch((error: unknown) =>
        recordListed({ list }, [module, id], listed, error),
      ),
    async count(module, cvid) {
      const path = [module, "actions", "count"];
      const body = await http.send({ method: "GET", path, query: { cvid } });
      return parseAs(countSchema, body, `GET ${path.join("/")}`).count;
    },
    search: (module, selector, params) =>
      page([module, "search"], { ...selector, ...params, fields: params.fields.join(",") }),
    async related(module, id, list, params) {
      const read = (name: string) =>
        page([module, id, name], { ...params, fields: params.fields.join(",") });
      const other = otherListName(list);
      if (!other) return read(list);
      return (await unlessRefused(read(list), undefined)) ?? read(other);
    },
  };
}

/** Whether pages follow. A full page without a word about more may have more (docs/compatibility.md). */
function hasMore(info: Row, count: number, { per_page }: Query): boolean {
  const { more_records: more } = info;
  if (more === true || more === "true") return true;
  return more !== false && more !== "false" && count >= Number(per_page ?? recordsPerPage);
}

function tokenIn({ next_page_token: token }: Row): string | undefined {
  return typeof token === "string" && token !== "" ? token : undefined;
}

/** The record of a list of one id, after reading it by itself failed with `error`. */
async function recordListed(
  { list }: Pick<RecordReads, "list">,
  [module, id]: readonly [string, string],
  fields: readonly string[],
  error: unknown,
): Promise<BiginRecord> {
  if (!isRefusal(error)) throw error;
  const found = await unlessRefused(list(module, { fields, ids: [id] }), undefined);
  const record = found?.records.find((one) => one.id === id);
  if (!record) throw error;
  return record;
}

/** The engine's names of related lists, where they differ from those of the modules (docs/compatibility.md). */
const listNames = [
  ["Pipelines", "Deals"],
  ["Calls", "All_Calls"],
] as const;

/** The module after which a related list is named, if it is named after one. */
export function moduleOfList(name: string): string {
  return listNames.find(([, engine]) => engine === name)?.[0] ?? name;
}

function otherListName(name: string): string | undefined {
  const pair = listNames.find((names) => names.some((one) => one === name));
  return pair?.find((one) => one !== name);
}

type Query = Record<string, string | number | undefined>;

/** Whether a path leads to records that are about records of other modules. Related lists may have names of their own. */
function isAboutOthers(path: readonly string[]): boolean {
  const [module = ""] = path;
  return path.length > 2 || module === "Notes" || activityModules.has(module);
}

/** Asks for the module of what a record is about by all its names, as far as one request has room for them. */
function withModuleKeys(query: Query): Query {
  const names = namesIn(query);
  if (!names.includes(moduleKey)) return query;
  const others = names.filter((name) => name !== moduleKey);
  return { ...query, fields: [...others, ...moduleKeys].slice(0, fieldsPerRequest).join(",") };
}

/**
 * The same request without what some organisations refuse (docs/compatibility.md): keys of the engine in `fields`, and
 * `per_page` next to `page_token`, which sets it anyway. Undefined if it has neither.
 */
function withoutRefused(query: Query): Query | undefined {
  const names = namesIn(query);
  const own = names.filter((name) => !moduleKeys.includes(name));
  const hasToken = query["page_token"] !== undefined && query["per_page"] !== undefined;
  if (own.length === names.length && !hasToken) return undefined;
  const { per_page, ...rest } = query;
  return {
    ...rest,
    ...(!hasToken && { per_page }),
    ...(names.length > 0 && { fields: own.join(",") || "id" }),
  };
}

function namesIn({ fields }: Query): string[] {
  return typeof fields === "string" ? fields.split(",") : [];
}

export function createRecordWrites(http: BiginHttp): RecordWrites {
  async function send(
    method: "POST" | "PUT",
    path: readonly string[],
    rows: readonly Row[],
    options: WriteOptions & { duplicateCheckFields?: readonly string[] | undefined } = {},
  ): Promise<RowResponse[]> {
    const body = {
      data: rows.map(withWrittenModuleKey),
      ...(options.trigger && { trigger: options.trigger }),
      ...(options.duplicateCheckFields && { duplicate_check_fields: options.duplicateCheckFields }),
    };
    const response = await http.sendRows({ method, path, body });
    const sent = rows.map(({ id }) =>
      method === "PUT" && typeof id === "string" ? id : undefined,
    );
    return readRows(response, sent, `${method} ${path.join("/")}`);
  }
  return {
    insert: (module, rows, options) => send("POST", [module], rows, options),
    update: (module, rows, options) => send("PUT", [module], rows, options),
    upsert: (module, rows, options) => send("POST", [module, "upsert"], rows, options),
    async delete(module, ids, options = {}) {
      const query = { ids: ids.join(","), wf_trigger: options.wf_trigger };
      const response = await http.sendRows({ method: "DELETE", path: [module], query });
      return readRows(response, ids, `DELETE ${module}`);
    },
  };
}
