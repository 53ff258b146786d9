import { unlessFailed, unlessRefused } from "../api/batch.ts";
import type { Listed } from "../api/lenient.ts";
import type { Metadata, RelatedListMeta, ViewMeta } from "../api/metadata.ts";
import type { Schema } from "./fields.ts";
import { areWhole, type TeamPipeline, teamPipelinesIn } from "./pipelines.ts";

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
  pipelines: readonly TeamPipeline[];
  relatedLists: RelatedListMeta[];
  views: ViewMeta[];
  /** What could not be read, in words that follow "not checked": "views", "2 related lists". */
  missing: string[];
  /** False if a part that every module has came back empty or failed: then the description is not remembered. */
  isWhole: boolean;
}

/** Everything Bigin's metadata say about one module, in one request a part. What cannot be read is named in `missing`. */
export async function describe(metadata: Metadata, schema: Schema): Promise<Described> {
  const { module } = schema;
  const nothing = Promise.resolve(undefined);
  const [layouts, relatedLists, views] = await Promise.all([
    module === "Pipelines" ? partOf(metadata.layouts(module)) : nothing,
    withRelatedLists.includes(module) ? partOf(metadata.relatedLists(module)) : nothing,
    module === "Notes" ? nothing : partOf(metadata.views(module)),
  ]);
  const parts = { "team pipelines": layouts, "related lists": relatedLists, views };
  const teams = layouts && teamPipelinesIn(layouts);
  // Layouts that are missing as a whole are counted below.
  const isCut = teams && !areWhole({ ...teams, isWhole: true });
  return {
    schema,
    pipelines: teams?.items ?? [],
    relatedLists: relatedLists?.items ?? [],
    views: views?.items ?? [],
    missing: [
      ...Object.entries(parts).flatMap(([name, part]) => missingIn(name, part)),
      ...(isCut ? ["some sub-pipelines or stages"] : []),
    ],
    isWhole: !schema.isForNow && Object.values(parts).every((part) => part?.isSound ?? true),
  };
}

/** A part of a description. */
interface Part<T> extends Listed<T> {
  isRefused: boolean;
  /** False if it was granted and is empty, or may be read with the next call. */
  isSound: boolean;
}

async function partOf<T>(asked: Promise<Listed<T>>): Promise<Part<T>> {
  const listed = await unlessFailed(unlessRefused(asked, "refused" as const), "failed" as const);
  const isRefused = typeof listed === "string";
  const { items, skipped } = isRefused ? { items: [], skipped: 0 } : listed;
  return { items, skipped, isRefused, isSound: listed === "refused" || items.length > 0 };
}

function missingIn(name: string, part: Part<unknown> | undefined): string[] {
  if (part?.isRefused) return [name];
  return part && part.skipped > 0 ? [`${part.skipped} ${name}`] : [];
}
