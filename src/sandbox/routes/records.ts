import {
  ambiguous,
  invalidData,
  limitExceeded,
  missingParam,
  patternNotMatched,
  unknownPath,
} from "../errors.ts";
import { numberedPage, tokenInfo, tokenPage } from "../paging.ts";
import { createProjection } from "../projection.ts";
import {
  type ApiReply,
  type ApiRequest,
  type Backend,
  moduleOf,
  moduleScope,
  noContent,
  ok,
  type Route,
} from "../routing.ts";
import { asText, isObject, type Json, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import type { Switches } from "../switches.ts";
import { readStamp } from "../time.ts";
import { findView, inView } from "../views.ts";

const maxFields = 50;
const maxIds = 100;

/** The fields asked for, at most 50; undefined when the parameter is missing or empty. */
export function fieldsOf(
  query: URLSearchParams,
  { refusedFields }: Pick<Switches, "refusedFields">,
): string[] | undefined {
  const text = query.get("fields");
  if (text === null || text.trim() === "") return undefined;
  const names = text.split(",").map((name) => name.trim());
  if (names.length > maxFields)
    throw limitExceeded("fields limit exceeded", maxFields, { param_name: "fields" });
  if (refusedFields !== undefined && names.some((name) => name.startsWith(refusedFields)))
    throw invalidData({ param_name: "fields" });
  return names;
}

/** Since v2, every list needs `fields`. */
export function requiredFields(
  query: URLSearchParams,
  switches: Pick<Switches, "refusedFields">,
): string[] {
  const names = fieldsOf(query, switches);
  if (!names) throw missingParam("fields");
  return names;
}

/** The id in the path. Anything but digits is an unknown path. */
export function pathId(request: ApiRequest, name = "id"): string {
  const id = request.params[name] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  return id;
}

export function recordOf(
  request: ApiRequest,
  backend: Backend,
  def: ModuleDef,
): StoredRecord | undefined {
  return backend.store.records(def.api_name).get(pathId(request));
}

function sortKey(value: unknown): string | number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return readStamp(value) ?? value.toLowerCase();
  if (isObject(value)) return asText(value["name"]).toLowerCase();
  return "";
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const fewSorts = ["id", "Created_Time", "Modified_Time"];

function sortOf(
  def: ModuleDef,
  query: URLSearchParams,
  switches: Switches,
): { sort_by: string; sort_order: string } {
  const sort_by = query.get("sort_by");
  const order = query.get("sort_order");
  if (order !== null && order !== "asc" && order !== "desc") throw patternNotMatched("sort_order");
  if (sort_by === null) return { sort_by: "id", sort_order: "desc" };
  const type = def.byName.get(sort_by)?.type;
  const isSortable = sort_by === "id" || (type && !unsortableTypes.has(type));
  if (!isSortable || (switches.fewSorts && !fewSorts.includes(sort_by)))
    throw invalidData({ param_name: "sort_by" });
  return { sort_by, sort_order: order ?? "desc" };
}

const unsortableTypes = new Set<string>([
  "textarea",
  "tag",
  "subform",
  "multiselectlookup",
  "multiselectpicklist",
  "profileimage",
  "json",
  "ALARM",
  "RRULE",
  "multireminder",
]);

/** The rows by one field, then by id. Text sorts without case, lookups by name. */
export function sorted(rows: StoredRecord[], by: string, order: string): StoredRecord[] {
  const turn = order === "asc" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, key: sortKey(row[by]) }));
  keyed.sort((a, b) => turn * (compare(a.key, b.key) || compare(a.row.id, b.row.id)));
  return keyed.map(({ row }) => row);
}

/** The records that a list request selects, unsorted. */
function selectedRecords(request: ApiRequest, backend: Backend, def: ModuleDef): StoredRecord[] {
  let rows = [...backend.store.records(def.api_name).values()];
  const cvid = request.query.get("cvid");
  if (cvid !== null) {
    const view = findView(def, cvid);
    rows = rows.filter((row) => inView(view, row, backend.store));
  }
  const ids = request.query.get("ids");
  const { ids: treatment } = backend.settings;
  if (ids !== null && treatment === "refused")
    throw invalidData({ param_name: "ids" }, "the parameter given is not allowed");
  if (ids !== null && treatment === "honoured") {
    const wanted = new Set(ids.split(","));
    if (wanted.size > maxIds)
      throw limitExceeded("ids limit exceeded", maxIds, { param_name: "ids" });
    rows = rows.filter((row) => wanted.has(row.id));
  }
  return request.query.get("approved") === "false" ? [] : rows;
}

function list(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const fields = requiredFields(request.query, backend.settings);
  const sort = sortOf(def, request.query, backend.settings);
  if (request.query.has("cvid") && request.query.has("sort_by")) throw ambiguous("cvid", "sort_by");
  let rows = selectedRecords(request, backend, def);
  const since = readStamp(request.header("if-modified-since") ?? "");
  if (since !== undefined) {
    rows = rows.filter((row) => (readStamp(asText(row["Modified_Time"])) ?? 0) > since);
    if (rows.length === 0) return { status: 304 };
  }
  const { tokenAlone } = backend.settings;
  const now = backend.store.now();
  const listing = { path: request.path, query: request.query, now, tokenAlone };
  const page = tokenPage(sorted(rows, sort.sort_by, sort.sort_order), listing);
  if (page.rows.length === 0) return noContent;
  const data = page.rows.map(createProjection(def, fields, "list", backend.settings));
  return ok({ data, info: tokenInfo(page, listing, sort) });
}

function get(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const fields = fieldsOf(request.query, backend.settings);
  const record = recordOf(request, backend, def);
  return record
    ? ok({ data: [createProjection(def, fields, "get", backend.settings)(record)] })
    : noContent;
}

function deleted(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const type = request.query.get("type") ?? "all";
  if (!["all", "recycle", "permanent"].includes(type)) throw patternNotMatched("type");
  const since = readStamp(request.header("if-modified-since") ?? "") ?? 0;
  const bin = [...backend.store.deleted(def.api_name)]
    .reverse()
    .filter((entry) => type !== "permanent" && (readStamp(entry.deleted_time) ?? 0) >= since);
  const page = numberedPage(bin, request.query);
  if (page.rows.length === 0) return since > 0 ? { status: 304 } : noContent;
  const info: Json = {
    per_page: page.perPage,
    count: page.rows.length,
    page: page.page,
    more_records: page.more,
  };
  return ok({ data: page.rows, info });
}

export const recordRoutes: Route[] = [
  { verb: "GET", path: "/:module/deleted", scopes: moduleScope, handle: deleted },
  { verb: "GET", path: "/:module", scopes: moduleScope, handle: list },
  { verb: "GET", path: "/:module/:id", scopes: moduleScope, handle: get },
];
