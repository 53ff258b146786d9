import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { comparable } from "../values.ts";

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

/** A field of which only the name is known: Bigin decides what it holds. */
export function unknownField(apiName: string): Field {
  return {
    apiName,
    label: apiName,
    type: "unknown",
    mandatory: false,
    readOnly: false,
    closedTo: [],
    unique: false,
    searchable: false,
    sortable: true,
    display: false,
    custom: true,
    guessed: true,
    maxLength: undefined,
    options: [],
    target: undefined,
  };
}

/** Said once in a reply where something could not be checked. */
export function caveatOf(schema: Schema): { not_checked?: string } {
  return schema.checked
    ? {}
    : { not_checked: "custom fields and options: this connection is not granted the metadata" };
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
  const hint = didYouMean(name, names);
  if (!schema.complete && hint === "" && /^[A-Za-z][\w.]*$/.test(name)) return unknownField(name);
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
    `${field.label} has no option "${name}".${didYouMean(name, labels)} Options: ${shown}${more}.`,
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
