import {
  type BiginError,
  invalidData,
  invalidId,
  missingParam,
  unknownModule,
  wrongVerb,
} from "../errors.ts";
import { tokenInfo, tokenPage } from "../paging.ts";
import { createProjection } from "../projection.ts";
import {
  addRelation,
  relatedList,
  relatedRecords,
  removeRelation,
  touchActivity,
} from "../relations.ts";
import {
  type ApiReply,
  type ApiRequest,
  type Backend,
  moduleOf,
  noContent,
  ok,
  type Route,
} from "../routing.ts";
import { asText, type Json, type ModuleDef, type RelatedList } from "../schema.ts";
import type { SandboxStore, StoredRecord } from "../store.ts";
import { deleteRecord, insertRow, updateRow } from "../writing.ts";
import { pathId, recordOf, requiredFields } from "./records.ts";
import { eachRow, itemsReply, rowsOf, succeeded, written } from "./writes.ts";

/** The parts of a path such as /Contacts/{id}/Notes. */
interface RelatedPath {
  readonly def: ModuleDef;
  readonly list: RelatedList;
  /** The module of the listed records. */
  readonly target: ModuleDef;
  /** Undefined if no record has this id. */
  readonly parent: StoredRecord | undefined;
}

function relatedPath(request: ApiRequest, backend: Backend): RelatedPath {
  const def = moduleOf(request, backend);
  const parent = recordOf(request, backend, def);
  const list = relatedList(def, request.params["list"] ?? "");
  const target = backend.store.modules.get(list.module);
  if (!target) throw unknownModule();
  return { def, list, target, parent };
}

function requireParent(request: ApiRequest, { parent }: RelatedPath): StoredRecord {
  if (!parent) throw invalidId(pathId(request));
  return parent;
}

function list(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  const fields = requiredFields(request.query, backend.settings);
  if (!path.parent) return noContent;
  const { tokenAlone } = backend.settings;
  const now = backend.store.now();
  const listing = { path: request.path, query: request.query, now, tokenAlone };
  const page = tokenPage(relatedRecords(backend.store, path.list, path.parent), listing);
  if (page.rows.length === 0) return noContent;
  const data = page.rows.map(createProjection(path.target, fields, "list", backend.settings));
  return ok({ data, info: tokenInfo(page, listing) });
}

function invalidRelatedId(id: string): BiginError {
  return invalidData({ id }, "the related id given seems to be invalid");
}

function link(
  path: RelatedPath,
  parent: StoredRecord,
  id: string,
  backend: Backend,
  given: object,
) {
  const other = backend.store.records(path.target.api_name).get(id);
  if (!other) throw invalidRelatedId(id);
  const existed = addRelation(backend.store, path.list, parent, other, given);
  touchActivity(backend.store, [parent.id, id]);
  return succeeded(id, existed ? "relation updated" : "relation added");
}

function unlink(path: RelatedPath, parent: StoredRecord, id: string, backend: Backend) {
  if (!removeRelation(backend.store, path.list, parent, id)) throw invalidRelatedId(id);
  return succeeded(id, "relation removed");
}

function linkMany(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  if (path.list.relation.kind === "notes") throw wrongVerb();
  const parent = requireParent(request, path);
  const items = eachRow(rowsOf(request.body), ({ id, ...given }) => {
    return link(path, parent, asText(id), backend, given);
  });
  return itemsReply(items, 200);
}

function unlinkMany(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  if (path.list.relation.kind === "notes") throw wrongVerb();
  const parent = requireParent(request, path);
  const ids = request.query.get("ids");
  if (!ids) throw missingParam("ids");
  const rows = ids.split(",").map((id) => ({ id: id.trim() }));
  return itemsReply(
    eachRow(rows, ({ id }) => unlink(path, parent, asText(id), backend)),
    200,
  );
}

/** Notes only: other records are created in their own module and then linked. */
function createNotes(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  if (path.list.relation.kind !== "notes") throw wrongVerb();
  const parent = requireParent(request, path);
  const { store } = backend;
  const items = eachRow(rowsOf(request.body), (row, index) =>
    createNote(path, parent, store, row, index),
  );
  return itemsReply(items, 201);
}

function createNote(
  { def: { api_name }, target: def }: RelatedPath,
  parent: StoredRecord,
  store: SandboxStore,
  row: Json,
  index: number,
): Json {
  const parentKeys = { Parent_Id: { id: parent.id, module: { api_name } }, $se_module: api_name };
  return written(insertRow({ store, def, index }, { ...row, ...parentKeys }), "record added");
}

function relatedRecord(request: ApiRequest, backend: Backend, path: RelatedPath): StoredRecord {
  const id = pathId(request, "related");
  const found = relatedRecords(backend.store, path.list, requireParent(request, path)).find(
    (record) => record.id === id,
  );
  if (!found) throw invalidRelatedId(id);
  return found;
}

function putOne(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  const id = pathId(request, "related");
  const { store } = backend;
  const rows = rowsOf(request.body).slice(0, 1);
  const items = eachRow(rows, (row, index) => {
    if (path.list.relation.kind !== "notes") {
      return link(path, requireParent(request, path), id, backend, row);
    }
    // Seen on one live client: on this path the engine only ever creates.
    if (store.contract === "engine")
      return createNote(path, requireParent(request, path), store, row, index);
    const { Parent_Id: _, ...change } = row;
    const note = relatedRecord(request, backend, path);
    return written(updateRow({ store, def: path.target, index }, note, change), "record updated");
  });
  return itemsReply(items, 200);
}

function deleteOne(request: ApiRequest, backend: Backend): ApiReply {
  const path = relatedPath(request, backend);
  const id = pathId(request, "related");
  const items = eachRow([{}], () => {
    if (path.list.relation.kind !== "notes")
      return unlink(path, requireParent(request, path), id, backend);
    deleteRecord(backend.store, "Notes", relatedRecord(request, backend, path));
    return succeeded(id, "record deleted");
  });
  return itemsReply(items, 200);
}

/** The grant must cover the module of the parent and, where the list is named like a module, the listed one. */
function scopes(params: Readonly<Record<string, string>>): string[] {
  const name = params["list"] ?? "";
  return /^[A-Z]/.test(name)
    ? [`modules.${params["module"]}`, `modules.${name}`]
    : [`modules.${params["module"]}`];
}

const listPath = "/:module/:id/:list";
const onePath = `${listPath}/:related`;

export const relatedRoutes: Route[] = [
  { verb: "GET", path: listPath, scopes, handle: list },
  { verb: "POST", path: listPath, scopes, handle: createNotes },
  { verb: "PUT", path: listPath, scopes, handle: linkMany },
  { verb: "DELETE", path: listPath, scopes, handle: unlinkMany },
  { verb: "PUT", path: onePath, scopes, handle: putOne },
  { verb: "DELETE", path: onePath, scopes, handle: deleteOne },
];
