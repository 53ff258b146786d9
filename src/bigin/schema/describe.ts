import { grantedOr } from "../api/batch.ts";
import type { Metadata, RelatedListMeta, ViewMeta } from "../api/metadata.ts";
import type { Schema } from "./fields.ts";
import { type TeamPipeline, teamPipelineOf } from "./pipelines.ts";

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
  /** False where Bigin told of nothing in a part that every module has. */
  isWhole: boolean;
}

/** Everything Bigin tells of one module, in as few requests as its parts need; what is not granted is empty. */
export async function describe(metadata: Metadata, schema: Schema): Promise<Described> {
  const { module } = schema;
  let isWhole = true;
  const granted = <T>(asked: Promise<T[]>) => {
    const noted = asked.then((list) => {
      isWhole &&= list.length > 0;
      return list;
    });
    return grantedOr<T[], T[]>(noted, []);
  };
  const [layouts, relatedLists, views] = await Promise.all([
    module === "Pipelines" ? granted(metadata.layouts(module)) : [],
    withRelatedLists.includes(module) ? granted(metadata.relatedLists(module)) : [],
    module === "Notes" ? [] : granted(metadata.views(module)),
  ]);
  return { schema, pipelines: layouts.map(teamPipelineOf), relatedLists, views, isWhole };
}
