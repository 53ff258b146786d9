import { grantedOr } from "../api/batch.ts";
import type { Metadata, RelatedListMeta, ViewMeta } from "../api/metadata.ts";
import type { Schema } from "./fields.ts";
import { type TeamPipeline, teamPipelineOf } from "./pipelines.ts";

/** The modules for which Bigin has metadata of related lists (docs/reference/bigin-api.md §1.1). */
const withRelatedLists = [
  "Contacts",
  "Pipelines",
  "Accounts",
  "Products",
  "Tasks",
  "Events",
  "Calls",
];

/** What Bigin's metadata say about one module. */
export interface Described {
  schema: Schema;
  /** Empty for all modules but Pipelines. */
  pipelines: TeamPipeline[];
  relatedLists: RelatedListMeta[];
  views: ViewMeta[];
  /** False if a part that every module has came back empty. Such a description is not cached. */
  isWhole: boolean;
}

/** A part of a description; `isSound` is false if it was granted but empty. */
interface Part<T> {
  items: T[];
  isSound: boolean;
}

/**
 * Reads the team pipelines, related lists and views of one module, with one request each. A part that is not granted is
 * empty.
 */
export async function describe(metadata: Metadata, schema: Schema): Promise<Described> {
  const { module } = schema;
  const [layouts, relatedLists, views] = await Promise.all([
    module === "Pipelines" ? partOf(metadata.layouts(module)) : nothing,
    withRelatedLists.includes(module) ? partOf(metadata.relatedLists(module)) : nothing,
    module === "Notes" ? nothing : partOf(metadata.views(module)),
  ]);
  return {
    schema,
    pipelines: layouts.items.map(teamPipelineOf),
    relatedLists: relatedLists.items,
    views: views.items,
    isWhole: layouts.isSound && relatedLists.isSound && views.isSound,
  };
}

const nothing: Part<never> = { items: [], isSound: true };

async function partOf<T>(asked: Promise<T[]>): Promise<Part<T>> {
  const items = await grantedOr(asked, undefined);
  return items ? { items, isSound: items.length > 0 } : nothing;
}
