import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { candidatesNamed, fieldsPerRequest, namesListed } from "../limits.ts";
import { comparable } from "../values.ts";
import { activityModules, otherLinkName } from "./activity-links.ts";

interface Option {
  /** What records hold. */
  value: string;
  /** What people see; an administrator may have renamed it. */
  label: string;
}

/** A field of a module. */
export interface Field {
  apiName: string;
  label: string;
  /** Bigin's data type, a key of field-types.ts. */
  type: string;
  mandatory: boolean;
  /** Computed by Bigin: no write can set it. */
  readOnly: boolean;
  /** Ids of the profiles whose users may not write it. */
  closedTo: readonly string[];
  unique: boolean;
  searchable: boolean;
  sortable: boolean;
  /** The field that names a record. */
  display: boolean;
  custom: boolean;
  /** Whether the field was found in records, not in metadata. Its type then comes from their values. */
  inferred: boolean;
  maxLength: number | undefined;
  /** The options of a picklist; empty without metadata. */
  options: readonly Option[];
  /** False if some options could not be read: then a name that is not among them may still be one. */
  allOptions: boolean;
  /** The module a lookup points to; undefined if it can be several, or is not known. */
  target: string | undefined;
}

/** The fields of a module. */
export interface Schema {
  module: string;
  fields: readonly Field[];
  /** False if there are no metadata. The fields are then Bigin's standard ones and those found in records. */
  checked: boolean;
  /** Whether all names are known, from the metadata or from a record. */
  complete: boolean;
  /** Fields whose metadata could not be read, so that they are missing from `fields`. */
  skipped: number;
  /** True if some fields have labels that could not be read. */
  lacksLabels?: boolean;
  /** True if the metadata failed for now: the next call asks for them again. */
  isForNow?: boolean;
  /** True if nothing shows by which names activities are linked here: then those of the documentation are tried first. */
  linksAssumed: boolean;
}

/** API names of the fields of a module: as many as one request can read. */
export function namesOfFields({ fields }: Schema): string[] {
  return fields.slice(0, fieldsPerRequest).map((field) => field.apiName);
}

/** A field of which only the name is known. Its values are not checked before they are sent. */
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
    inferred: true,
    maxLength: undefined,
    options: [],
    allOptions: true,
    target: undefined,
  };
}

/**
 * The field that says which currency a record's amounts are in; undefined if the organisation has only one
 * (docs/reference/bigin-api.md §6).
 */
export function currencyField({ fields, complete }: Schema): Field | undefined {
  const field = fields.find((one) => one.apiName === "Currency");
  if (!field) return complete ? undefined : unknownField("Currency");
  return field.options.length === 1 ? undefined : field;
}

export const withoutMetadata = "this connection cannot read the metadata";

/** Tells an agent, once a reply, what could not be checked: in the metadata, and `more`. */
export function caveatOf(
  { checked, skipped }: Schema,
  more: readonly string[] = [],
): { not_checked?: string } {
  const parts = [
    ...(checked ? [] : [`custom fields and options: ${withoutMetadata}`]),
    ...(checked && skipped > 0 ? [skippedFields(skipped)] : []),
    ...more,
  ];
  return parts.length > 0 ? { not_checked: parts.join("; ") } : {};
}

/** What could not be checked because the metadata of some fields are not readable. */
export function skippedFields(count: number): string {
  return `${count} ${count === 1 ? "field" : "fields"} whose metadata cannot be read`;
}

/**
 * Finds a field by its API name or label; case, spaces, hyphens and underscores are ignored. Fails for an unknown name,
 * with the nearest valid one. If the schema is not complete, an unknown name is taken for a custom field, unless it
 * resembles a known one.
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
  const unread = schema.lacksLabels ? " Some labels could not be read: use API names." : "";
  throw badArguments(
    `${schema.module} has no field "${name}".${unread}${hint || fieldsListed(schema)}`,
  );
}

/**
 * All fields with this API name, or else with this label. The links of activities go by the names of either family
 * (activity-links.ts).
 */
export function fieldsNamed(schema: Schema, name: string): Field[] {
  const wanted = fold(name);
  const { byName, byLabel } = namesOf(schema);
  const found = byName.get(wanted) ?? byLabel.get(wanted);
  // Of names that differ only in case or hyphens, the exact one counts.
  const exact = found?.find((field) => field.apiName === name);
  if (exact) return [exact];
  if (found || !activityModules.has(schema.module)) return found ?? [];
  return byName.get(fold(otherLinkName(name.trim()) ?? "")) ?? [];
}

interface Names {
  byName: Map<string, Field[]>;
  byLabel: Map<string, Field[]>;
}

/** Computed once per schema, because one call can contain 200,000 field names. */
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

function fieldsListed(schema: Schema): string {
  const shown = schema.fields.slice(0, namesListed).map((one) => one.apiName);
  const more = schema.fields.length > shown.length ? ", … (bigin_describe_module has all)" : "";
  const custom = schema.fields.find((field) => field.inferred)?.apiName;
  const hint = custom ? ` Name custom fields by their API name here, such as ${custom}.` : "";
  return ` Fields: ${shown.join(", ")}${more}.${hint}`;
}

/**
 * The stored values of all options with this label; if there are none, of those with this stored value. Fails for an
 * unknown option, unless the field's options are not known.
 */
export function optionsNamed(field: Field, name: string): string[] {
  if (field.options.length === 0) return [name];
  const found = optionsFor(field, name);
  if (found.length > 0) return [...new Set(found.map((one) => one.value))];
  if (!field.allOptions) return [name];
  const labels = field.options.map((one) => one.label);
  const shown = labels.slice(0, namesListed).join(", ");
  const more = labels.length > namesListed ? ", …" : "";
  throw badArguments(
    `${field.label} has no option "${name}".${didYouMean(name, labels)} Options: ${shown}${more}.`,
  );
}

function optionsFor({ options }: Field, name: string): readonly Option[] {
  const wanted = comparable(name);
  const labelled = options.filter((one) => comparable(one.label) === wanted);
  return labelled.length > 0 ? labelled : options.filter((one) => comparable(one.value) === wanted);
}

/** Whether the name is the label or the stored value of an option. */
export function hasOption(field: Field, name: string): boolean {
  return optionsFor(field, name).length > 0;
}

/** The one stored value for an option. Fails with the candidates if several options have the label. */
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
  // Option values keep invisible characters, which a write needs. Values in records have none.
  const isSame = (one: Option) =>
    one.value === value || comparable(one.value) === comparable(value);
  return field.options.find(isSame)?.label ?? value;
}

function fold(text: string): string {
  return comparable(text).replace(/[\s_-]+/g, "");
}
