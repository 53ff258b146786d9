import { parseCriteria } from "../criteria.ts";
import { ambiguous, invalidData, missingParam } from "../errors.ts";
import { byEmail, byPhone, byWord, compileCriteria } from "../matching.ts";
import { numberedPage } from "../paging.ts";
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
import { asText, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import type { Switches } from "../switches.ts";
import { findView, inView } from "../views.ts";
import { fieldsOf, sorted } from "./records.ts";

interface Selection {
  readonly test: (record: StoredRecord) => boolean;
  /** The text that the best matches are equal to. */
  readonly wanted: string;
}

/** Of several selectors Bigin takes the first of criteria, email, phone, word. Undefined when there are none. */
function selectionOf(
  def: ModuleDef,
  query: URLSearchParams,
  switches: Switches,
): Selection | undefined {
  const [criteria, email, phone, word] = ["criteria", "email", "phone", "word"].map((name) =>
    (query.get(name) ?? "").trim(),
  );
  if (criteria) {
    const parsed = parseCriteria(criteria);
    const isEquals = parsed.kind === "condition" && parsed.op === "equals";
    const wanted = isEquals ? (parsed.values[0] ?? "") : "";
    return { test: compileCriteria(def, parsed, switches), wanted };
  }
  if (email) return { test: byEmail(def, email), wanted: email };
  if (phone) return { test: byPhone(def, phone), wanted: phone };
  if (!word) return undefined;
  if (word.length < 2) throw invalidData({ param_name: "word", minimum_length: 2 });
  return { test: byWord(def, word), wanted: word };
}

/** Exact matches first, as in the recorded replies, although `info` claims id/desc. */
function ranked(def: ModuleDef, rows: StoredRecord[], wanted: string): StoredRecord[] {
  const exact = (row: StoredRecord): boolean =>
    asText(row[def.display]).toLowerCase() === wanted.toLowerCase();
  const newest = sorted(rows, "id", "desc");
  return [...newest.filter(exact), ...newest.filter((row) => !exact(row))];
}

function search(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const fields = fieldsOf(request.query, backend.settings);
  const selection = selectionOf(def, request.query, backend.settings);
  if (!selection) throw missingParam("criteria");
  const hits = [...backend.store.indexed(def.api_name).values()].filter(selection.test);
  const page = numberedPage(ranked(def, hits, selection.wanted), request.query, "LIMIT_REACHED");
  if (page.rows.length === 0) return noContent;
  const info = {
    per_page: page.perPage,
    count: page.rows.length,
    sort_by: "id",
    page: page.page,
    sort_order: "desc",
    more_records: page.more,
  };
  return ok({
    data: page.rows.map(createProjection(def, fields, "search", backend.settings)),
    info,
  });
}

function count(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const { store } = backend;
  const cvid = request.query.get("cvid");
  const selection = selectionOf(def, request.query, backend.settings);
  if (cvid !== null && selection) throw ambiguous("cvid", "criteria");
  if (selection) {
    return ok({ count: [...store.indexed(def.api_name).values()].filter(selection.test).length });
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
