import { grantedOr } from "./granted.ts";
import type { Metadata, RelatedListMeta, ViewMeta } from "./metadata.ts";
import type { Schema } from "./schema.ts";
import { type TeamPipeline, teamPipelineOf } from "./team-pipelines.ts";

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
  return { schema, pipelines: layouts.map(teamPipelineOf), relatedLists, views };
}
