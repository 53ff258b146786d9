import { ownValue } from "../../shared/own-value.ts";
import { unlessFailed, unlessRefused } from "../api/batch.ts";
import { areNamed, type FieldMeta, type Metadata } from "../api/metadata.ts";
import type { RecordReads } from "../api/records.ts";
import { fieldTypes, typeOf } from "../field-types.ts";
import {
  activityModules,
  familyIn,
  linkNames,
  moduleOfEngine,
  nameInFamily,
  otherLinkName,
} from "./activity-links.ts";
import type { Field, Schema } from "./fields.ts";
import { inferredFields, linksInRecords } from "./inferred-fields.ts";
import { standardFields } from "./standard-fields.ts";

/** Loads a module's schema from its metadata, or else as `schemaFromRecords` does. */
export async function loadSchema(
  metadata: Metadata,
  reads: RecordReads,
  module: string,
): Promise<Schema> {
  const listed = await unlessRefused(metadata.fields(module), undefined);
  if (!listed) return schemaFromRecords(reads, module);
  const { items, skipped } = listed;
  const standard = standardOf(module);
  const isNameMarked = items.some((field) => field.display_field);
  const fields = distinct(items)
    .filter((field) => field.visible)
    .map((field) => fromMetadata(field, module, standard))
    .map((field) => (isNameMarked ? field : withNameMarked(field, standard)));
  const schema = {
    module,
    checked: true,
    complete: skipped === 0,
    skipped,
    lacksLabels: items.some((field) => field.field_label === undefined),
    linksAssumed: false,
    fields,
  };
  if (skipped === 0) return schema;
  const names = items.map((field) => field.api_name);
  return { ...schema, ...(await withStandard(reads, schema, names)) };
}

/**
 * The schema of a module whose metadata cannot be read, or of which Bigin has none (Attachments, Emails): Bigin's standard
 * fields, and what a record shows besides.
 */
export async function schemaFromRecords(reads: RecordReads, module: string): Promise<Schema> {
  const isActivity = activityModules.has(module);
  const standard = standardOf(module);
  const known = standard.map((field) => field.apiName).filter((name) => !linkNames.includes(name));
  const others = await inferredFields(reads, module, new Set(known));
  const family = isActivity ? familyIn((others ?? []).map((field) => field.apiName)) : undefined;
  const named = inFamily(standard, family);
  const taken = new Set(named.map((field) => field.apiName));
  return {
    module,
    checked: false,
    complete: others !== undefined,
    skipped: 0,
    linksAssumed: isActivity && !family,
    fields: [...named, ...(others ?? []).filter((field) => !taken.has(field.apiName))],
  };
}

/** Metadata may not say which field names a record. */
function withNameMarked(field: Field, standard: readonly Field[]): Field {
  const isName = standard.some((one) => one.apiName === field.apiName && one.display);
  return { ...field, display: isName };
}

/** Each field once: the first of its name. */
function distinct(items: readonly FieldMeta[]): FieldMeta[] {
  const names = items.map((field) => field.api_name);
  return items.filter((field, at) => names.indexOf(field.api_name) === at);
}

/**
 * Adds Bigin's standard fields to metadata of which some could not be read. `names` has those that could. The links of
 * activities are added under the names that the other link or the records show.
 */
async function withStandard(
  reads: RecordReads,
  { module, fields }: Pick<Schema, "module" | "fields">,
  names: readonly string[],
): Promise<Pick<Schema, "fields" | "linksAssumed" | "isForNow">> {
  const standard = standardOf(module);
  if (!activityModules.has(module))
    return { fields: added(fields, standard, names), linksAssumed: false };
  const seen = familyIn(names)
    ? names
    : await unlessFailed(linksInRecords(reads, module), undefined);
  const family = familyIn(seen ?? []);
  return {
    fields: added(fields, inFamily(standard, family), names),
    linksAssumed: !family,
    ...(seen === undefined && { isForNow: true }),
  };
}

function added(fields: readonly Field[], standard: readonly Field[], names: readonly string[]) {
  const known = new Set(names);
  return [...fields, ...standard.filter(({ apiName }) => !known.has(apiName))];
}

function standardOf(module: string): Field[] {
  return ownValue(standardFields, module)?.trim().split(/\n+/).map(fromLine) ?? [];
}

/** The fields of an activity, with its links under the names of a family. */
function inFamily(fields: readonly Field[], family: ReturnType<typeof familyIn>): readonly Field[] {
  if (!family) return fields;
  return fields.map((field) => ({ ...field, apiName: nameInFamily(field.apiName, family) }));
}

/** Bigin refuses these in criteria although their metadata call them searchable (docs/reference/bigin-api.md §2.5). */
const neverSearchable = new Set(["Sub_Pipeline", "Pipeline", "Layout"]);

/** Marked as mandatory, and yet Bigin accepts records without them (docs/reference/bigin-api.md §2.4). */
const neverInsistedOn = new Set(["Calls.Call_Duration"]);

function fromMetadata(meta: FieldMeta, module: string, standard: readonly Field[]): Field {
  const usual = usualOf(meta.api_name, module, standard);
  return {
    apiName: meta.api_name,
    label: meta.field_label ?? meta.api_name.replaceAll("_", " "),
    type: typeNameOf(meta, module, usual),
    mandatory: meta.system_mandatory && !neverInsistedOn.has(`${module}.${meta.api_name}`),
    // `field_read_only` is ignored: it is set on the owner, which can be written (docs/reference/bigin-api.md §2.3).
    readOnly: meta.read_only || !(meta.view_type.create || meta.view_type.edit),
    closedTo: meta.profiles.items
      .filter((profile) => profile.permission_type !== "read_write")
      .map((profile) => profile.id),
    unique: Object.keys(meta.unique).length > 0,
    searchable: meta.searchable && !neverSearchable.has(meta.api_name),
    sortable: meta.sortable,
    display: meta.display_field,
    custom: meta.custom_field,
    inferred: false,
    maxLength: meta.length || undefined,
    options: meta.pick_list_values.items.map(({ value, label = value }) => ({ value, label })),
    allOptions: areNamed(meta.pick_list_values),
    target: targetOf(meta, usual),
  };
}

/** The standard field of this name, or that of an activity's link by its other name. */
function usualOf(apiName: string, module: string, standard: readonly Field[]): Field | undefined {
  const other = activityModules.has(module) ? otherLinkName(apiName) : undefined;
  return standard.find((field) => field.apiName === apiName || field.apiName === other);
}

/**
 * The module that a lookup points at; undefined if it can be any, which the engine calls "se_module", or if it is not
 * known.
 */
function targetOf({ api_name, lookup }: FieldMeta, usual: Field | undefined): string | undefined {
  // The metadata of a list of lookups name no module (docs/reference/bigin-api.md §2.2).
  if (api_name === "Secondary_Contacts") return "Contacts";
  if (usual?.target) return usual.target;
  const { module } = lookup;
  return module === undefined || module === anyModule ? undefined : moduleOfEngine(module);
}

/** The engine's name for any module. */
const anyModule = "se_module";

/** Types by `json_type`, for fields whose data type is missing or not known (docs/reference/bigin-api.md §6). */
const typeByJson: Readonly<Record<string, string>> = {
  boolean: "boolean",
  integer: "integer",
  long: "integer",
  double: "double",
  float: "double",
  jsonobject: "json",
  jsonarray: "json",
  string: "text",
};

/** The data type, except where it is not known or hides the form of the value: tags, team pipelines, structures. */
function typeNameOf(meta: FieldMeta, module: string, usual: Field | undefined): string {
  const type = plainTypeOf(meta, usual);
  return type === "json" ? (ownValue(structures, `${module}.${meta.api_name}`) ?? type) : type;
}

/** What holds a structure whose form is known, whatever type its metadata give it (docs/reference/bigin-api.md §6). */
const structures: Readonly<Record<string, string>> = {
  "Tasks.Remind_At": "ALARM",
  "Events.Remind_At": "multireminder",
  "Tasks.Recurring_Activity": "RRULE",
  "Events.Recurring_Activity": "RRULE",
  "Events.Participants": "participants",
};

function plainTypeOf(meta: FieldMeta, usual: Field | undefined): string {
  const { api_name, data_type = "", json_type = "", lookup } = meta;
  if (api_name === "Tag") return "tag";
  if (api_name === "Pipeline" && data_type === "bigint") return "layout";
  const isStructure = json_type.startsWith("json") && ["text", "bigint"].includes(data_type);
  if (isStructure) return "json";
  if (data_type === "lookup" && lookup.module === anyModule) return "multi_module_lookup";
  if (fieldTypes.has(data_type)) return data_type;
  if (usual) return usual.type;
  if (json_type === "jsonobject" && lookup.module !== undefined) return "lookup";
  return ownValue(typeByJson, json_type) ?? "unknown";
}

/** Parses a line of standard-fields.ts. */
function fromLine(line: string): Field {
  const [apiName = "", label = "", kind = "", rest = ""] = line
    .split("|")
    .map((part) => part.trim());
  const [type = "", length] = kind.split(" ");
  const [flags = "", target] = rest.split(">").map((part) => part.trim());
  return {
    apiName,
    label,
    type,
    mandatory: flags.includes("mandatory"),
    readOnly: flags.includes("system"),
    closedTo: [],
    unique: flags.includes("unique"),
    searchable: !flags.includes("unsearchable"),
    sortable: !typeOf({ type }).isLong,
    display: flags.includes("display"),
    custom: false,
    inferred: false,
    maxLength: length === undefined ? undefined : Number(length),
    options: [],
    allOptions: true,
    target: target || undefined,
  };
}
