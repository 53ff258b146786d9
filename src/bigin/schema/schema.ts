import { Failure } from "../../shared/failure.ts";
import type { FieldMeta, Metadata } from "../api/metadata.ts";
import type { RecordReads } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import type { Field, Schema } from "./fields.ts";
import { inferredFields } from "./inferred-fields.ts";
import { standardFields } from "./standard-fields.ts";

/**
 * Loads a module's schema from its metadata. If the connection is not granted them, or Bigin has none (Attachments,
 * Emails), the schema has Bigin's standard fields; if they are not granted, also the fields found in records.
 */
export async function loadSchema(
  metadata: Metadata,
  reads: RecordReads,
  module: string,
): Promise<Schema> {
  try {
    const all = await metadata.fields(module);
    const fields = all.filter((field) => field.visible).map(fromMetadata);
    return { module, checked: true, complete: true, fields };
  } catch (error) {
    const kind = error instanceof Failure ? error.facts.kind : "bug";
    if (!["scope_missing", "rejected"].includes(kind)) throw error;
    const fields = standardFields[module]?.trim().split(/\n+/).map(fromLine) ?? [];
    const known = new Set(fields.map((field) => field.apiName));
    const others =
      kind === "scope_missing" ? await inferredFields(reads, module, known) : undefined;
    return {
      module,
      checked: false,
      complete: others !== undefined,
      fields: [...fields, ...(others ?? [])],
    };
  }
}

/** Bigin refuses these in criteria although their metadata call them searchable (docs/reference/bigin-api.md §2.5). */
const neverSearchable = new Set(["Sub_Pipeline", "Pipeline", "Layout"]);

function fromMetadata(meta: FieldMeta): Field {
  return {
    apiName: meta.api_name,
    label: meta.field_label,
    type: typeNameOf(meta),
    mandatory: meta.system_mandatory,
    // `field_read_only` is ignored: it is set on the owner, which can be written (docs/reference/bigin-api.md §2.3).
    readOnly: meta.read_only || !(meta.view_type.create || meta.view_type.edit),
    closedTo: meta.profiles
      .filter((profile) => profile.permission_type !== "read_write")
      .map((profile) => profile.id),
    unique: Object.keys(meta.unique).length > 0,
    searchable: meta.searchable && !neverSearchable.has(meta.api_name),
    sortable: meta.sortable,
    display: meta.display_field,
    custom: meta.custom_field,
    inferred: false,
    maxLength: meta.length ?? undefined,
    options: meta.pick_list_values.map((one) => ({
      value: one.actual_value,
      label: one.display_value,
    })),
    // The metadata of a list of lookups name no module (docs/reference/bigin-api.md §2.2).
    target:
      meta.lookup.module?.api_name ??
      (meta.api_name === "Secondary_Contacts" ? "Contacts" : undefined),
  };
}

/**
 * The data type, or our own name for tags, team pipelines and JSON structures, whose data type does not show their
 * form.
 */
function typeNameOf(meta: FieldMeta): string {
  if (meta.api_name === "Tag") return "tag";
  if (meta.api_name === "Pipeline" && meta.data_type === "bigint") return "layout";
  return meta.data_type === "text" && meta.json_type.startsWith("json") ? "json" : meta.data_type;
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
    target: target || undefined,
  };
}
