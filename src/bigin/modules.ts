import type { Cache } from "../cache.ts";
import { badArguments, type Failure } from "../failure.ts";
import { nearest } from "../nearest.ts";
import { type Described, describe } from "./describe.ts";
import type { FieldMeta, Metadata, ModuleMeta, RelatedListMeta } from "./metadata.ts";
import { standardModule, standardModules } from "./standard.ts";

const columnsOfUnknownModules = 7;
/** Long texts, images and engine fields are no use in a table. */
const noColumn = new Set([
  "textarea",
  "profileimage",
  "fileupload",
  "imageupload",
  "subform",
  "bigint",
]);

const attachmentFields = ["File_Name", "Size", "Created_Time", "Owner"];

/** What the organisation's own metadata says, remembered for a while. */
export interface Modules {
  all(): Promise<ModuleMeta[]>;
  fields(module: string): Promise<FieldMeta[]>;
  /**
   * The API name of a module by its API name, its label or a common word for it ("deals"). Bigin's own
   * modules are known without a request. Unknown names fail with the nearest valid ones.
   */
  resolve(name: string): Promise<string>;
  describe(module: string): Promise<Described>;
  /** The fields to show when the caller names none. */
  defaultFields(module: string): Promise<readonly string[]>;
  /** A related list by its API name, its label or a word for its module, with the fields to show. */
  resolveRelated(
    module: string,
    name: string,
  ): Promise<{ apiName: string; fields: readonly string[] }>;
}

export function createModules(
  metadata: Metadata,
  cache: Cache,
  scope: () => Promise<string>,
  signal: AbortSignal,
): Modules {
  async function remembered<T>(what: string, load: () => Promise<T>): Promise<T> {
    return cache.get(`${await scope()} ${what}`, signal, load);
  }
  const modules: Modules = {
    all: () => remembered("modules", () => metadata.modules()),
    fields: (module) => remembered(`fields ${module}`, () => metadata.fields(module)),
    describe: (module) => remembered(`describe ${module}`, () => describe(metadata, module)),
    async resolve(name) {
      const known = standardByName(name);
      if (known) return known;
      const all = await modules.all();
      const wanted = name.trim().toLowerCase();
      const found =
        all.find((one) => one.api_name === name.trim()) ??
        all.find((one) => namesOf(one).some((label) => label.toLowerCase() === wanted));
      if (found?.api_supported) return found.api_name;
      const offered = all.filter((one) => one.api_supported).map((one) => one.api_name);
      const candidates = all.filter((one) => one.api_supported).flatMap(namesOf);
      throw badArguments(
        found
          ? `Bigin does not offer the module "${found.plural_label}" through its API. Use one of: ${offered.join(", ")}.`
          : `There is no module "${name}" in this Bigin.${nearest(name, candidates)} Modules: ${offered.join(", ")}.`,
      );
    },
    async defaultFields(module) {
      const standard = standardModule(module);
      if (standard) return standard.columns;
      const fields = (await modules.fields(module)).filter(
        (field) => field.visible && !noColumn.has(field.data_type),
      );
      const first = fields
        .toSorted((a, b) => weight(a) - weight(b))
        .slice(0, columnsOfUnknownModules);
      return first.map((field) => field.api_name);
    },
    async resolveRelated(module, name) {
      const known = standardByName(name);
      if (known) return { apiName: known, fields: await modules.defaultFields(known) };
      if (name.trim().toLowerCase() === "attachments")
        return { apiName: "Attachments", fields: attachmentFields };
      const lists = await remembered(`related ${module}`, () => metadata.relatedLists(module));
      const wanted = name.trim().toLowerCase();
      const found = lists.find((one) =>
        [one.api_name, one.display_label].some((label) => label.toLowerCase() === wanted),
      );
      if (!found) throw unknownList(module, name, lists);
      const held = found.module?.api_name;
      return { apiName: found.api_name, fields: held ? await modules.defaultFields(held) : ["id"] };
    },
  };
  return modules;
}

function unknownList(module: string, name: string, lists: readonly RelatedListMeta[]): Failure {
  const names = lists.map((one) => one.api_name);
  return badArguments(
    `${module} has no related list "${name}".${nearest(name, names)} Lists: ${names.join(", ")}.`,
  );
}

function standardByName(name: string): string | undefined {
  const wanted = name.trim().toLowerCase();
  return standardModules.find(
    (one) => one.apiName.toLowerCase() === wanted || one.aliases.includes(wanted),
  )?.apiName;
}

function namesOf(module: ModuleMeta): string[] {
  return [module.api_name, module.singular_label, module.plural_label];
}

/** The name first, then the organisation's own fields, then who and when. */
function weight(field: FieldMeta): number {
  if (field.display_field) return 0;
  return /^(Created|Modified|Last_Activity|Tag$)/.test(field.api_name) ? 2 : 1;
}
