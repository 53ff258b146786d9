import { badArguments, type Failure } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { unlessFailed, unlessRefused, unlessUnknown } from "../api/batch.ts";
import type { Listed } from "../api/lenient.ts";
import type { Metadata, ModuleMeta, RelatedListMeta } from "../api/metadata.ts";
import { moduleOfList } from "../api/records.ts";
import type { Knowledge, Recall } from "../knowledge.ts";
import { comparable } from "../values.ts";
import { moduleOfEngine } from "./activity-links.ts";
import { type Described, describe } from "./describe.ts";
import type { Schema } from "./fields.ts";
import { standardModule, standardModules } from "./standard-modules.ts";

/** A list of related records: its API name, and the module of its records if that is known. */
interface RelatedList {
  apiName: string;
  holds: string | undefined;
}

/** The modules of the organisation, found by any of their names. */
export interface Modules {
  all(): Promise<Listed<ModuleMeta>>;
  /**
   * Resolves an API name, a label or a common word ("deals") to the API name of a module. API names of Bigin's own
   * modules need no request. Fails with the nearest valid names if no module has the name.
   */
  resolve(name: string): Promise<string>;
  describe(module: string): Promise<Described>;
  /** The API name of the list of a module's records; undefined if it cannot be found. One called like the module is preferred. */
  findRelated(module: string, holds: string): Promise<string | undefined>;
  /** Finds a related list of a module by its name, its label or a word for the module of its records. */
  resolveRelated(module: string, name: string): Promise<RelatedList>;
}

interface ModulesParts {
  metadata: () => Metadata;
  schema(module: string): Promise<Schema>;
  knowledge: Knowledge;
  recall: Recall;
}

export function createModules({ metadata, schema, knowledge, recall }: ModulesParts): Modules {
  const all = () => recall(knowledge.modules, "", () => metadata().modules());
  const related = async (module: string) => {
    const load = () => unlessRefused(metadata().relatedLists(module), undefined);
    return (await unlessFailed(recall(knowledge.relatedLists, module, load), undefined)) ?? none;
  };
  const resolve = (name: string) => moduleNamed(name, all);
  return {
    all,
    resolve,
    describe: (module) =>
      recall(knowledge.descriptions, module, async () =>
        describe(metadata(), await schema(module)),
      ),
    async findRelated(module, holds) {
      const lists = (await related(module)).items;
      const usual = lists.find((one) => moduleOfList(one.api_name) === holds);
      return (usual ?? lists.find((one) => holdsOf(one) === holds))?.api_name;
    },
    async resolveRelated(module, name) {
      const wanted = comparable(name);
      if (wanted === "attachments") return { apiName: "Attachments", holds: undefined };
      const { items: lists, skipped } = await related(module);
      const labelled =
        lists.find((one) => comparable(one.api_name) === wanted) ??
        lists.find((one) => comparable(one.display_label) === wanted);
      if (labelled) return { apiName: labelled.api_name, holds: holdsOf(labelled) };
      const holds = await resolve(name).catch(unlessUnknown);
      const held = lists.find((one) => holdsOf(one) === holds);
      if (held) return { apiName: held.api_name, holds };
      // Where metadata are missing, a list is assumed to have the name of its records' module.
      if (holds && (lists.length === 0 || skipped > 0)) return { apiName: holds, holds };
      throw unknownList(module, name, lists, skipped);
    },
  };
}

const none: Listed<RelatedListMeta> = { items: [], skipped: 0 };

/** The module of the records in a related list; undefined if it is not known. */
function holdsOf({ module, api_name }: RelatedListMeta): string | undefined {
  // Most lists are called like the module of their records, and their metadata can be wrong.
  const called = standardModule(moduleOfList(api_name))?.apiName;
  return called ?? (module === undefined ? undefined : moduleOfEngine(module));
}

async function moduleNamed(name: string, load: () => Promise<Listed<ModuleMeta>>): Promise<string> {
  const wanted = comparable(name);
  const known = standardModules.find((one) => one.apiName.toLowerCase() === wanted);
  if (known) return known.apiName;
  const alias = standardModules.find((one) => one.aliases.includes(wanted));
  const isApiName = /^[A-Za-z]\w*$/.test(name.trim());
  // An organisation's own label comes before the words we know. Without the list of modules, Bigin judges an API name.
  // While the list cannot be read for now, that must be one for certain: labels have no underscores.
  const all = await (alias || (isApiName && name.includes("_"))
    ? unlessFailed(load(), undefined)
    : unlessRefused(load(), undefined));
  const found = all?.items.find((one) =>
    namesOf(one).some((label) => comparable(label) === wanted),
  );
  if (found?.api_supported) return found.api_name;
  if (alias) return alias.apiName;
  if (!all && isApiName) return name.trim();
  if (!all)
    throw badArguments(
      `"${name}" is not one of Bigin's own modules, and this connection cannot read the list of the others: give its API name.`,
    );
  const hint = hintFor(name, all.items);
  const mayBeUnread = !found && !areWhole(all);
  if (mayBeUnread && isApiName && hint === "") return name.trim();
  throw unknownModule(name, found, all.items, mayBeUnread);
}

/** Whether the names of all modules could be read. */
function areWhole({ items, skipped }: Listed<ModuleMeta>): boolean {
  return skipped === 0 && items.every(({ hasLabels }) => hasLabels);
}

const aliases = standardModules.flatMap((module) => module.aliases);

function hintFor(name: string, all: readonly ModuleMeta[]): string {
  const offered = all.filter((one) => one.api_supported);
  return didYouMean(name, [...offered.flatMap(namesOf), ...aliases]);
}

function unknownModule(
  name: string,
  found: ModuleMeta | undefined,
  all: readonly ModuleMeta[],
  mayBeUnread: boolean,
): Failure {
  const offered = all.filter((one) => one.api_supported);
  const names = offered.map((one) => one.api_name).join(", ");
  if (found)
    return badArguments(
      `Bigin does not offer the module "${found.plural_label}" through its API. Use one of: ${names}.`,
    );
  const none = mayBeUnread
    ? `None of the modules that could be read is called "${name}", but some names could not be read: give the API name.`
    : `There is no module "${name}" in this Bigin.`;
  return badArguments(`${none}${hintFor(name, all)} Modules: ${names}.`);
}

function unknownList(
  module: string,
  name: string,
  lists: readonly RelatedListMeta[],
  skipped: number,
): Failure {
  const names = lists.map((one) => one.api_name);
  const unread = skipped > 0 ? ` among those that could be read (${skipped} could not)` : "";
  return badArguments(
    `${module} has no related list "${name}"${unread}.${didYouMean(name, names)} Lists: ${names.join(", ")}.`,
  );
}

function namesOf(module: ModuleMeta): string[] {
  return [module.api_name, module.singular_label, module.plural_label];
}
