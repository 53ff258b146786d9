import DataLoader from "dataloader";
import { badArguments, type Failure } from "../../shared/failure.ts";
import { chunksOf, inTurn, unlessFailed } from "../api/batch.ts";
import type { BiginRecord } from "../api/records.ts";
import { candidatesNamed, conditionsPerSearch, nameCharacters } from "../limits.ts";
import type { Field, Schema } from "../schema/fields.ts";
import type { Tree } from "../search/filters.ts";
import type { Found } from "../search/find.ts";
import { comparable, isId, namedWithId, nameWithId } from "../values.ts";
import { differences, tellingFields } from "./telling-apart.ts";

/** How many names without a record get a search for similar records. */
const missesExplained = 5;
/** The modules of records that a task, an event, a call or a note can be about (docs/reference/bigin-api.md §2.3). */
const parentModules = ["Accounts", "Contacts", "Pipelines", "Products"];

/** A record that was found by its name or id. If only an id was given, `name` is the id. */
export interface RecordName {
  id: string;
  name: string;
}

/** A record that has a name, with the fields that tell it apart from others. */
interface Candidate extends RecordName {
  record: BiginRecord;
  telling: readonly Field[];
}

/** What a look-up by name needs. */
export interface Lookup {
  schema(module: string): Promise<Schema>;
  find(query: {
    module: string;
    fields: readonly string[];
    tree: Tree;
  }): Promise<Pick<Found, "records" | "read" | "complete" | "how">>;
}

/** The records found for some values. */
interface FoundWith {
  records: BiginRecord[];
  /** How many records were read, if not all could be: then some may be missing. */
  onlyOf: number | undefined;
}

/**
 * Creates a function that finds a record of a module by its name or id. If several records have the name, it fails with
 * at most five candidates. Names requested at the same time, such as those in the rows of one write, are looked up ten
 * per search.
 */
export function createRecordNames(
  lookup: Lookup,
): (module: string | undefined, name: string) => Promise<RecordName> {
  const loaders = new Map<string, DataLoader<string, RecordName>>();
  const loaderOf = (module: string) => {
    const known = loaders.get(module);
    if (known) return known;
    const load = (names: readonly string[]) => recordsNamed(lookup, module, names);
    // No cache: the record may have been created by the time a write is planned again.
    const loader = new DataLoader<string, RecordName>(load, { cache: false });
    loaders.set(module, loader);
    return loader;
  };
  return async (module, name) => {
    if (isId(name)) return { id: name, name };
    if (module) return loaderOf(module).load(name);
    throw badArguments(
      `"${name}": give the id of the record, because this field does not say in which module it is.`,
    );
  };
}

/** Returns for each name its only record, or a failure that says why there is none. */
async function recordsNamed(
  lookup: Lookup,
  module: string,
  names: readonly string[],
): Promise<(RecordName | Failure)[]> {
  const distinct = [...new Set(names)];
  const records = await recordsCalled(lookup, module, distinct);
  const found = new Map(distinct.map((name) => [name, fitting(name, records)]));
  const misses = distinct.filter((name) => found.get(name)?.length === 0).slice(0, missesExplained);
  const similar = await inTurn(misses, (name) => recordsBeginning(lookup, module, name));
  return names.map((name) => {
    const [record, ...others] = found.get(name) ?? [];
    if (!record) return noRecord(name, module, similar[misses.indexOf(name)] ?? []);
    if (others.length > 0) return severalRecords(name, module, [record, ...others]);
    return { id: record.id, name: record.name };
  });
}

/** The records that a name means. Replies add the id where several records share a name, and agents send it back. */
function fitting(name: string, records: readonly Candidate[]): Candidate[] {
  const called = records.filter(hasName(name));
  const shown = called.length === 0 ? namedWithId(name) : undefined;
  if (!shown) return called;
  return records.filter((one) => one.id === shown.id && hasName(shown.name)(one));
}

function hasName(name: string): (record: RecordName) => boolean {
  return (record) => comparable(record.name) === comparable(name);
}

/** Whether a record of the module is called so; without a module, whether one of any module that activities are about is. */
export async function isRecord(
  lookup: Lookup,
  module: string | undefined,
  name: string,
): Promise<boolean> {
  const modules = module ? [module] : parentModules;
  const found = await Promise.all(
    modules.map((one) => unlessFailed(recordsCalled(lookup, one, [name]), [])),
  );
  return fitting(name, found.flat()).length > 0;
}

/** Finds the parent of an activity or a note by its name or id, in any module. */
export async function parentNamed(lookup: Lookup, name: string): Promise<RecordName> {
  if (isId(name)) return { id: name, name };
  const found = await Promise.all(
    parentModules.map(async (module) => {
      const records = await unlessFailed(recordsCalled(lookup, module, [name]), []);
      return records.map((record) => ({ ...record, module }));
    }),
  );
  const all = fitting(name, found.flat());
  const [record, ...others] = all;
  if (record && others.length === 0) return { id: record.id, name: record.name };
  const modules = parentModules.join(", ");
  if (!record) throw noRecord(name, modules, []);
  const moduleOf = new Map(found.flat().map((one) => [one.id, one.module]));
  const named = all.map((one) => ({ ...one, name: `${moduleOf.get(one.id)} ${one.name}` }));
  throw severalRecords(name, modules, named);
}

/** The records with these names, and those with the names in texts that show a name with an id. */
async function recordsCalled(
  lookup: Lookup,
  module: string,
  names: readonly string[],
): Promise<Candidate[]> {
  const [field, telling] = await nameField(lookup, module, names[0] ?? "");
  const asked = names.flatMap((name) => [name, namedWithId(name)?.name ?? name]);
  const usable = [...new Set(asked)].filter((name) => name.length <= nameCharacters);
  const { records, onlyOf } = await recordsWith(lookup, module, field, usable, telling);
  if (onlyOf === undefined)
    return records.map((record) => ({ ...named(record, field), record, telling }));
  throw badArguments(
    `Only ${onlyOf} records of ${module} could be read, so it is not known which have the name "${names[0]}"${names.length > 1 ? " and the other names" : ""}: give the id.`,
  );
}

async function recordsBeginning(
  lookup: Lookup,
  module: string,
  name: string,
): Promise<RecordName[]> {
  const text = namedWithId(name)?.name ?? name;
  const [field] = await nameField(lookup, module, text);
  if (text.length > nameCharacters) return [];
  const { records } = await lookup.find({
    module,
    fields: [field.apiName],
    tree: { field, op: "starts_with", operands: [{ kind: "text", text }] },
  });
  return records.map((record) => named(record, field));
}

/**
 * Finds the records whose field equals one of the texts, ten texts per search. If Bigin cannot search for the first ten,
 * its list is read once for all others. Reads that field and `others`.
 */
export async function recordsWith(
  lookup: Pick<Lookup, "find">,
  module: string,
  field: Field,
  texts: readonly string[],
  others: readonly Field[] = [],
): Promise<FoundWith> {
  const find = (some: readonly string[]) =>
    lookup.find({
      module,
      fields: [field, ...others].map((one) => one.apiName),
      tree: {
        some: some.map((text) => ({ field, op: "equals", operands: [{ kind: "text", text }] })),
      },
    });
  const [first, ...later] = chunksOf(texts, conditionsPerSearch);
  if (!first) return { records: [], onlyOf: undefined };
  const began = await find(first);
  const parts = began.how === "scan" && later.length > 0 ? [later.flat()] : later;
  const found = [began, ...(await Promise.all(parts.map(find)))];
  return {
    records: found.flatMap(({ records }) => records),
    onlyOf: found.find(({ complete }) => !complete)?.read,
  };
}

/** The field that names the records of a module, and those that tell them apart. */
async function nameField(
  { schema }: Lookup,
  module: string,
  name: string,
): Promise<[field: Field, telling: Field[]]> {
  const known = await schema(module);
  const field = known.fields.find((one) => one.display);
  if (field) return [field, tellingFields(known)];
  throw badArguments(
    `"${name}": give the id, because Bigin does not say which field names the records of ${module}.`,
  );
}

function named(record: BiginRecord, { apiName }: Field): RecordName {
  return { id: record.id, name: String(record[apiName]) };
}

function severalRecords(name: string, module: string, records: readonly Candidate[]): Failure {
  const shown = records.slice(0, candidatesNamed);
  const fields = new Map(shown.flatMap(({ telling }) => telling).map((one) => [one.apiName, one]));
  const told = differences(
    shown.map(({ record }) => record),
    [...fields.values()],
  );
  const all = records.map((one, at) => `${nameWithId(one.name, one.id)}${told[at] ?? ""}`);
  return badArguments(
    `${records.length} records in ${module} are called "${name}": ${firstOf(all, "; ")}. Use the id.`,
  );
}

function noRecord(name: string, module: string, similar: readonly RecordName[]): Failure {
  const names = similar.map((one) => nameWithId(one.name, one.id));
  const hint =
    similar.length > 0 ? `Similar: ${firstOf(names, ", ")}.` : "Find it with bigin_search_records.";
  return badArguments(`No record in ${module} is called "${name}". ${hint}`);
}

function firstOf(texts: readonly string[], separator: string): string {
  const shown = texts.slice(0, candidatesNamed).join(separator);
  const left = texts.length - candidatesNamed;
  return `${shown}${left > 0 ? ` and ${left} more` : ""}`;
}
