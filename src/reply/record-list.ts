import * as z from "zod";
import type { Place } from "../account/page-token.ts";
import type { BiginRecord } from "../bigin/api/records.ts";
import type { ToolContext } from "../tool/define.ts";
import { fitting, roomBeside, shortenedToFit, tokensOf } from "./budget.ts";
import type { Renderer, Table } from "./table.ts";
import { longestInTable } from "./untrusted-text.ts";

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
 * was left out. A row that is too long by itself is shown with shorter texts, and at worst with its first columns.
 */
export function pageReply(
  listing: Listing,
  renderer: Renderer,
  context: ToolContext,
): z.input<typeof pageOutput> {
  const { records, fields, keepEmpty, place, after } = listing;
  const table = renderer.table(records, fields, keepEmpty);
  const reply = ({ columns, rows }: Table, extra: object = {}) => {
    const cut = rows.length < records.length;
    const next = cut ? { ...place, skip: place.skip + rows.length } : after;
    const left =
      listing.total === undefined ? undefined : listing.total - listing.before - rows.length;
    return {
      module: listing.module,
      columns,
      rows,
      ...(listing.total !== undefined && { total: listing.total }),
      ...listing.extra,
      ...extra,
      ...renderer.remarks(),
      ...(next && left !== undefined && { left }),
      ...(next && { more: { page_token: context.bookmark(next) } }),
    };
  };
  const envelope = reply({ columns: table.columns, rows: [] });
  const shown = fitting(table.rows, roomBeside(envelope, context.replyTokens));
  if (shown > 0 || table.rows.length === 0)
    return reply({ columns: table.columns, rows: table.rows.slice(0, shown) });
  const first = records.slice(0, 1);
  const room = roomBeside([], context.replyTokens);
  const one = shortenedToFit(
    (longest) => reply(renderer.table(first, fields, keepEmpty, longest)),
    longestInTable,
    room,
  );
  return one.fits ? one.shown : firstColumns(one.shown, room);
}

/** A row of so many columns that even their names are too long. */
function firstColumns<T extends Table>(reply: T, room: number): T {
  const note = "only the first columns fit the reply; name fewer fields";
  const narrowed = (count: number) => ({
    ...reply,
    columns: reply.columns.slice(0, count),
    rows: reply.rows.map((row) => row.slice(0, count)),
    note,
  });
  let count = reply.columns.length - 1;
  while (count > 1 && tokensOf(narrowed(count)) > room) count -= 1;
  return narrowed(count);
}
