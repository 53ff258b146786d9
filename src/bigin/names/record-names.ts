import DataLoader from "dataloader";
import { badArguments, type Failure } from "../../shared/failure.ts";
import { chunksOf, inTurn, unlessFailed } from "../api/batch.ts";
import type { BiginRecord } from "../api/records.ts";
import { candidatesNamed, conditionsPerSearch, nameCharacters } from "../limits.ts";
import type { Field, Schema } from "../schema/fields.ts";
import type { Tree } from "../search/filters.ts";
import { comparable, isId } from "../values.ts";

/** How many names without a record get a search for similar records. */
const missesExplained = 5;
/** The modules of records that a task, an event, a call or a note can be about (docs/reference/bigin-api.md §2.3). */
const parentModules = ["Accounts", "Contacts", "Pipelines", "Products"];

/** A record that was found by its name or id. If only an id was given, `name` is the id. */
export interface RecordName {
  id: string;
  name: string;
}

/** What a look-up by name needs. */
export interface Lookup {
  schema(module: string): Promise<Schema>;
  find(query: {
    module: string;
    fields: readonly string[];
    tree: Tree;
  }): Promise<{ records: BiginRecord[]; complete: boolean }>;
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
  const found = new Map(distinct.map((name) => [name, records.filter(hasName(name))]));
  const misses = distinct.filter((name) => found.get(name)?.length === 0).slice(0, missesExplained);
  const similar = await inTurn(misses, (name) => recordsBeginning(lookup, module, name));
  return names.map((name) => {
    const [record, ...others] = found.get(name) ?? [];
    if (!record) return noRecord(name, module, similar[misses.indexOf(name)] ?? []);
    return others.length === 0 ? record : severalRecords(name, module, [record, ...others]);
  });
}

function hasName(name: string): (record: RecordName) => boolean {
  return (record) => comparable(record.name) === comparable(name);
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
  const [record, ...others] = found.flat();
  if (record && others.length === 0) return record;
  const modules = parentModules.join(", ");
  if (!record) throw noRecord(name, modules, []);
  throw severalRecords(
    name,
    modules,
    found.flat().map((one) => ({ ...one, name: `${one.module} ${one.name}` })),
  );
}

async function recordsCalled(
  lookup: Lookup,
  module: string,
  names: readonly string[],
): Promise<RecordName[]> {
  const field = await nameField(lookup, module, names[0] ?? "");
  const usable = names.filter((name) => name.length <= nameCharacters);
  return (await recordsWith(lookup, module, field, usable)).records.map(nameIn(field));
}

async function recordsBeginning(
  lookup: Lookup,
  module: string,
  text: string,
): Promise<RecordName[]> {
  const field = await nameField(lookup, module, text);
  if (text.length > nameCharacters) return [];
  const { records } = await lookup.find({
    module,
    fields: [field.apiName],
    tree: { field, op: "starts_with", operands: [{ kind: "text", text }] },
  });
  return records.map(nameIn(field));
}

/**
 * Finds the records whose field equals one of the texts, ten texts per search. Reads no other field. `complete` is false if
 * not all records could be compared.
 */
export async function recordsWith(
  lookup: Pick<Lookup, "find">,
  module: string,
  field: Field,
  texts: readonly string[],
): Promise<{ records: BiginRecord[]; complete: boolean }> {
  const found = await inTurn(chunksOf(texts, conditionsPerSearch), (some) =>
    lookup.find({
      module,
      fields: [field.apiName],
      tree: {
        some: some.map((text) => ({ field, op: "equals", operands: [{ kind: "text", text }] })),
      },
    }),
  );
  return {
    records: found.flatMap(({ records }) => records),
    complete: found.every(({ complete }) => complete),
  };
}

async function nameField({ schema }: Lookup, module: string, name: string): Promise<Field> {
  const field = (await schema(module)).fields.find((one) => one.display);
  if (field) return field;
  throw badArguments(
    `"${name}": give the id, because Bigin does not say which field names the records of ${module}.`,
  );
}

function nameIn({ apiName }: Field): (record: BiginRecord) => RecordName {
  return (record) => ({ id: record.id, name: String(record[apiName]) });
}

function severalRecords(name: string, module: string, records: readonly RecordName[]): Failure {
  return badArguments(
    `${records.length} records in ${module} are called "${name}": ${candidates(records)}. Use the id.`,
  );
}

function noRecord(name: string, module: string, similar: readonly RecordName[]): Failure {
  const hint =
    similar.length > 0 ? `Similar: ${candidates(similar)}.` : "Find it with bigin_search_records.";
  return badArguments(`No record in ${module} is called "${name}". ${hint}`);
}

function candidates(records: readonly RecordName[]): string {
  const shown = records.slice(0, candidatesNamed).map((one) => `${one.name} (${one.id})`);
  const left = records.length - shown.length;
  return `${shown.join(", ")}${left > 0 ? ` and ${left} more` : ""}`;
}
