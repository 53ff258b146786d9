import {
  BiginError,
  errorBody,
  invalidData,
  invalidId,
  limitExceeded,
  missingParam,
  wrongVerb,
} from "../errors.ts";
import {
  type ApiReply,
  type ApiRequest,
  type Backend,
  moduleOf,
  moduleScope,
  type Route,
} from "../routing.ts";
import { asText, isObject, type Json, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { itemError } from "../values.ts";
import { deleteRecord, findBy, insertRow, updateRow } from "../writing.ts";
import { pathId } from "./records.ts";

const maxRows = 100;

/** The outcome of one row. */
interface Item {
  readonly failed: boolean;
  readonly body: Json;
}

/** The rows of a write, 1 to 100. */
export function rowsOf(body: unknown): unknown[] {
  const data = isObject(body) ? body["data"] : undefined;
  if (!Array.isArray(data) || data.length === 0)
    throw invalidData({ expected_data_type: "jsonarray", api_name: "data" });
  if (data.length > maxRows) throw limitExceeded("record limit exceeded", maxRows);
  return data;
}

/** Runs each row on its own: an error of one row does not affect the others. */
export function eachRow(rows: unknown[], run: (row: Json, index: number) => Json): Item[] {
  return rows.map((row, index) => {
    try {
      if (!isObject(row)) throw invalidData({ expected_data_type: "jsonobject", index });
      return { failed: false, body: run(row, index) };
    } catch (error) {
      if (error instanceof BiginError) return { failed: true, body: errorBody(error) };
      throw error;
    }
  });
}

/** The status is `success` when all rows succeeded, 207 when some did, 400 when none did. */
export function itemsReply(items: Item[], success: number): ApiReply {
  const failures = items.filter((item) => item.failed).length;
  const status = failures === 0 ? success : failures === items.length ? 400 : 207;
  return { status, body: { data: items.map((item) => item.body) } };
}

function personOf(value: unknown): Json | null {
  return isObject(value) ? { name: value["name"], id: value["id"] } : null;
}

/** The outcome of a row that was written. */
export function written(record: StoredRecord, message: string, extra: Json = {}): Json {
  const isInsert = message === "record added";
  return {
    code: "SUCCESS",
    ...extra,
    details: {
      Modified_Time: record["Modified_Time"],
      Modified_By: personOf(record["Modified_By"]),
      Created_Time: record["Created_Time"],
      id: record.id,
      Created_By: personOf(record["Created_By"]),
      // Recorded for inserted companies and products, not for contacts. JSON drops what is undefined.
      $approval_state: isInsert && !("Full_Name" in record) ? "approved" : undefined,
    },
    message,
    status: "success",
  };
}

/** The outcome of a row that was linked, unlinked or deleted. */
export function succeeded(id: string, message: string): Json {
  return { code: "SUCCESS", details: { id }, message, status: "success" };
}

function insert(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const items = eachRow(rowsOf(request.body), (row, index) =>
    written(insertRow({ store: backend.store, def, index }, row), "record added"),
  );
  return itemsReply(items, 201);
}

function change(backend: Backend, def: ModuleDef, id: string, row: Json, index: number): Json {
  const { store } = backend;
  const record = store.records(def.api_name).get(id);
  if (!record) throw invalidId(id);
  return written(updateRow({ store, def, index }, record, row), "record updated");
}

/** By the documentation, single notes are updated and deleted through the path of their parent. */
function refuseNotes(def: ModuleDef, { store }: Backend): void {
  if (def.api_name === "Notes" && store.contract === "documented") throw wrongVerb();
}

function updateMany(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  refuseNotes(def, backend);
  const items = eachRow(rowsOf(request.body), (row, index) => {
    const id = asText(row["id"]);
    if (id === "") throw itemError("MANDATORY_NOT_FOUND", "required field not found", "id", index);
    return change(backend, def, id, row, index);
  });
  return itemsReply(items, 200);
}

function updateOne(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  refuseNotes(def, backend);
  const id = pathId(request);
  const rows = rowsOf(request.body).slice(0, 1);
  return itemsReply(
    eachRow(rows, (row, index) => change(backend, def, id, row, index)),
    200,
  );
}

function upsert(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const { store } = backend;
  const rows = rowsOf(request.body);
  const given = isObject(request.body) ? request.body["duplicate_check_fields"] : undefined;
  const keys = Array.isArray(given) ? given.map(asText) : def.upsertKeys;
  let updates = 0;
  const items = eachRow(rows, (row, index) => {
    const target = { store, def, index };
    const match = findDuplicate(backend, def, keys, row);
    if (!match) {
      const extra = { duplicate_field: null, action: "insert" };
      return written(insertRow(target, row), "record added", extra);
    }
    const record = updateRow(target, match.record, row);
    updates += 1;
    return written(record, "record updated", { duplicate_field: match.key, action: "update" });
  });
  return itemsReply(items, updates > 0 ? 200 : 201);
}

/** Bigin looks for a duplicate only when every check field has a value; otherwise it inserts. */
function findDuplicate(backend: Backend, def: ModuleDef, keys: readonly string[], row: Json) {
  if (keys.some((key) => asText(row[key]) === "")) return undefined;
  for (const key of keys) {
    const record = findBy(backend.store, def, key, asText(row[key]));
    if (record) return { key, record };
  }
  return undefined;
}

function remove(backend: Backend, def: ModuleDef, id: string): Json {
  const record = backend.store.records(def.api_name).get(id);
  if (!record) throw invalidId(id);
  deleteRecord(backend.store, def.api_name, record);
  return succeeded(id, "record deleted");
}

function deleteMany(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  const ids = request.query.get("ids");
  if (!ids) throw missingParam("ids");
  const list = ids.split(",").map((id) => id.trim());
  if (list.length > maxRows) throw limitExceeded("record limit exceeded", maxRows);
  const items = eachRow(
    list.map((id) => ({ id })),
    (row) => remove(backend, def, asText(row["id"])),
  );
  return itemsReply(items, 200);
}

function deleteOne(request: ApiRequest, backend: Backend): ApiReply {
  const def = moduleOf(request, backend);
  refuseNotes(def, backend);
  const id = pathId(request);
  return itemsReply(
    eachRow([{ id }], () => remove(backend, def, id)),
    200,
  );
}

export const writeRoutes: Route[] = [
  { verb: "POST", path: "/:module/upsert", scopes: moduleScope, handle: upsert },
  { verb: "POST", path: "/:module", scopes: moduleScope, handle: insert },
  { verb: "PUT", path: "/:module", scopes: moduleScope, handle: updateMany },
  { verb: "DELETE", path: "/:module", scopes: moduleScope, handle: deleteMany },
  { verb: "PUT", path: "/:module/:id", scopes: moduleScope, handle: updateOne },
  { verb: "DELETE", path: "/:module/:id", scopes: moduleScope, handle: deleteOne },
];
