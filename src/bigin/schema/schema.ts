import { Failure } from "../../shared/failure.ts";
import type { FieldMeta, Metadata } from "../api/metadata.ts";
import type { Reading } from "../api/records.ts";
import { typeOf } from "../field-types.ts";
import type { Field, Schema } from "./fields.ts";
import { guessedFields } from "./inferred-fields.ts";
import { standardFields } from "./standard-fields.ts";

/**
 * Loads a module's schema. Where the grant does not cover the metadata, or Bigin has none (Attachments, Emails), the
 * standard fields stand in, if there are any, with what a record shows besides.
 */
export async function loadSchema(
  metadata: Metadata,
  records: Reading,
  module: string,
): Promise<Schema> {
  try {
    const all = await metadata.fields(module);
    const fields = all.filter((field) => field.visible).map(fromMeta);
    return { module, checked: true, complete: true, fields };
  } catch (error) {
    const kind = error instanceof Failure ? error.facts.kind : "bug";
    if (!["scope_missing", "rejected"].includes(kind)) throw error;
    const fields = standardFields[module]?.trim().split(/\n+/).map(fromLine) ?? [];
    const known = new Set(fields.map((field) => field.apiName));
    const others =
      kind === "scope_missing" ? await guessedFields(records, module, known) : undefined;
    return {
      module,
      checked: false,
      complete: others !== undefined,
      fields: [...fields, ...(others ?? [])],
    };
  }
}

/** Bigin refuses both in criteria although the metadata call them searchable (bigin-api.md §2.5). */
const neverSearchable = new Set(["Sub_Pipeline", "Pipeline", "Layout"]);

function fromMeta(meta: FieldMeta): Field {
  return {
    apiName: meta.api_name,
    label: meta.field_label,
    type: typeNameOf(meta),
    mandatory: meta.system_mandatory,
    // `field_read_only` is not asked: it is set on the owner, which can be written all the same (bigin-api.md §2.3).
    readOnly: meta.read_only || !(meta.view_type.create || meta.view_type.edit),
    closedTo: meta.profiles
      .filter((profile) => profile.permission_type !== "read_write")
      .map((profile) => profile.id),
    unique: Object.keys(meta.unique).length > 0,
    searchable: meta.searchable && !neverSearchable.has(meta.api_name),
    sortable: meta.sortable,
    display: meta.display_field,
    custom: meta.custom_field,
    guessed: false,
    maxLength: meta.length ?? undefined,
    options: meta.pick_list_values.map((one) => ({
      value: one.actual_value,
      label: one.display_value,
    })),
    // The metadata of a multiple lookup name no module (bigin-api.md §2.3).
    target:
      meta.lookup.module?.api_name ??
      (meta.api_name === "Secondary_Contacts" ? "Contacts" : undefined),
  };
}

/** Some structures stand in the metadata as text that happens to be a JSON object. */
function typeNameOf(meta: FieldMeta): string {
  if (meta.api_name === "Tag") return "tag";
  if (meta.api_name === "Pipeline" && meta.data_type === "bigint") return "layout";
  return meta.data_type === "text" && meta.json_type.startsWith("json") ? "json" : meta.data_type;
}

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
    guessed: false,
    maxLength: length === undefined ? undefined : Number(length),
    options: [],
    target: target || undefined,
  };
}
