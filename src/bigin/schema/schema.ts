import { badArguments, Failure } from "../../shared/failure.ts";
import { nearest } from "../../shared/suggest.ts";
import type { FieldMeta, Metadata } from "../api/metadata.ts";
import type { Reading } from "../api/records.ts";
import { comparable } from "../values.ts";
import { guessedField, guessedFields } from "./inferred-fields.ts";
import { standardFields } from "./standard-fields.ts";

const fieldsListed = 12;
const optionsListed = 12;
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
  /** Without metadata: known from records, its type from their values. */
  guessed: boolean;
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
  /** All names are known, from the metadata or from a record. */
  complete: boolean;
}

/** Said once in a reply where something could not be checked. */
export function caveatOf(schema: Schema): { not_checked?: string } {
  return schema.checked
    ? {}
    : { not_checked: "custom fields and options: this connection is not granted the metadata" };
}

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
    guessed: false,
    maxLength: length === undefined ? undefined : Number(length),
    options: [],
    target: target || undefined,
  };
}

/**
 * The field an agent means by an API name or a label, case and underscores aside. Unknown names fail with the nearest
 * valid one; where no record could be read either, a name that resembles no standard field is taken for a custom field.
 */
export function fieldNamed(schema: Schema, name: string): Field {
  const [field, second, ...others] = fieldsNamed(schema, name);
  if (field && !second) return field;
  if (field && second) {
    const candidates = [field, second, ...others].slice(0, candidatesNamed);
    throw badArguments(
      `"${name}" could be ${candidates.map((one) => one.apiName).join(" or ")} in ${schema.module}: use the API name.`,
    );
  }
  const names = schema.fields.flatMap((one) => [one.label, one.apiName]);
  const hint = nearest(name, names);
  if (!schema.complete && hint === "" && /^[A-Za-z][\w.]*$/.test(name))
    return guessedField(name, "unknown");
  throw badArguments(`${schema.module} has no field "${name}".${hint || fieldsOf(schema)}`);
}

/** Every field that goes by a name: API names before labels. */
export function fieldsNamed(schema: Schema, name: string): Field[] {
  const wanted = fold(name);
  const { byName, byLabel } = namesOf(schema);
  return byName.get(wanted) ?? byLabel.get(wanted) ?? [];
}

interface Names {
  byName: Map<string, Field[]>;
  byLabel: Map<string, Field[]>;
}

/** Folded once for each schema: a call may name two hundred thousand fields. */
const foldedNames = new WeakMap<Schema, Names>();

function namesOf(schema: Schema): Names {
  const known = foldedNames.get(schema);
  if (known) return known;
  const names: Names = {
    byName: groupedBy(schema.fields, (field) => fold(field.apiName)),
    byLabel: groupedBy(schema.fields, (field) => fold(field.label)),
  };
  foldedNames.set(schema, names);
  return names;
}

function groupedBy(fields: readonly Field[], keyOf: (field: Field) => string) {
  const groups = new Map<string, Field[]>();
  for (const field of fields)
    groups.set(keyOf(field), [...(groups.get(keyOf(field)) ?? []), field]);
  return groups;
}

function fieldsOf(schema: Schema): string {
  const shown = schema.fields.slice(0, fieldsListed).map((one) => one.apiName);
  const more = schema.fields.length > shown.length ? ", … (bigin_describe_module has all)" : "";
  const custom = schema.fields.find((field) => field.guessed)?.apiName;
  const hint = custom ? ` Custom fields go by their API name here, such as ${custom}.` : "";
  return ` Fields: ${shown.join(", ")}${more}.${hint}`;
}

/** The stored values of every option that is called so: labels before values, as people see labels. */
export function optionsNamed(field: Field, name: string): string[] {
  if (field.options.length === 0) return [name];
  const wanted = comparable(name);
  const labelled = field.options.filter((one) => comparable(one.label) === wanted);
  const found =
    labelled.length > 0
      ? labelled
      : field.options.filter((one) => comparable(one.value) === wanted);
  if (found.length > 0) return [...new Set(found.map((one) => one.value))];
  const labels = field.options.map((one) => one.label);
  const shown = labels.slice(0, optionsListed).join(", ");
  const more = labels.length > optionsListed ? ", …" : "";
  throw badArguments(
    `${field.label} has no option "${name}".${nearest(name, labels)} Options: ${shown}${more}.`,
  );
}

/** The one value to write for an option; several of that label fail with their values. */
export function optionNamed(field: Field, name: string): string {
  const values = optionsNamed(field, name);
  const [value = name, ...others] = values;
  if (others.length === 0) return value;
  throw badArguments(
    `${field.label} has ${values.length} options called "${name}", stored as ${values.slice(0, candidatesNamed).join(" or ")}: use one of these values.`,
  );
}

/** The label people see for a stored option. */
export function labelOf(field: Field, value: string): string {
  // Stored values are kept as they came, for sending them back; what is read of records is cleaned.
  const isSame = (one: Option) =>
    one.value === value || comparable(one.value) === comparable(value);
  return field.options.find(isSame)?.label ?? value;
}

function fold(text: string): string {
  return comparable(text).replace(/[\s_-]+/g, "");
}
