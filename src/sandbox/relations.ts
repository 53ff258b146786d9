import { BiginError, invalidData } from "./errors.ts";
import { idOf, isObject, type Json, type ModuleDef, type RelatedList } from "./schema.ts";
import type { SandboxStore, StoredRecord } from "./store.ts";
import { productRow } from "./values.ts";

/** The related list with this name. Throws INVALID_DATA when the module has none. */
export function relatedList(def: ModuleDef, name: string): RelatedList {
  const list = def.related.find((entry) => entry.name === name);
  if (!list)
    throw invalidData({ resource_path_index: 2 }, "the relation name given seems to be invalid");
  return list;
}

function rowsIn(record: StoredRecord, field: string): Json[] {
  const value = record[field];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The records of a related list, newest first. */
export function relatedRecords(
  store: SandboxStore,
  list: RelatedList,
  parent: StoredRecord,
): StoredRecord[] {
  const candidates = [...store.records(list.module).values()].reverse();
  const { relation } = list;
  switch (relation.kind) {
    case "lookup":
      return candidates.filter((record) => idOf(record[relation.field]) === parent.id);
    case "notes":
      return candidates.filter((record) => idOf(record["Parent_Id"]) === parent.id);
    case "link": {
      const ids = store.linked(parent.id);
      return candidates.filter((record) => ids.has(record.id));
    }
    case "rows":
      return candidates.filter((record) => {
        const [holder, other] =
          list.module === relation.owner ? [record, parent] : [parent, record];
        return rowsIn(holder, relation.field).some((row) => idOf(row[relation.key]) === other.id);
      });
  }
}

/** Links two records. Returns whether they were linked before. */
export function addRelation(
  store: SandboxStore,
  list: RelatedList,
  parent: StoredRecord,
  other: StoredRecord,
  given: object,
): boolean {
  const existed = relatedRecords(store, list, parent).some((record) => record.id === other.id);
  const { relation } = list;
  if (relation.kind === "link") store.link(parent.id, other.id);
  else if (relation.kind === "rows") {
    const [holder, held] = list.module === relation.owner ? [other, parent] : [parent, other];
    const kept = rowsIn(holder, relation.field).filter(
      (row) => idOf(row[relation.key]) !== held.id,
    );
    const row = newRow(store, relation.key, held, given);
    if (!existed || Object.keys(given).length > 0) {
      store.put(relation.owner, { ...holder, [relation.field]: [...kept, row], id: holder.id });
    }
  } else throw notLinkable();
  return existed;
}

function newRow(store: SandboxStore, key: string, held: StoredRecord, given: object): unknown {
  if (key === "Product") return productRow(store, held.id, given);
  const name = store.find(held.id)?.name ?? "";
  return { id: store.nextId(), [key]: { name, id: held.id } };
}

/** Unlinks two records. Returns whether they were linked before. */
export function removeRelation(
  store: SandboxStore,
  list: RelatedList,
  parent: StoredRecord,
  id: string,
): boolean {
  const other = relatedRecords(store, list, parent).find((record) => record.id === id);
  const { relation } = list;
  if (relation.kind === "link") store.unlink(parent.id, id);
  else if (relation.kind === "rows") {
    if (!other) return false;
    const [holder, held] = list.module === relation.owner ? [other, parent] : [parent, other];
    const kept = rowsIn(holder, relation.field).filter(
      (row) => idOf(row[relation.key]) !== held.id,
    );
    store.put(relation.owner, { ...holder, [relation.field]: kept, id: holder.id });
  } else throw notLinkable();
  return other !== undefined;
}

function notLinkable(): BiginError {
  const message = "the relation cannot be changed through its list";
  return new BiginError(400, "NOT_SUPPORTED", message);
}

/** Linking moves Last_Activity_Time of both records and of a contact's company, but not Modified_Time. */
export function touchActivity(store: SandboxStore, ids: readonly string[]): void {
  const companies = ids.map((id) => idOf(store.find(id)?.record["Account_Name"]) ?? "");
  for (const id of [...ids, ...companies]) {
    const found = store.find(id);
    if (!found || !("Last_Activity_Time" in found.record)) continue;
    store.put(found.module, { ...found.record, Last_Activity_Time: store.stamp(), id });
  }
}
