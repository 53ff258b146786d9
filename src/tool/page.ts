import * as z from "zod";
import type { BiginRecord } from "../bigin/records.ts";
import type { Place } from "./bookmark.ts";
import type { ToolContext } from "./define.ts";
import type { Renderer } from "./render.ts";
import { estimateTokens } from "./tokens.ts";

/** What the reply holds besides its rows: names, remarks, a page token. */
const reservedTokens = 220;

/** What every list of records answers. */
export const pageOutput = z.looseObject({
  module: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())).describe("A row per record, cells in the order of columns"),
  total: z.int().optional().describe("Records in all, where Bigin tells"),
  left: z.int().optional().describe("Records after these, where it is known"),
  more: z
    .looseObject({ page_token: z.string() })
    .optional()
    .describe("Add to the same arguments for the rest"),
});

export interface Listing {
  module: string;
  /** The records from `place` on. */
  records: readonly BiginRecord[];
  fields: readonly string[];
  /** True when the caller named the fields. */
  keepEmpty: boolean;
  place: Place;
  /** Where the next page begins; undefined after the last. */
  after: Place | undefined;
  /** Records in all, where it is known. */
  total: number | undefined;
  /** How many records stand before `place`. */
  before: number;
  extra?: Record<string, unknown>;
}

/**
 * A page of records within the reply's budget. Past it whole rows are cut, and `more` goes on with the first that
 * was left out. At least one row is always shown.
 */
export function pageReply(
  listing: Listing,
  renderer: Renderer,
  context: ToolContext,
): z.input<typeof pageOutput> {
  const table = renderer.table(listing.records, listing.fields, listing.keepEmpty);
  const shown = fitting(table.rows, context.replyTokens - reservedTokens);
  const cut = shown < table.rows.length;
  const next = cut ? { ...listing.place, skip: listing.place.skip + shown } : listing.after;
  const left = listing.total === undefined ? undefined : listing.total - listing.before - shown;
  return {
    module: listing.module,
    columns: table.columns,
    rows: table.rows.slice(0, shown),
    ...(listing.total !== undefined && { total: listing.total }),
    ...listing.extra,
    ...renderer.remarks(),
    ...(next && left !== undefined && { left }),
    ...(next && { more: { page_token: context.bookmark(next) } }),
  };
}

function fitting(rows: readonly unknown[][], budget: number): number {
  let tokens = 0;
  for (const [at, row] of rows.entries()) {
    tokens += estimateTokens(JSON.stringify(row)) + 1;
    if (tokens > budget) return Math.max(1, at);
  }
  return rows.length;
}
