import { invalidData, invalidId, missingParam, unknownModule, wrongVerb } from "../errors.ts";
import { tokenInfo, tokenPage } from "../paging.ts";
import { project } from "../projection.ts";
import {
  addRelation,
  relatedList,
  relatedRecords,
  removeRelation,
  touchActivity,
} from "../relations.ts";
import {
  type Call,
  moduleOf,
  nothing,
  ok,
  type Reply,
  type Route,
  type World,
} from "../routing.ts";
import { asText, type ModuleDef, type RelatedList } from "../schema.ts";
import type { StoredRecord } from "../store.ts";
import { deleteRecord, insertRow, updateRow } from "../writing.ts";
import { pathId, recordOf, requiredFields } from "./records.ts";
import { done, eachRow, itemsReply, rowsOf, written } from "./writes.ts";

interface Place {
  readonly def: ModuleDef;
  readonly list: RelatedList;
  readonly target: ModuleDef;
  readonly parent: StoredRecord | undefined;
}

function place(call: Call, world: World): Place {
  const def = moduleOf(call, world);
  const parent = recordOf(call, world, def);
  const list = relatedList(def, call.params["list"] ?? "");
  const target = world.store.modules.get(list.module);
  if (!target) throw unknownModule();
  return { def, list, target, parent };
}

function existing(call: Call, { parent }: Place): StoredRecord {
  if (!parent) {
    throw invalidId(pathId(call));
  }
  return parent;
}

function list(call: Call, world: World): Reply {
  const here = place(call, world);
  const fields = requiredFields(call.query);
  if (!here.parent) return nothing;
  const listing = { path: call.path, query: call.query, now: world.store.now() };
  const page = tokenPage(relatedRecords(world.store, here.list, here.parent), listing);
  if (page.rows.length === 0) return nothing;
  const data = page.rows.map((row) => project(here.target, row, fields, "list"));
  return ok({ data, info: tokenInfo(page, listing) });
}

const badRelated = (id: string) => invalidData({ id }, "the related id given seems to be invalid");

function link(here: Place, parent: StoredRecord, id: string, world: World, given: object) {
  const other = world.store.records(here.target.api_name).get(id);
  if (!other) throw badRelated(id);
  const existed = addRelation(world.store, here.list, parent, other, given);
  touchActivity(world.store, [parent.id, id]);
  return done(id, existed ? "relation updated" : "relation added");
}

function unlink(here: Place, parent: StoredRecord, id: string, world: World) {
  if (!removeRelation(world.store, here.list, parent, id)) throw badRelated(id);
  return done(id, "relation removed");
}

function linkMany(call: Call, world: World): Reply {
  const here = place(call, world);
  if (here.list.relation.kind === "notes") throw wrongVerb();
  const parent = existing(call, here);
  const items = eachRow(rowsOf(call.body), ({ id, ...given }) => {
    return link(here, parent, asText(id), world, given);
  });
  return itemsReply(items, 200);
}

function unlinkMany(call: Call, world: World): Reply {
  const here = place(call, world);
  if (here.list.relation.kind === "notes") throw wrongVerb();
  const parent = existing(call, here);
  const ids = call.query.get("ids");
  if (!ids) throw missingParam("ids");
  const rows = ids.split(",").map((id) => ({ id: id.trim() }));
  return itemsReply(
    eachRow(rows, ({ id }) => unlink(here, parent, asText(id), world)),
    200,
  );
}

/** Only notes are made in their list; other records are made in their module, then linked. */
function createNotes(call: Call, world: World): Reply {
  const here = place(call, world);
  if (here.list.relation.kind !== "notes") throw wrongVerb();
  const parent = existing(call, here);
  const { store } = world;
  const owned = { Parent_Id: { id: parent.id }, $se_module: here.def.api_name };
  const items = eachRow(rowsOf(call.body), (row, index) =>
    written(insertRow({ store, def: here.target, index }, { ...row, ...owned }), "record added"),
  );
  return itemsReply(items, 201);
}

function relatedRecord(call: Call, world: World, here: Place): StoredRecord {
  const id = pathId(call, "related");
  const found = relatedRecords(world.store, here.list, existing(call, here)).find(
    (record) => record.id === id,
  );
  if (!found) throw badRelated(id);
  return found;
}

function putOne(call: Call, world: World): Reply {
  const here = place(call, world);
  const id = pathId(call, "related");
  const { store } = world;
  const rows = rowsOf(call.body).slice(0, 1);
  const items = eachRow(rows, (row, index) => {
    if (here.list.relation.kind !== "notes") {
      return link(here, existing(call, here), id, world, row);
    }
    const { Parent_Id: _, ...change } = row;
    const note = relatedRecord(call, world, here);
    return written(updateRow({ store, def: here.target, index }, note, change), "record updated");
  });
  return itemsReply(items, 200);
}

function deleteOne(call: Call, world: World): Reply {
  const here = place(call, world);
  const id = pathId(call, "related");
  const items = eachRow([{}], () => {
    if (here.list.relation.kind !== "notes") return unlink(here, existing(call, here), id, world);
    deleteRecord(world.store, "Notes", relatedRecord(call, world, here));
    return done(id, "record deleted");
  });
  return itemsReply(items, 200);
}

/** Both the parent's module and the listed one must be granted; an unknown list needs no grant. */
const scopes: Route["scopes"] = (params) => {
  const name = params["list"] ?? "";
  return /^[A-Z]/.test(name)
    ? [`modules.${params["module"]}`, `modules.${name}`]
    : [`modules.${params["module"]}`];
};

const PATH = "/:module/:id/:list";
export const relatedRoutes: Route[] = [
  { verb: "GET", path: PATH, scopes, handle: list },
  { verb: "POST", path: PATH, scopes, handle: createNotes },
  { verb: "PUT", path: PATH, scopes, handle: linkMany },
  { verb: "DELETE", path: PATH, scopes, handle: unlinkMany },
  { verb: "PUT", path: `${PATH}/:related`, scopes, handle: putOne },
  { verb: "DELETE", path: `${PATH}/:related`, scopes, handle: deleteOne },
];
