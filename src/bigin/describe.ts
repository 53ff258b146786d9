import { grantedOr } from "./granted.ts";
import type { LayoutMeta, Metadata, RelatedListMeta, ViewMeta } from "./metadata.ts";
import type { Schema } from "./schema.ts";

/** The modules whose related lists Bigin tells (bigin-api.md §1.1). */
const withRelatedLists = [
  "Contacts",
  "Pipelines",
  "Accounts",
  "Products",
  "Tasks",
  "Events",
  "Calls",
];

/** A team pipeline: a layout of the module Pipelines, with its sub-pipelines and the stages each allows. */
type TeamPipeline = {
  name: string;
  id: string;
  sub_pipelines: { name: string; stages: string[] }[];
};

export interface Described {
  schema: Schema;
  /** Empty for every module but Pipelines. */
  pipelines: TeamPipeline[];
  relatedLists: RelatedListMeta[];
  views: ViewMeta[];
}

/** Everything Bigin tells of one module, in as few requests as its parts need; what is not granted is empty. */
export async function describe(metadata: Metadata, schema: Schema): Promise<Described> {
  const { module } = schema;
  const granted = <T>(asked: Promise<T[]>) => grantedOr<T[], T[]>(asked, []);
  const [layouts, relatedLists, views] = await Promise.all([
    module === "Pipelines" ? granted(metadata.layouts(module)) : [],
    withRelatedLists.includes(module) ? granted(metadata.relatedLists(module)) : [],
    module === "Notes" ? [] : granted(metadata.views(module)),
  ]);
  return { schema, pipelines: layouts.map(teamPipeline), relatedLists, views };
}

/** Sub_Pipeline's options carry the stages they allow; `/settings/fields` has the two unlinked (§2.5). */
function teamPipeline(layout: LayoutMeta): TeamPipeline {
  const options = layout.sections
    .flatMap((section) => section.fields)
    .filter((field) => field.api_name === "Sub_Pipeline")
    .flatMap((field) => field.pick_list_values);
  return {
    name: layout.name,
    id: layout.id,
    sub_pipelines: options.map((option) => ({
      name: option.display_value,
      stages: option.maps.flatMap((map) =>
        map.pick_list_values.map((stage) => stage.display_value),
      ),
    })),
  };
}
