import { chunksOf, unlessFailed, unlessRefused } from "../api/batch.ts";
import type { BiginRecord, RecordReads } from "../api/records.ts";
import { inferredType, kindOf, typeOf } from "../field-types.ts";
import { fieldsPerRequest, recordsPerPage } from "../limits.ts";
import { isEmpty } from "../values.ts";
import { linkNames } from "./activity-links.ts";
import { type Field, unknownField } from "./fields.ts";

/**
 * Finds the fields of a module that are not in `known`, from records instead of metadata. A whole record has the names
 * of all fields; their types are inferred from the values in the newest records. Undefined if there is no record or the
 * connection may not read one.
 */
export async function inferredFields(
  reads: RecordReads,
  module: string,
  known: ReadonlySet<string>,
): Promise<Field[] | undefined> {
  const read = async () => {
    const [newest] = (await reads.list(module, { fields: ["id"], per_page: 1 })).records;
    const whole = newest && (await reads.get(module, newest.id));
    if (!whole) return undefined;
    const names = Object.keys(whole).filter((name) => !known.has(name) && isField(name));
    const samples = await sampled(reads, module, names);
    return names.map((name) => inferred(name, [whole, ...samples]));
  };
  return unlessFailed(read(), undefined);
}

/**
 * The names by which the records of an activity module show their links: those with a value, or else all there are.
 * Empty if no record shows any or the connection may not read them.
 */
export async function linksInRecords(reads: RecordReads, module: string): Promise<string[]> {
  const asked = reads.list(module, { fields: linkNames, per_page: recordsPerPage });
  const records = (await unlessRefused(asked, undefined))?.records ?? [];
  const filled = linkNames.filter((name) => records.some((record) => !isEmpty(record[name])));
  return filled.length > 0
    ? filled
    : linkNames.filter((name) => records.some((one) => name in one));
}

/** Keys that begin with $ or end in __s are internal to Bigin. */
function isField(name: string): boolean {
  return name !== "id" && !name.startsWith("$") && !name.endsWith("__s");
}

async function sampled(
  reads: RecordReads,
  module: string,
  names: readonly string[],
): Promise<BiginRecord[]> {
  const pages = chunksOf(names, fieldsPerRequest).map((fields) =>
    reads.list(module, { fields, per_page: recordsPerPage }),
  );
  return (await Promise.all(pages)).flatMap((page) => page.records);
}

function inferred(apiName: string, samples: readonly BiginRecord[]): Field {
  const values = samples.map((record) => record[apiName]).filter((value) => !isEmpty(value));
  const type = inferredType(values);
  return {
    ...unknownField(apiName),
    type,
    searchable: kindOf({ type }) !== "unknown",
    sortable: !typeOf({ type }).isLong,
  };
}
