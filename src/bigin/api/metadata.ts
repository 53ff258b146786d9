import * as z from "zod";
import { malformed, parseAs } from "./errors.ts";
import type { BiginHttp } from "./http.ts";
import { anId, type Listed, listOf, numeric, orAbsent, orElse, readItems } from "./lenient.ts";

const name = z.string().min(1);
const yes = orElse(z.boolean(), true);
const no = orElse(z.boolean(), false);

const moduleSchema = z
  .looseObject({
    api_name: name,
    singular_label: orAbsent(name),
    plural_label: orAbsent(name),
    api_supported: yes,
    creatable: yes,
    editable: yes,
    deletable: yes,
    generated_type: orElse(z.string(), "default"),
  })
  .transform((module) => ({
    ...module,
    singular_label: module.singular_label ?? module.api_name,
    plural_label: module.plural_label ?? module.api_name,
    hasLabels: module.singular_label !== undefined && module.plural_label !== undefined,
  }));
export type ModuleMeta = z.infer<typeof moduleSchema>;

/**
 * An option with its stored value and its label. One whose stored value is missing cannot be read, because records are
 * not found by a label.
 */
const optionSchema = z
  .looseObject({
    display_value: orAbsent(name),
    actual_value: orAbsent(name),
    reference_value: orAbsent(name),
    maps: listOf(z.looseObject({ pick_list_values: z.array(z.unknown()) })),
  })
  .transform(({ display_value, actual_value, reference_value, maps }, check) => {
    const value = actual_value ?? reference_value;
    if (value === undefined) {
      check.addIssue("no stored value");
      return z.NEVER;
    }
    return { value, label: display_value, maps };
  });
type OptionMeta = z.infer<typeof optionSchema>;

/** The options in a list, such as the stages that an option of Sub_Pipeline allows. */
export function readOptions(list: readonly unknown[]): Listed<OptionMeta> {
  return readItems(optionSchema, list);
}

/** False if the list may have an option whose name was not read. */
export function areNamed({ items, skipped }: Listed<OptionMeta>): boolean {
  return skipped === 0 && items.every(({ label }) => label !== undefined);
}

/** The engine names the module in an object, older versions of it in text (docs/reference/bigin-api.md §10). */
const moduleReference = orAbsent(
  z.union([name, z.looseObject({ api_name: name }).transform((module) => module.api_name)]),
);

const fieldSchema = z.looseObject({
  api_name: name,
  field_label: orAbsent(name),
  data_type: orAbsent(name),
  json_type: orAbsent(name),
  length: orAbsent(numeric),
  system_mandatory: no,
  read_only: no,
  field_read_only: no,
  custom_field: no,
  display_field: no,
  visible: yes,
  searchable: yes,
  sortable: yes,
  pick_list_values: listOf(optionSchema),
  unique: orElse(z.looseObject({}), {}),
  lookup: orElse(z.looseObject({ module: moduleReference }), { module: undefined }),
  view_type: orElse(z.looseObject({ create: yes, edit: yes }), { create: true, edit: true }),
  profiles: listOf(z.looseObject({ id: anId, permission_type: name })),
});
export type FieldMeta = z.infer<typeof fieldSchema>;

/** In a layout, the option of a sub-pipeline has the stages it allows in `maps` (docs/reference/bigin-api.md §2.5). */
const layoutFieldSchema = z.looseObject({ api_name: name, pick_list_values: listOf(optionSchema) });
const layoutSchema = z.looseObject({
  id: anId,
  name,
  /** "inactive" for one that is no longer in use. */
  status: orAbsent(z.string()),
  visible: orAbsent(z.boolean()),
  sections: listOf(z.looseObject({ fields: listOf(layoutFieldSchema) })),
});
export type LayoutMeta = z.infer<typeof layoutSchema>;

const relatedListSchema = z
  .looseObject({
    api_name: name,
    display_label: orAbsent(name),
    list_label: orAbsent(name),
    module: moduleReference,
  })
  .transform(({ api_name, display_label, list_label, module }) => ({
    api_name,
    display_label: display_label ?? list_label ?? api_name.replaceAll("_", " "),
    /** As the engine names it: "Deals" for Pipelines. */
    module,
  }));
export type RelatedListMeta = z.infer<typeof relatedListSchema>;

const viewSchema = z.looseObject({
  id: anId,
  name: orElse(z.string(), ""),
  display_value: orElse(z.string(), ""),
});
export type ViewMeta = z.infer<typeof viewSchema>;

/**
 * The endpoints of metadata (docs/reference/bigin-api.md §1.1). Each request costs one credit; each endpoint has its own
 * scope. Items that cannot be read are left out and counted.
 */
export interface Metadata {
  modules(): Promise<Listed<ModuleMeta>>;
  fields(module: string): Promise<Listed<FieldMeta>>;
  /** A layout of Pipelines is a team pipeline. */
  layouts(module: string): Promise<Listed<LayoutMeta>>;
  relatedLists(module: string): Promise<Listed<RelatedListMeta>>;
  views(module: string): Promise<Listed<ViewMeta>>;
}

export function createMetadata(http: BiginHttp): Metadata {
  async function list<T>(what: string, item: z.ZodType<T>, module?: string): Promise<Listed<T>> {
    const path = ["settings", what];
    const body = await http.send({ method: "GET", path, query: { module } });
    const asked = `GET ${path.join("/")}`;
    // Every organisation has modules, and every module has fields.
    const least = what === "modules" || what === "fields" ? 1 : 0;
    if (body === undefined && least === 0) return { items: [], skipped: 0 };
    const lists = parseAs(z.looseObject({ [what]: z.array(z.unknown()).min(least) }), body, asked);
    const { items, skipped } = readItems(item, Object(lists)[what]);
    if (items.length < least) throw malformed(asked);
    return { items, skipped };
  }
  return {
    modules: () => list("modules", moduleSchema),
    fields: (module) => list("fields", fieldSchema, module),
    layouts: (module) => list("layouts", layoutSchema, module),
    relatedLists: (module) => list("related_lists", relatedListSchema, module),
    views: (module) => list("custom_views", viewSchema, module),
  };
}
