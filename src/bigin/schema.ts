import { badArguments, Failure } from "../failure.ts";
import { nearest } from "../nearest.ts";
import type { FieldMeta, Metadata } from "./metadata.ts";
import { standardFields } from "./standard-fields.ts";

const optionsNamed = 12;
const candidatesNamed = 5;

interface Option {
  /** What records hold. */
  value: string;
  /** What people see; an administrator may have renamed it. */
  label: string;
}

/** A field, as far as anything needs to know it. */
export interface Field {
  apiName: string;
  label: string;
  /** Bigin's data_type. */
  type: string;
  mandatory: boolean;
  /** Bigin computes it; nobody can write it. */
  readOnly: boolean;
  /** Profiles whose users may not write it. */
  closedTo: readonly string[];
  unique: boolean;
  searchable: boolean;
  sortable: boolean;
  /** The field that names a record. */
  display: boolean;
  custom: boolean;
  maxLength: number | undefined;
  /** Empty for every type but picklists, and where the metadata were not granted. */
  options: readonly Option[];
  /** The module a lookup points to; undefined when it may be several. */
  target: string | undefined;
}

/** The fields of a module. */
export interface Schema {
  module: string;
  fields: readonly Field[];
  /** False: the connection was not granted the metadata, and Bigin's standard fields stand in. */
  checked: boolean;
}

/**
 * Loads a module's schema. Where the grant does not cover the metadata, or Bigin has none (Attachments, Emails), the
 * standard fields stand in, if there are any.
 */
export async function loadSchema(metadata: Metadata, module: string): Promise<Schema> {
  try {
    const fields = await metadata.fields(module);
    return { module, checked: true, fields: fields.filter((field) => field.visible).map(fromMeta) };
  } catch (error) {
    const hidden =
      error instanceof Failure && ["scope_missing", "rejected"].includes(error.facts.kind);
    if (!hidden) throw error;
    const lines = standardFields[module]?.trim().split(/\n+/) ?? [];
    return { module, checked: false, fields: lines.map(fromLine) };
  }
}

/** Bigin refuses both in criteria although the metadata call them searchable (bigin-api.md §2.5). */
const neverSearchable = new Set(["Sub_Pipeline", "Pipeline", "Layout"]);

function fromMeta(meta: FieldMeta): Field {
  return {
    apiName: meta.api_name,
    label: meta.field_label,
    type: typeOf(meta),
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
    maxLength: meta.length ?? undefined,
    options: meta.pick_list_values.map((one) => ({
      value: one.actual_value,
      label: one.display_value,
    })),
    target: meta.lookup.module?.api_name,
  };
}

/** Some structures stand in the metadata as text that happens to be a JSON object. */
function typeOf(meta: FieldMeta): string {
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
    sortable: type !== "textarea",
    display: flags.includes("display"),
    custom: false,
    maxLength: length === undefined ? undefined : Number(length),
    options: [],
    target: target || undefined,
  };
}

/**
 * The field an agent means by an API name or a label, case and underscores aside. Unknown names fail with the
 * nearest valid one; without metadata a name that resembles no standard field is taken for a custom field.
 */
export function fieldNamed(schema: Schema, name: string): Field {
  const wanted = fold(name);
  const exact = schema.fields.filter((field) => fold(field.apiName) === wanted);
  const found =
    exact.length > 0 ? exact : schema.fields.filter((field) => fold(field.label) === wanted);
  const [field, second] = found;
  if (field && !second) return field;
  if (field)
    throw badArguments(
      `"${name}" could be ${found
        .slice(0, candidatesNamed)
        .map((one) => one.apiName)
        .join(" or ")} in ${schema.module}: use the API name.`,
    );
  const names = schema.fields.flatMap((one) => [one.label, one.apiName]);
  if (!schema.checked && nearest(name, names) === "" && /^[A-Za-z][\w.]*$/.test(name))
    return unknownField(name);
  const shown = schema.fields.slice(0, optionsNamed).map((one) => one.apiName);
  const more = schema.fields.length > shown.length ? ", … (bigin_describe_module has all)" : "";
  throw badArguments(
    `${schema.module} has no field "${name}".${nearest(name, names) || ` Fields: ${shown.join(", ")}${more}.`}`,
  );
}

/** A field of which only the name is known. */
export function unknownField(apiName: string): Field {
  return { ...fromLine(`${apiName} | ${apiName} | text`), custom: true };
}

/** The value records hold for an option that is named by its value or its label. */
export function optionNamed(field: Field, name: string): string {
  if (field.options.length === 0) return name;
  const wanted = name.trim().toLowerCase();
  const found =
    field.options.find((one) => one.value.toLowerCase() === wanted) ??
    field.options.find((one) => one.label.toLowerCase() === wanted);
  if (found) return found.value;
  const labels = field.options.map((one) => one.label);
  const shown = labels.slice(0, optionsNamed).join(", ");
  const more = labels.length > optionsNamed ? ", …" : "";
  throw badArguments(
    `${field.label} has no option "${name}".${nearest(name, labels)} Options: ${shown}${more}.`,
  );
}

/** The label people see for a stored option. */
export function labelOf(field: Field, value: string): string {
  return field.options.find((one) => one.value === value)?.label ?? value;
}

function fold(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "");
}
