import { parseCriteria } from "../criteria.ts";
import { ambiguous, invalidData, missingParam } from "../errors.ts";
import { byEmail, byPhone, byWord, compileCriteria } from "../matching.ts";
import { numberedPage } from "../paging.ts";
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
import { asText, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { findView, inView } from "../views.ts";
import { fieldsOf, sorted } from "./records.ts";

interface Selection {
  readonly test: (record: StoredRecord) => boolean;
  /** Text the best hits are equal to. */
  readonly wanted: string;
}

/** Several selectors: criteria beats email beats phone beats word. None: undefined. */
function selection(def: ModuleDef, query: URLSearchParams): Selection | undefined {
  const [criteria, email, phone, word] = ["criteria", "email", "phone", "word"].map((name) =>
    (query.get(name) ?? "").trim(),
  );
  if (criteria) {
    const parsed = parseCriteria(criteria);
    const isEquals = parsed.kind === "condition" && parsed.op === "equals";
    const wanted = isEquals ? (parsed.values[0] ?? "") : "";
    return { test: compileCriteria(def, parsed), wanted };
  }
  if (email) return { test: byEmail(def, email), wanted: email };
  if (phone) return { test: byPhone(def, phone), wanted: phone };
  if (!word) return undefined;
  if (word.length < 2) throw invalidData({ param_name: "word", minimum_length: 2 });
  return { test: byWord(def, word), wanted: word };
}

/** Closest matches first, as recorded; `info` claims id/desc all the same. */
function ranked(def: ModuleDef, rows: StoredRecord[], wanted: string): StoredRecord[] {
  const exact = (row: StoredRecord): boolean =>
    asText(row[def.display]).toLowerCase() === wanted.toLowerCase();
  const newest = sorted(rows, "id", "desc");
  return [...newest.filter(exact), ...newest.filter((row) => !exact(row))];
}

function search(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const fields = fieldsOf(call.query);
  const found = selection(def, call.query);
  if (!found) throw missingParam("criteria");
  const hits = [...world.store.indexed(def.api_name).values()].filter(found.test);
  const page = numberedPage(ranked(def, hits, found.wanted), call.query, "LIMIT_REACHED");
  if (page.rows.length === 0) return nothing;
  const info = {
    per_page: page.perPage,
    count: page.rows.length,
    sort_by: "id",
    page: page.page,
    sort_order: "desc",
    more_records: page.more,
  };
  return ok({ data: page.rows.map((row) => project(def, row, fields, "search")), info });
}

function count(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const { store } = world;
  const cvid = call.query.get("cvid");
  const found = selection(def, call.query);
  if (cvid !== null && found) throw ambiguous("cvid", "criteria");
  if (found) {
    return ok({ count: [...store.indexed(def.api_name).values()].filter(found.test).length });
  }
  const rows = [...store.records(def.api_name).values()];
  if (cvid === null) return ok({ count: rows.length });
  const view = findView(def, cvid);
  return ok({ count: rows.filter((row) => inView(view, row, store)).length });
}

export const searchRoutes: Route[] = [
  {
    verb: "GET",
    path: "/:module/search",
    scopes: (params) => ["search", ...moduleScope(params)],
    handle: search,
  },
];

export const countRoutes: Route[] = [
  { verb: "GET", path: "/:module/actions/count", scopes: moduleScope, handle: count },
];
