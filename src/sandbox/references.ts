import { type Field, idOf, isObject, type Json, type ModuleDef } from "./schema.ts";
import type { SandboxStore, StoredRecord } from "./store.ts";

/** Puts a new name, or nothing, wherever a record is pointed at: lookups, deal lines, link rows. */
export function rewriteReferences(store: SandboxStore, id: string, reference: Json | null): void {
  for (const [module, def] of store.modules) {
    for (const record of store.records(module).values()) {
      const changed = changes(def, record, id, reference);
      if (changed) store.put(module, { ...record, ...changed, id: record.id });
    }
  }
}

function changes(
  def: ModuleDef,
  record: StoredRecord,
  id: string,
  reference: Json | null,
): Json | undefined {
  const changed: Json = {};
  for (const field of def.fields) {
    const value = repointed(field, record[field.api_name], id, reference);
    if (value !== undefined) changed[field.api_name] = value;
  }
  if (changed["What_Id"] === null) changed["$se_module"] = null;
  return Object.keys(changed).length > 0 ? changed : undefined;
}

/** The field's value after the change; undefined when it does not point at the record. */
function repointed(field: Field, value: unknown, id: string, reference: Json | null): unknown {
  if (field.type === "lookup") return idOf(value) === id ? reference : undefined;
  if (!Array.isArray(value) || (field.type !== "subform" && field.type !== "multiselectlookup")) {
    return undefined;
  }
  const key = field.type === "subform" ? "Product" : field.api_name;
  const points = (row: unknown): boolean => isObject(row) && idOf(row[key]) === id;
  if (!value.some(points)) return undefined;
  if (reference === null) return value.filter((row) => !points(row));
  return value.map((row) => (points(row) ? { ...row, [key]: reference } : row));
}
