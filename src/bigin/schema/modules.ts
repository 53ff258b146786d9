import { badArguments, Failure } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import { unlessFailed, unlessRefused } from "../api/batch.ts";
import type { Listed } from "../api/lenient.ts";
import type { Metadata, ModuleMeta, RelatedListMeta } from "../api/metadata.ts";
import type { Knowledge, Recall } from "../knowledge.ts";
import { comparable } from "../values.ts";
import { moduleOfEngine } from "./activity-links.ts";
import { type Described, describe } from "./describe.ts";
import type { Schema } from "./fields.ts";
import { standardModules } from "./standard-modules.ts";

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
    const load = async () =>
      (await unlessRefused(metadata().relatedLists(module), undefined))?.items;
    return (await unlessFailed(recall(knowledge.relatedLists, module, load), undefined)) ?? [];
  };
  const resolve = (name: string) => moduleNamed(name, async () => (await all()).items);
  return {
    all,
    resolve,
    describe: (module) =>
      recall(knowledge.descriptions, module, async () =>
        describe(metadata(), await schema(module)),
      ),
    async findRelated(module, holds) {
      const lists = await related(module);
      const usual = lists.find((one) => moduleOfEngine(one.api_name) === holds);
      return (usual ?? lists.find((one) => holdsOf(one) === holds))?.api_name;
    },
    async resolveRelated(module, name) {
      const wanted = comparable(name);
      if (wanted === "attachments") return { apiName: "Attachments", holds: undefined };
      const lists = await related(module);
      const labelled = lists.find((one) =>
        [one.api_name, one.display_label].some((label) => comparable(label) === wanted),
      );
      if (labelled) return { apiName: labelled.api_name, holds: holdsOf(labelled) };
      const holds = await resolve(name).catch(unlessUnknown);
      const held = lists.find((one) => holdsOf(one) === holds);
      if (held) return { apiName: held.api_name, holds };
      // Without metadata, a list is assumed to have the name of its records' module.
      if (holds && lists.length === 0) return { apiName: holds, holds };
      throw unknownList(module, name, lists);
    },
  };
}

/** The module of the records in a related list. */
function holdsOf({ module }: RelatedListMeta): string | undefined {
  return module === undefined ? undefined : moduleOfEngine(module);
}

function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof Failure) || error.facts.kind !== "bad_arguments") throw error;
}

async function moduleNamed(name: string, load: () => Promise<ModuleMeta[]>): Promise<string> {
  const wanted = comparable(name);
  const known = standardModules.find((one) => one.apiName.toLowerCase() === wanted);
  if (known) return known.apiName;
  const alias = standardModules.find((one) => one.aliases.includes(wanted));
  // An organisation's own label comes before the words we know.
  const all = await (alias ? unlessFailed(load(), []) : unlessRefused(load(), undefined));
  // Without the list of modules, Bigin judges the name.
  if (!all && /^[A-Za-z]\w*$/.test(name.trim())) return name.trim();
  if (!all)
    throw badArguments(
      `"${name}" is not one of Bigin's own modules, and this connection cannot read the list of the others: give its API name.`,
    );
  const found = all.find((one) => namesOf(one).some((label) => comparable(label) === wanted));
  if (found?.api_supported) return found.api_name;
  if (alias) return alias.apiName;
  throw unknownModule(name, found, all);
}

const aliases = standardModules.flatMap((module) => module.aliases);

function unknownModule(
  name: string,
  found: ModuleMeta | undefined,
  all: readonly ModuleMeta[],
): Failure {
  const offered = all.filter((one) => one.api_supported);
  const names = offered.map((one) => one.api_name).join(", ");
  return badArguments(
    found
      ? `Bigin does not offer the module "${found.plural_label}" through its API. Use one of: ${names}.`
      : `There is no module "${name}" in this Bigin.${didYouMean(name, [...offered.flatMap(namesOf), ...aliases])} Modules: ${names}.`,
  );
}

function unknownList(module: string, name: string, lists: readonly RelatedListMeta[]): Failure {
  const names = lists.map((one) => one.api_name);
  return badArguments(
    `${module} has no related list "${name}".${didYouMean(name, names)} Lists: ${names.join(", ")}.`,
  );
}

function namesOf(module: ModuleMeta): string[] {
  return [module.api_name, module.singular_label, module.plural_label];
}
