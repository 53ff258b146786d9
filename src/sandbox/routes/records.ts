import {
  ambiguous,
  invalidData,
  limitExceeded,
  missingParam,
  patternNotMatched,
  unknownPath,
} from "../errors.ts";
import { numberedPage, tokenInfo, tokenPage } from "../paging.ts";
import { project } from "../projection.ts";
import {
  type Call,
  moduleOf,
  moduleScope,
  nothing,
  ok,
  type Reply,
  type Route,
  type World,
} from "../routing.ts";
import { asText, type Json, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { readStamp } from "../time.ts";
import { findView, inView } from "../views.ts";

const MAX_FIELDS = 50;

export function fieldsOf(query: URLSearchParams): string[] | undefined {
  const text = query.get("fields");
  if (text === null || text.trim() === "") return undefined;
  const names = text.split(",").map((name) => name.trim());
  if (names.length > MAX_FIELDS) {
    throw limitExceeded("fields limit exceeded", MAX_FIELDS, { param_name: "fields" });
  }
  return names;
}

/** v2 made `fields` compulsory on everything that answers a list. */
export function requiredFields(query: URLSearchParams): string[] {
  const names = fieldsOf(query);
  if (!names) throw missingParam("fields");
  return names;
}

/** An id in a path must be digits; anything else is no such path. */
export function pathId(call: Call, name = "id"): string {
  const id = call.params[name] ?? "";
  if (!/^\d+$/.test(id)) throw unknownPath();
  return id;
}

export function recordOf(call: Call, world: World, def: ModuleDef): StoredRecord | undefined {
  return world.store.records(def.api_name).get(pathId(call));
}

const sortValue = (value: unknown): string | number => {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") return readStamp(value) ?? value.toLowerCase();
  if (typeof value === "object" && value !== null && "name" in value) {
    return asText(value.name).toLowerCase();
  }
  return "";
};

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

function sortOf(def: ModuleDef, query: URLSearchParams): { sort_by: string; sort_order: string } {
  const sort_by = query.get("sort_by");
  const order = query.get("sort_order");
  if (order !== null && order !== "asc" && order !== "desc") throw patternNotMatched("sort_order");
  if (sort_by === null) return { sort_by: "id", sort_order: "desc" };
  const type = def.byName.get(sort_by)?.type;
  const sortable = sort_by === "id" || (type && !UNSORTABLE.has(type));
  if (!sortable) throw invalidData({ param_name: "sort_by" });
  return { sort_by, sort_order: order ?? "desc" };
}

const UNSORTABLE = new Set<string>([
  "textarea",
  "tag",
  "subform",
  "multiselectlookup",
  "profileimage",
  "json",
]);

export function sorted(rows: StoredRecord[], by: string, order: string): StoredRecord[] {
  const turn = order === "asc" ? 1 : -1;
  const keyed = rows.map((row) => ({ row, key: sortValue(row[by]) }));
  keyed.sort((a, b) => turn * (compare(a.key, b.key) || compare(a.row.id, b.row.id)));
  return keyed.map(({ row }) => row);
}

function selected(call: Call, world: World, def: ModuleDef): StoredRecord[] {
  let rows = [...world.store.records(def.api_name).values()];
  const cvid = call.query.get("cvid");
  if (cvid !== null) {
    const view = findView(def, cvid);
    rows = rows.filter((row) => inView(view, row, world.store));
  }
  const ids = call.query.get("ids");
  if (ids !== null && world.settings.honourIds) {
    const wanted = new Set(ids.split(","));
    if (wanted.size > 100) throw limitExceeded("ids limit exceeded", 100, { param_name: "ids" });
    rows = rows.filter((row) => wanted.has(row.id));
  }
  return call.query.get("approved") === "false" ? [] : rows;
}

function list(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const fields = requiredFields(call.query);
  const sort = sortOf(def, call.query);
  if (call.query.has("cvid") && call.query.has("sort_by")) throw ambiguous("cvid", "sort_by");
  let rows = selected(call, world, def);
  const since = readStamp(call.header("if-modified-since") ?? "");
  if (since !== undefined) {
    rows = rows.filter((row) => (readStamp(asText(row["Modified_Time"])) ?? 0) > since);
    if (rows.length === 0) return { status: 304 };
  }
  const listing = { path: call.path, query: call.query, now: world.store.now() };
  const page = tokenPage(sorted(rows, sort.sort_by, sort.sort_order), listing);
  if (page.rows.length === 0) return nothing;
  const data = page.rows.map((row) => project(def, row, fields, "list"));
  return ok({ data, info: tokenInfo(page, listing, sort) });
}

function get(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const fields = fieldsOf(call.query);
  const record = recordOf(call, world, def);
  return record ? ok({ data: [project(def, record, fields, "get")] }) : nothing;
}

function deleted(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const type = call.query.get("type") ?? "all";
  if (!["all", "recycle", "permanent"].includes(type)) throw patternNotMatched("type");
  const since = readStamp(call.header("if-modified-since") ?? "") ?? 0;
  const bin = [...world.store.deleted(def.api_name)]
    .reverse()
    .filter((entry) => type !== "permanent" && (readStamp(entry.deleted_time) ?? 0) >= since);
  const page = numberedPage(bin, call.query);
  if (page.rows.length === 0) return since > 0 ? { status: 304 } : nothing;
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
