import { type Field, idOf, isObject, type Json } from "./schema.ts";
import type { SandboxStore, StoredRecord } from "./store.ts";

/**
 * Replaces every reference to a record, in lookups, product lines and link rows. Null removes the reference.
 */
export function rewriteReferences(store: SandboxStore, id: string, reference: Json | null): void {
  for (const [module, def] of store.modules) {
    const fields = def.fields.filter(({ type }) => referring.has(type));
    for (const record of store.records(module).values()) {
      const changed = changedReferences(fields, record, id, reference);
      const moduleKey = def.openLookup?.moduleKey;
      if (changed && moduleKey && changed[def.openLookup?.field ?? ""] === null)
        changed[moduleKey] = null;
      if (changed) store.put(module, { ...record, ...changed, id: record.id });
    }
  }
}

const lookups: ReadonlySet<string> = new Set(["lookup", "multi_module_lookup"]);
const referring: ReadonlySet<string> = new Set([...lookups, "subform", "multiselectlookup"]);

function changedReferences(
  fields: readonly Field[],
  record: StoredRecord,
  id: string,
  reference: Json | null,
): Json | undefined {
  const changed: Json = {};
  for (const field of fields) {
    const value = withReference(field, record[field.api_name], id, reference);
    if (value !== undefined) changed[field.api_name] = value;
  }
  return Object.keys(changed).length > 0 ? changed : undefined;
}

/** The field's value after the change; undefined if it does not refer to the record. */
function withReference(field: Field, value: unknown, id: string, reference: Json | null): unknown {
  if (lookups.has(field.type)) {
    if (idOf(value) !== id) return undefined;
    const module = isObject(value) && "module" in value ? { module: value["module"] } : {};
    return reference && { ...module, ...reference };
  }
  if (!Array.isArray(value)) return undefined;
  const key = field.type === "subform" ? "Product" : field.api_name;
  const refers = (row: unknown): boolean => isObject(row) && idOf(row[key]) === id;
  if (!value.some(refers)) return undefined;
  if (reference === null) return value.filter((row) => !refers(row));
  return value.map((row) => (refers(row) ? { ...row, [key]: reference } : row));
}
