import { badArguments, type Failure } from "../failure.ts";
import { grantedOr } from "./granted.ts";
import { type BiginRecord, isId } from "./records.ts";
import type { Understanding } from "./understanding.ts";

const candidatesNamed = 5;
/** No field that names a record holds more. */
const longestName = 300;
/** What a task, an event, a call or a note can be about (bigin-api.md §2.3). */
const parentModules = ["Accounts", "Contacts", "Pipelines", "Products"];

interface Named {
  id: string;
  name: string;
}

/** The record of a module that goes by a name. Several of that name fail with at most five candidates. */
export async function recordNamed(
  understanding: Understanding,
  module: string | undefined,
  name: string,
): Promise<Named> {
  if (isId(name)) return { id: name, name };
  if (!module)
    throw badArguments(
      `"${name}": give the id of the record; this field may point to several modules.`,
    );
  const [record, ...others] = await called(understanding, module, "equals", name);
  if (record && others.length === 0) return record;
  const similar = record
    ? [record, ...others]
    : await called(understanding, module, "starts_with", name);
  throw record ? several(name, module, similar) : none(name, module, similar);
}

/** The record that an activity or a note is about, by its name, whatever its module. */
export async function parentNamed(understanding: Understanding, name: string): Promise<Named> {
  if (isId(name)) return { id: name, name };
  const found = await Promise.all(
    parentModules.map(async (module) => {
      const records = await grantedOr(called(understanding, module, "equals", name), []);
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
  op: "equals" | "starts_with",
  name: string,
): Promise<Named[]> {
  const field = (await understanding.schema(module)).fields.find((one) => one.display);
  if (!field)
    throw badArguments(`"${name}": give the id; records of ${module} have no name to look up.`);
  if (name.length > longestName) return [];
  const nameOf = (record: BiginRecord) => ({ id: record.id, name: String(record[field.apiName]) });
  const { records } = await understanding.find({
    module,
    fields: [field.apiName],
    tree: { field, op, operands: [{ kind: "text", text: name }] },
  });
  return records.map(nameOf);
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
