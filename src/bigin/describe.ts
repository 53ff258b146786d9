import type { FieldMeta, LayoutMeta, Metadata, RelatedListMeta, ViewMeta } from "./metadata.ts";

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
  fields: FieldMeta[];
  /** Empty for every module but Pipelines. */
  pipelines: TeamPipeline[];
  relatedLists: RelatedListMeta[];
  views: ViewMeta[];
}

/** Everything Bigin tells of one module, in as few requests as its parts need. */
export async function describe(metadata: Metadata, module: string): Promise<Described> {
  const [fields, layouts, relatedLists, views] = await Promise.all([
    metadata.fields(module),
    module === "Pipelines" ? metadata.layouts(module) : [],
    withRelatedLists.includes(module) ? metadata.relatedLists(module) : [],
    module === "Notes" ? [] : metadata.views(module),
  ]);
  return { fields, pipelines: layouts.map(teamPipeline), relatedLists, views };
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
      name: option.actual_value,
      stages: option.maps.flatMap((map) => map.pick_list_values.map((stage) => stage.actual_value)),
    })),
  };
}
