import { derive } from "./derive.ts";
import type { BiginError } from "./errors.ts";
import { rewriteReferences } from "./references.ts";
import { asText, type Field, idOf, isObject, type Json, type ModuleDef } from "./schema.ts";
import type { SandboxStore, StoredRecord } from "./store.ts";
import { teamPipeline } from "./team-pipeline.ts";
import { itemError, PendingParent, readValue } from "./values.ts";

/** Where a row of a write goes, and its position in the request. */
interface RowTarget {
  readonly store: SandboxStore;
  readonly def: ModuleDef;
  readonly index: number;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function missingField(name: string, index: number): BiginError {
  return itemError("MANDATORY_NOT_FOUND", "required field not found", name, index);
}

/** Inserts one row. Throws the error of its item in the reply. */
export function insertRow(target: RowTarget, row: Json): StoredRecord {
  const { store, def, index } = target;
  for (const field of def.fields) {
    const isInsistedOn = field.flags.has("mandatory") && field.api_name !== "Call_Duration";
    if (isInsistedOn && isEmpty(row[field.api_name])) throw missingField(field.api_name, index);
  }
  const patch = readRow(target, row);
  Object.assign(patch, teamPipeline(def, row, patch, index));
  refuseDuplicates(target, patch, undefined);
  createParents(store, patch);
  const now = store.stamp();
  const me = store.actor();
  return saveRow(target, {
    ...blankRecord(def),
    Owner: me,
    Created_By: me,
    Modified_By: me,
    Created_Time: now,
    ...patch,
    Modified_Time: now,
    id: store.nextId(),
  });
}

/** Changes the given fields only. Like Bigin, advances Modified_Time even when nothing differs. */
export function updateRow(target: RowTarget, record: StoredRecord, row: Json): StoredRecord {
  const { store, def, index } = target;
  for (const field of def.fields) {
    const given = row[field.api_name];
    if (field.flags.has("mandatory") && given !== undefined && isEmpty(given))
      throw missingField(field.api_name, index);
  }
  const patch = readRow(target, row, record);
  Object.assign(patch, teamPipeline(def, row, { ...record, ...patch }, index));
  refuseDuplicates(target, patch, record.id);
  createParents(store, patch);
  return saveRow(target, {
    ...record,
    ...patch,
    Modified_Time: store.stamp(),
    Modified_By: store.actor(),
    id: record.id,
  });
}

function saveRow(target: RowTarget, draft: StoredRecord): StoredRecord {
  const { store, def } = target;
  const before = store.records(def.api_name).get(draft.id);
  const active = def.byName.has("Last_Activity_Time") ? { Last_Activity_Time: store.stamp() } : {};
  const record = derive(def.api_name, { ...draft, ...active }, store.stamp());
  store.put(def.api_name, record);
  const name = store.nameOf(def.api_name, record);
  if (before && store.nameOf(def.api_name, before) !== name)
    rewriteReferences(store, record.id, { name, id: record.id });
  return record;
}

/** The values to store. Like Bigin, silently drops unknown and read-only fields. */
function readRow(target: RowTarget, row: Json, record?: StoredRecord): Json {
  const { store, def, index } = target;
  const pointedAt = pointedModule(store, def, row, record);
  const patch: Json = {};
  for (const [name, value] of Object.entries(row)) {
    const field = def.byName.get(name);
    if (!field || field.flags.has("system") || field.type === "layout") continue;
    const module = field.type === "tag" ? def.api_name : pointedAt;
    const input = { store, field, index, module };
    patch[name] = value === null ? emptyOf(field) : readValue(value, input);
  }
  return { ...patch, ...withModule(store, def, patch, pointedAt) };
}

/** The module that the open lookup of a row points at, next to the lookup or in it. Clearing the lookup clears it too. */
function withModule(
  store: SandboxStore,
  { openLookup }: ModuleDef,
  patch: Json,
  module: string | undefined,
): Json {
  if (!openLookup || !(openLookup.field in patch)) return {};
  const { field, moduleKey } = openLookup;
  const value = patch[field];
  const target = store.modules.get(module ?? "");
  if (moduleKey !== undefined) return { [moduleKey]: value ? (target?.engineName ?? null) : null };
  if (!isObject(value) || !target) return {};
  return { [field]: { ...value, module: { api_name: target.engineName, id: target.id } } };
}

/** The module that the open lookup of a row points at, by either of its names. */
function pointedModule(
  store: SandboxStore,
  { openLookup }: ModuleDef,
  row: Json,
  record?: StoredRecord,
): string | undefined {
  if (!openLookup) return undefined;
  const { field, moduleKey } = openLookup;
  const inValue = (source: Json | undefined) => {
    const value = source?.[field];
    const module = isObject(value) ? value["module"] : undefined;
    return isObject(module) ? module["api_name"] : undefined;
  };
  const given =
    moduleKey === undefined
      ? (inValue(row) ?? inValue(record))
      : (row[moduleKey] ?? row[moduleKey.replace("$", "")] ?? record?.[moduleKey]);
  const name = asText(given);
  return [...store.modules.values()].find(
    (module) => module.api_name === name || module.engineName === name,
  )?.api_name;
}

/** How an error names the record that has the value already: by its id, or as the engine does. */
function twinDetails({ store, def }: RowTarget, twin: StoredRecord): Json {
  if (store.contract === "documented") return { id: twin.id };
  const module = { api_name: def.engineName, id: def.id };
  return { duplicate_record: { id: twin.id, Owner: twin["Owner"], module } };
}

function refuseDuplicates(target: RowTarget, patch: Json, self: string | undefined): void {
  const { store, def, index } = target;
  for (const field of def.fields) {
    const value = patch[field.api_name];
    if (!field.flags.has("unique") || typeof value !== "string") continue;
    const twin = findBy(store, def, field.api_name, value);
    if (twin && twin.id !== self)
      throw itemError(
        "DUPLICATE_DATA",
        "duplicate data",
        field.api_name,
        index,
        twinDetails(target, twin),
      );
  }
}

/** The oldest record with this value. Ignores case, as Bigin does for unique fields. */
export function findBy(
  store: SandboxStore,
  def: ModuleDef,
  name: string,
  value: string,
): StoredRecord | undefined {
  const wanted = value.toLowerCase();
  for (const record of store.records(def.api_name).values()) {
    if (asText(record[name]).toLowerCase() === wanted) return record;
  }
  return undefined;
}

function createParents(store: SandboxStore, patch: Json): void {
  for (const [name, value] of Object.entries(patch)) {
    if (!(value instanceof PendingParent)) continue;
    const def = store.modules.get(value.module);
    if (!def) continue;
    const parent =
      findBy(store, def, def.display, value.name) ??
      insertRow({ store, def, index: 0 }, { [def.entry]: value.name });
    patch[name] = { name: store.nameOf(def.api_name, parent), id: parent.id };
  }
}

function emptyOf(field: Field): unknown {
  switch (field.type) {
    case "boolean":
      return field.flags.has("initial");
    case "tag":
    case "subform":
    case "multiselectlookup":
    case "multiselectpicklist":
      return [];
    default:
      return null;
  }
}

function initialOf(field: Field): unknown {
  if (field.type === "bigint" && field.flags.has("system")) return "0";
  if (field.type === "picklist" && field.flags.has("initial")) return field.options[0];
  return emptyOf(field);
}

const blankRecords = new WeakMap<ModuleDef, Json>();

/** A record of the module before any value is set. Records share its empty lists, which are frozen. */
export function blankRecord(def: ModuleDef): Json {
  const known = blankRecords.get(def);
  if (known) return known;
  const values = def.fields.map((field) => [field.api_name, Object.freeze(initialOf(field))]);
  const blank: Json = Object.freeze(Object.fromEntries(values));
  blankRecords.set(def, blank);
  return blank;
}

/** Deletes a record, its notes and every reference to it; with a company, also its contacts (seen live). */
export function deleteRecord(store: SandboxStore, module: string, record: StoredRecord): void {
  store.remove(module, record, store.nameOf(module, record));
  for (const other of store.linked(record.id)) store.unlink(record.id, other);
  const notes = [...store.records("Notes").values()];
  for (const note of notes.filter((one) => idOf(one["Parent_Id"]) === record.id))
    deleteRecord(store, "Notes", note);
  const contacts = module === "Accounts" ? [...store.records("Contacts").values()] : [];
  for (const contact of contacts.filter((one) => idOf(one["Account_Name"]) === record.id))
    deleteRecord(store, "Contacts", contact);
  rewriteReferences(store, record.id, null);
}
