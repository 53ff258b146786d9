import DataLoader from "dataloader";
import { badArguments, type Failure } from "../../shared/failure.ts";
import { chunksOf, grantedOr, inTurn } from "../api/batch.ts";
import type { BiginRecord } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import type { Understanding } from "../understanding.ts";
import { comparable, isId } from "../values.ts";

const candidatesNamed = 5;
/** Of so many names that nothing goes by, those that begin alike are looked up. */
const missesExplained = 5;
/** No field that names a record holds more. */
const longestName = 300;
/** As many conditions as one search takes (bigin-api.md §3). */
const valuesInSearch = 10;
/** What a task, an event, a call or a note can be about (bigin-api.md §2.3). */
const parentModules = ["Accounts", "Contacts", "Pipelines", "Products"];

interface Named {
  id: string;
  name: string;
}

/**
 * Finds the record of a module that goes by a name. Several of that name fail with at most five candidates. Names that
 * are asked for at the same time, as by the rows of one write, are looked up ten a search.
 */
export function createRecordNames(understanding: Understanding): Understanding["record"] {
  const loaders = new Map<string, DataLoader<string, Named>>();
  const loaderOf = (module: string) => {
    const known = loaders.get(module);
    if (known) return known;
    const load = (names: readonly string[]) => recordsNamed(understanding, module, names);
    // Nothing is kept: a name may be new in Bigin when a write is planned once more.
    const loader = new DataLoader<string, Named>(load, { cache: false });
    loaders.set(module, loader);
    return loader;
  };
  return async (module, name) => {
    if (isId(name)) return { id: name, name };
    if (module) return loaderOf(module).load(name);
    throw badArguments(
      `"${name}": give the id of the record; this field may point to several modules.`,
    );
  };
}

/** The one record for each name, or why there is none. */
async function recordsNamed(
  understanding: Understanding,
  module: string,
  names: readonly string[],
): Promise<(Named | Failure)[]> {
  const distinct = [...new Set(names)];
  const records = await called(understanding, module, distinct);
  const found = new Map(distinct.map((name) => [name, records.filter(isCalled(name))]));
  const misses = distinct.filter((name) => found.get(name)?.length === 0).slice(0, missesExplained);
  const similar = await inTurn(misses, (name) => beginning(understanding, module, name));
  return names.map((name) => {
    const [record, ...others] = found.get(name) ?? [];
    if (!record) return none(name, module, similar[misses.indexOf(name)] ?? []);
    return others.length === 0 ? record : several(name, module, [record, ...others]);
  });
}

function isCalled(name: string): (record: Named) => boolean {
  return (record) => comparable(record.name) === comparable(name);
}

/** The record that an activity or a note is about, by its name, whatever its module. */
export async function parentNamed(understanding: Understanding, name: string): Promise<Named> {
  if (isId(name)) return { id: name, name };
  const found = await Promise.all(
    parentModules.map(async (module) => {
      const records = await grantedOr(called(understanding, module, [name]), []);
      return records.map((record) => ({ ...record, module }));
    }),
  );
  const [record, ...others] = found.flat();
  if (record && others.length === 0) return record;
  const modules = parentModules.join(", ");
  if (!record) throw none(name, modules, []);
  throw several(
    name,
    modules,
    found.flat().map((one) => ({ ...one, name: `${one.module} ${one.name}` })),
  );
}

async function called(
  understanding: Understanding,
  module: string,
  names: readonly string[],
): Promise<Named[]> {
  const field = await nameField(understanding, module, names[0] ?? "");
  const some = names.filter((name) => name.length <= longestName);
  return (await recordsWith(understanding, module, field, some)).map(named(field));
}

async function beginning(
  understanding: Understanding,
  module: string,
  text: string,
): Promise<Named[]> {
  const field = await nameField(understanding, module, text);
  if (text.length > longestName) return [];
  const { records } = await understanding.find({
    module,
    fields: [field.apiName],
    tree: { field, op: "starts_with", operands: [{ kind: "text", text }] },
  });
  return records.map(named(field));
}

async function nameField(understanding: Understanding, module: string, name: string) {
  const field = (await understanding.schema(module)).fields.find((one) => one.display);
  if (field) return field;
  throw badArguments(`"${name}": give the id; records of ${module} have no name to look up.`);
}

function named({ apiName }: Field): (record: BiginRecord) => Named {
  return (record) => ({ id: record.id, name: String(record[apiName]) });
}

function several(name: string, module: string, records: readonly Named[]): Failure {
  return badArguments(
    `${records.length} records in ${module} are called "${name}": ${candidates(records)}. Use the id.`,
  );
}

function none(name: string, module: string, similar: readonly Named[]): Failure {
  return badArguments(
    `No record in ${module} is called "${name}".${similar.length > 0 ? ` Similar: ${candidates(similar)}.` : " Find it with bigin_search_records."}`,
  );
}

function candidates(records: readonly Named[]): string {
  const shown = records.slice(0, candidatesNamed).map((one) => `${one.name} (${one.id})`);
  const more = records.length > shown.length ? ` and ${records.length - shown.length} more` : "";
  return `${shown.join(", ")}${more}`;
}

/** The records of a module whose field equals one of the texts, ten texts a search; of the field only, with their ids. */
export async function recordsWith(
  understand: Pick<Understanding, "find">,
  module: string,
  field: Field,
  texts: readonly string[],
): Promise<BiginRecord[]> {
  const answers = await inTurn(chunksOf(texts, valuesInSearch), (some) =>
    understand.find({
      module,
      fields: [field.apiName],
      tree: {
        some: some.map((text) => ({ field, op: "equals", operands: [{ kind: "text", text }] })),
      },
    }),
  );
  return answers.flatMap(({ records }) => records);
}
