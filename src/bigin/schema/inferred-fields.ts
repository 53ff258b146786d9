import { Failure } from "../../shared/failure.ts";
import { chunksOf } from "../api/batch.ts";
import { type BiginRecord, fieldsAtMost, type Reading } from "../api/records.ts";
import { inferredType, kindOf, typeOf } from "../field-types.ts";
import { isEmpty } from "../values.ts";
import { type Field, unknownField } from "./fields.ts";

const looked = 200;
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
  const values = samples.map((record) => record[apiName]).filter((value) => !isEmpty(value));
  const type = inferredType(values);
  return {
    ...unknownField(apiName),
    type,
    searchable: kindOf({ type }) !== "unknown",
    sortable: !typeOf({ type }).isLong,
  };
}
