import { ownValue } from "../../shared/own-value.ts";
import { unlessRefused } from "../api/batch.ts";
import type { FieldMeta, Metadata } from "../api/metadata.ts";
import type { RecordReads } from "../api/records.ts";
import { fieldTypes, typeOf } from "../field-types.ts";
import { activityModules, moduleOfEngine, otherLinkName } from "./activity-links.ts";
import type { Field, Schema } from "./fields.ts";
import { inferredFields } from "./inferred-fields.ts";
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
  const read = items.filter((field) => field.visible).map((field) => fromMetadata(field, module));
  const fields = skipped > 0 ? withStandard(read, module) : read;
  return { module, checked: true, complete: skipped === 0, skipped, linksAssumed: false, fields };
}

/**
 * The schema of a module whose metadata cannot be read, or of which Bigin has none (Attachments, Emails): Bigin's standard
 * fields, and what a record shows besides.
 */
export async function schemaFromRecords(reads: RecordReads, module: string): Promise<Schema> {
  const standard = standardOf(module);
  const known = new Set(standard.map((field) => field.apiName));
  const others = await inferredFields(reads, module, known);
  return {
    module,
    checked: false,
    complete: others !== undefined,
    skipped: 0,
    linksAssumed: activityModules.has(module) && others === undefined,
    fields: activityModules.has(module)
      ? withSeenLinks(standard, others ?? [])
      : [...standard, ...(others ?? [])],
  };
}

/** Adds Bigin's standard fields to metadata of which some could not be read. */
function withStandard(fields: readonly Field[], module: string): Field[] {
  const known = new Set(
    fields.flatMap(({ apiName }) => [apiName, otherLinkName(apiName) ?? apiName]),
  );
  return [...fields, ...standardOf(module).filter(({ apiName }) => !known.has(apiName))];
}

function standardOf(module: string): Field[] {
  return ownValue(standardFields, module)?.trim().split(/\n+/).map(fromLine) ?? [];
}

/** The fields of an activity, with its links under the names that a record shows. */
function withSeenLinks(standard: readonly Field[], others: readonly Field[]): Field[] {
  const seen = new Set(others.map((field) => field.apiName));
  const renamed = standard.map((field) => {
    const other = otherLinkName(field.apiName);
    return other && seen.has(other) ? { ...field, apiName: other } : field;
  });
  const taken = new Set(renamed.map((field) => field.apiName));
  return [...renamed, ...others.filter((field) => !taken.has(field.apiName))];
}

/** Bigin refuses these in criteria although their metadata call them searchable (docs/reference/bigin-api.md §2.5). */
const neverSearchable = new Set(["Sub_Pipeline", "Pipeline", "Layout"]);

/** Marked as mandatory, and yet Bigin accepts records without them (docs/reference/bigin-api.md §2.4). */
const neverInsistedOn = new Set(["Calls.Call_Duration"]);

function fromMetadata(meta: FieldMeta, module: string): Field {
  return {
    apiName: meta.api_name,
    label: meta.field_label ?? meta.api_name.replaceAll("_", " "),
    type: typeNameOf(meta, module),
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
    maxLength: meta.length,
    options: meta.pick_list_values.items.map((one) => ({
      value: one.actual_value,
      label: one.display_value,
    })),
    allOptions: meta.pick_list_values.skipped === 0,
    target: targetOf(meta),
  };
}

/** The module that a lookup points at; undefined if it can be any, which the engine calls "se_module". */
function targetOf({ api_name, lookup }: FieldMeta): string | undefined {
  // The metadata of a list of lookups name no module (docs/reference/bigin-api.md §2.2).
  if (api_name === "Secondary_Contacts") return "Contacts";
  return lookup.module === undefined || lookup.module === "se_module"
    ? undefined
    : moduleOfEngine(lookup.module);
}

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
function typeNameOf(meta: FieldMeta, module: string): string {
  const type = plainTypeOf(meta);
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

function plainTypeOf({ api_name, data_type = "", json_type = "", lookup }: FieldMeta): string {
  if (api_name === "Tag") return "tag";
  if (api_name === "Pipeline" && data_type === "bigint") return "layout";
  const isStructure = json_type.startsWith("json") && ["text", "bigint"].includes(data_type);
  if (isStructure) return "json";
  if (fieldTypes.has(data_type)) return data_type;
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
