import { Failure } from "../../shared/failure.ts";
import { chunksOf } from "../api/chunks-of.ts";
import { type BiginRecord, fieldsAtMost, type Reading } from "../api/records.ts";
import { isEmpty } from "../values.ts";
import type { Field } from "./fields.ts";

const looked = 200;
/** Longer than any single-line text of Bigin (bigin-api.md §2.4). */
const longestLine = 255;
const refusals = new Set(["scope_missing", "not_permitted", "rejected"]);

/**
 * The fields of a module that its metadata would list, from records: a record read whole has every key, and Bigin
 * leaves out of its answers what is no field. Types are guessed from values. Undefined where there is no record to
 * read, or the connection may not.
 */
export async function guessedFields(
  records: Reading,
  module: string,
  known: ReadonlySet<string>,
): Promise<Field[] | undefined> {
  try {
    const [newest] = (await records.list(module, { fields: ["id"], per_page: 1 })).records;
    const whole = newest && (await records.get(module, newest.id));
    if (!whole) return undefined;
    const names = Object.keys(whole).filter((name) => !known.has(name) && isField(name));
    const samples = await sampled(records, module, names);
    return names.map((name) => guessed(name, [whole, ...samples]));
  } catch (error) {
    if (error instanceof Failure && refusals.has(error.facts.kind)) return undefined;
    throw error;
  }
}

/** Keys of the engine begin with $ or end in __s. */
function isField(name: string): boolean {
  return name !== "id" && !name.startsWith("$") && !name.endsWith("__s");
}

async function sampled(
  records: Reading,
  module: string,
  names: readonly string[],
): Promise<BiginRecord[]> {
  const pages = chunksOf(names, fieldsAtMost).map((fields) =>
    records.list(module, { fields, per_page: looked }),
  );
  return (await Promise.all(pages)).flatMap((page) => page.records);
}

function guessed(apiName: string, samples: readonly BiginRecord[]): Field {
  const types = samples
    .map((record) => record[apiName])
    .filter((value) => !isEmpty(value))
    .map(typeOf);
  const type = types.includes("textarea") ? "textarea" : (types[0] ?? "unknown");
  return guessedField(apiName, types.every((one) => lookAlike(one, type)) ? type : "unknown");
}

function lookAlike(one: string, other: string): boolean {
  const texts = ["text", "textarea", "date", "datetime"];
  return one === other || (texts.includes(one) && ["text", "textarea"].includes(other));
}

/** A field of which nothing is known but its name and, perhaps, what its values look like. */
export function guessedField(apiName: string, type: string): Field {
  return {
    apiName,
    label: apiName,
    type,
    mandatory: false,
    readOnly: false,
    closedTo: [],
    unique: false,
    searchable: type !== "unknown",
    sortable: type !== "textarea",
    display: false,
    custom: true,
    guessed: true,
    maxLength: undefined,
    options: [],
    target: undefined,
  };
}

function typeOf(value: unknown): string {
  if (typeof value === "number") return "double";
  if (typeof value === "boolean") return "boolean";
  if (Array.isArray(value))
    return value.every((one) => typeof one === "string") ? "multiselectpicklist" : "json";
  if (typeof value !== "string") return "lookup";
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return "date";
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return "datetime";
  return value.length > longestLine || value.includes("\n") ? "textarea" : "text";
}
