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
  type Call,
  moduleOf,
  moduleScope,
  type Reply,
  type Route,
  type World,
} from "../routing.ts";
import { asText, isObject, type Json, type ModuleDef } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { deleteRecord, findBy, insertRow, updateRow } from "../writing.ts";
import { pathId } from "./records.ts";

const MAX_ROWS = 100;

interface Item {
  readonly failed: boolean;
  readonly body: Json;
}

const expectArray = () => invalidData({ expected_data_type: "jsonarray", api_name: "data" });

export function rowsOf(body: unknown): unknown[] {
  const data = isObject(body) ? body["data"] : undefined;
  if (!Array.isArray(data) || data.length === 0) throw expectArray();
  if (data.length > MAX_ROWS) throw limitExceeded("record limit exceeded", MAX_ROWS);
  return data;
}

/** Runs every row for itself: a refusal of one never touches the others. */
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

/** All went well: `success`; some: 207; none: 400, with the same `data`. */
export function itemsReply(items: Item[], success: number): Reply {
  const failures = items.filter((item) => item.failed).length;
  const status = failures === 0 ? success : failures === items.length ? 400 : 207;
  return { status, body: { data: items.map((item) => item.body) } };
}

const person = (value: unknown) =>
  isObject(value) ? { name: value["name"], id: value["id"] } : null;

/** Recorded for inserted companies and products, not for contacts. */
const APPROVED = { $approval_state: "approved" };

export function written(record: StoredRecord, message: string, extra: Json = {}): Json {
  return {
    code: "SUCCESS",
    ...extra,
    details: {
      Modified_Time: record["Modified_Time"],
      Modified_By: person(record["Modified_By"]),
      Created_Time: record["Created_Time"],
      id: record.id,
      Created_By: person(record["Created_By"]),
      ...(message === "record added" && !("Full_Name" in record) && APPROVED),
    },
    message,
    status: "success",
  };
}

export const done = (id: string, message: string): Json => ({
  code: "SUCCESS",
  details: { id },
  message,
  status: "success",
});

function insert(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const items = eachRow(rowsOf(call.body), (row, index) =>
    written(insertRow({ store: world.store, def, index }, row), "record added"),
  );
  return itemsReply(items, 201);
}

function change(world: World, def: ModuleDef, id: string, row: Json, index: number): Json {
  const { store } = world;
  const record = store.records(def.api_name).get(id);
  if (!record) throw invalidId(id);
  return written(updateRow({ store, def, index }, record, row), "record updated");
}

/** Notes are changed and deleted one by one through their parent's path. */
function refuseNotes(def: ModuleDef): void {
  if (def.api_name === "Notes") throw wrongVerb();
}

function updateMany(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  refuseNotes(def);
  const items = eachRow(rowsOf(call.body), (row, index) => {
    const id = asText(row["id"]);
    if (id === "") {
      throw new BiginError(400, "MANDATORY_NOT_FOUND", "required field not found", {
        api_name: "id",
        json_path: `$.data[${index}].id`,
      });
    }
    return change(world, def, id, row, index);
  });
  return itemsReply(items, 200);
}

function updateOne(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  refuseNotes(def);
  const id = pathId(call);
  const rows = rowsOf(call.body).slice(0, 1);
  return itemsReply(
    eachRow(rows, (row, index) => change(world, def, id, row, index)),
    200,
  );
}

function upsert(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const { store } = world;
  const rows = rowsOf(call.body);
  const given = isObject(call.body) ? call.body["duplicate_check_fields"] : undefined;
  const keys = Array.isArray(given) ? given.map(asText) : def.upsertKeys;
  let updates = 0;
  const items = eachRow(rows, (row, index) => {
    const target = { store, def, index };
    const match = matching(world, def, keys, row);
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

/** Bigin compares only when every check field has a value; else it simply inserts. */
function matching(world: World, def: ModuleDef, keys: readonly string[], row: Json) {
  if (keys.some((key) => asText(row[key]) === "")) return undefined;
  for (const key of keys) {
    const record = findBy(world.store, def, key, asText(row[key]));
    if (record) return { key, record };
  }
  return undefined;
}

function remove(world: World, def: ModuleDef, id: string): Json {
  const record = world.store.records(def.api_name).get(id);
  if (!record) throw invalidId(id);
  deleteRecord(world.store, def.api_name, record);
  return done(id, "record deleted");
}

function deleteMany(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  const ids = call.query.get("ids");
  if (!ids) throw missingParam("ids");
  const list = ids.split(",").map((id) => id.trim());
  if (list.length > MAX_ROWS) throw limitExceeded("record limit exceeded", MAX_ROWS);
  const items = eachRow(
    list.map((id) => ({ id })),
    (row) => remove(world, def, asText(row["id"])),
  );
  return itemsReply(items, 200);
}

function deleteOne(call: Call, world: World): Reply {
  const def = moduleOf(call, world);
  refuseNotes(def);
  const id = pathId(call);
  return itemsReply(
    eachRow([{ id }], () => remove(world, def, id)),
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
