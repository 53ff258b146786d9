import * as z from "zod";
import { parseAs } from "./errors.ts";
import type { BiginHttp } from "./http.ts";

const moduleSchema = z.looseObject({
  api_name: z.string(),
  singular_label: z.string(),
  plural_label: z.string(),
  api_supported: z.boolean(),
  creatable: z.boolean().default(true),
  editable: z.boolean().default(true),
  deletable: z.boolean().default(true),
  generated_type: z.string().default("default"),
});
export type ModuleMeta = z.infer<typeof moduleSchema>;

const optionSchema = z.looseObject({ display_value: z.string(), actual_value: z.string() });
const fieldSchema = z.looseObject({
  api_name: z.string(),
  field_label: z.string(),
  data_type: z.string(),
  json_type: z.string().default("string"),
  length: z.number().nullish(),
  system_mandatory: z.boolean().default(false),
  read_only: z.boolean().default(false),
  field_read_only: z.boolean().default(false),
  custom_field: z.boolean().default(false),
  display_field: z.boolean().default(false),
  visible: z.boolean().default(true),
  searchable: z.boolean().default(true),
  sortable: z.boolean().default(true),
  pick_list_values: z.array(optionSchema).default([]),
  unique: z.looseObject({}).default({}),
  lookup: z.looseObject({ module: z.looseObject({ api_name: z.string() }).optional() }).default({}),
  view_type: z
    .looseObject({ create: z.boolean().default(true), edit: z.boolean().default(true) })
    .default({ create: true, edit: true }),
  profiles: z.array(z.looseObject({ id: z.string(), permission_type: z.string() })).default([]),
});
export type FieldMeta = z.infer<typeof fieldSchema>;

/** In a layout, each sub-pipeline option lists its stages in `maps` (docs/reference/bigin-api.md §2.5). */
const layoutOptionSchema = optionSchema.extend({
  maps: z
    .array(
      z.looseObject({
        api_name: z.string().optional(),
        pick_list_values: z.array(optionSchema).default([]),
      }),
    )
    .default([]),
});
const layoutFieldSchema = z.looseObject({
  api_name: z.string(),
  pick_list_values: z.array(layoutOptionSchema).default([]),
});
const layoutSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  sections: z.array(z.looseObject({ fields: z.array(layoutFieldSchema).default([]) })).default([]),
});
export type LayoutMeta = z.infer<typeof layoutSchema>;

const relatedListSchema = z.looseObject({
  api_name: z.string(),
  display_label: z.string().default(""),
  module: z.looseObject({ api_name: z.string() }).nullish(),
});
export type RelatedListMeta = z.infer<typeof relatedListSchema>;

const viewSchema = z.looseObject({
  id: z.string(),
  name: z.string().default(""),
  display_value: z.string().default(""),
});
export type ViewMeta = z.infer<typeof viewSchema>;

/**
 * The metadata endpoints (docs/reference/bigin-api.md §1.1). Each request costs one credit; each endpoint has its own
 * scope.
 */
export interface Metadata {
  modules(): Promise<ModuleMeta[]>;
  fields(module: string): Promise<FieldMeta[]>;
  /** A layout of Pipelines is a team pipeline. */
  layouts(module: string): Promise<LayoutMeta[]>;
  relatedLists(module: string): Promise<RelatedListMeta[]>;
  views(module: string): Promise<ViewMeta[]>;
}

export function createMetadata(http: BiginHttp): Metadata {
  async function list<T>(what: string, item: z.ZodType<T>, module?: string): Promise<T[]> {
    const path = ["settings", what];
    const body = await http.send({ method: "GET", path, query: { module } });
    const asked = `GET ${path.join("/")}`;
    // Every organisation has modules, and every module has fields.
    const least = what === "modules" || what === "fields" ? 1 : 0;
    if (body === undefined && least === 0) return [];
    const lists = parseAs(z.looseObject({ [what]: z.array(z.unknown()) }), body, asked);
    return parseAs(z.array(item).min(least), lists[what], asked);
  }
  return {
    modules: () => list("modules", moduleSchema),
    fields: (module) => list("fields", fieldSchema, module),
    layouts: (module) => list("layouts", layoutSchema, module),
    relatedLists: (module) => list("related_lists", relatedListSchema, module),
    views: (module) => list("custom_views", viewSchema, module),
  };
}
