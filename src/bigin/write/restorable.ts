import type { BiginRecord, Row } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import { idIn, isEmpty, isObject } from "../values.ts";

/** What no write can set through a record. */
const neverWritten = new Set(["profileimage", "fileupload", "imageupload"]);

/**
 * The values a record held, in the form in which they are written again. `names` limits it to some fields, which are
 * then cleared where they were empty; without it everything that held a value is taken.
 */
export function asWritten(
  record: BiginRecord,
  fields: ReadonlyMap<string, Field>,
  names?: readonly string[],
): Row {
  const wanted = names
    ? names.flatMap((name) => fields.get(name) ?? [])
    : [...fields.values()].filter((field) => !isEmpty(record[field.apiName]));
  const writable = wanted.filter((field) => !field.readOnly && !neverWritten.has(field.type));
  const team = writable.find((field) => field.type === "layout");
  const teamId = team && idIn(record[team.apiName]);
  const values = writable
    .filter((field) => field !== team)
    .map((field) => [field.apiName, written(field, record[field.apiName])] as const);
  const module = record["$se_module"];
  const pointing = wanted.some((field) => field.type === "lookup" && !field.target);
  return {
    ...Object.fromEntries(values),
    ...(teamId && { Layout: { id: teamId } }),
    ...(pointing && typeof module === "string" && { $se_module: module }),
  };
}

function written(field: Field, value: unknown): unknown {
  if (isEmpty(value)) return field.type === "boolean" ? false : emptyOf(field);
  switch (field.type) {
    case "lookup":
    case "ownerlookup":
      return { id: idIn(value) };
    case "tag":
      return list(value).map((tag) => ({ name: isObject(tag) ? tag["name"] : tag }));
    case "multiselectlookup":
      return list(value).map((part) => ({
        [field.apiName]: { id: isObject(part) ? (idIn(part[field.apiName]) ?? idIn(part)) : part },
      }));
    case "subform":
      return list(value).map((line) => (isObject(line) ? asLine(line) : line));
    default:
      return value;
  }
}

/** A deal's line as it is written: its product by id, nothing that Bigin computes. */
function asLine({ id: _id, Total: _total, Product, ...rest }: Record<string, unknown>): Row {
  return { ...rest, Product: { id: idIn(Product) } };
}

function emptyOf(field: Field): unknown {
  return ["tag", "multiselectlookup", "subform"].includes(field.type) ? [] : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
