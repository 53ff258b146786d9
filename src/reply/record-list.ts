import * as z from "zod";
import type { Place } from "../account/page-token.ts";
import type { BiginRecord, ListParams, Page } from "../bigin/api/records.ts";
import { recordsByPageNumber, recordsPerPageByDefault } from "../bigin/limits.ts";
import type { Found, ListPlace } from "../bigin/search/find.ts";
import { isEmpty } from "../bigin/values.ts";
import { fitting, roomBeside, shortenedToFit, tokensOf } from "./budget.ts";
import type { ReplyContext } from "./results.ts";
import type { Table } from "./table.ts";
import { longestInTable } from "./untrusted-text.ts";
import type { View } from "./view.ts";

/** The reply of every list of records. */
export const recordListOutput = z.looseObject({
  module: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())).describe("One row per record, cells in the order of columns"),
  complete: z
    .boolean()
    .optional()
    .describe("False if records were left unread, so that rows may be missing"),
  total: z.int().optional().describe("Number of records in the whole list, if known"),
  left: z.int().optional().describe("Number of records after these, if known"),
  more: z
    .looseObject({ page_token: z.string() })
    .optional()
    .describe("For more, repeat the call with this added"),
});

/** A part of a list of records. */
export interface Slice {
  /** The records from `place` to the end of its page. */
  records: readonly BiginRecord[];
  place: Place;
  /** Where the next page begins; undefined after the last page. */
  after: Place | undefined;
  /** How many records the whole list has, if known. */
  total: number | undefined;
  /** How many records come before `place`. */
  before: number;
  /** False if there may be records that are neither in this slice nor before it nor in what it was cut from. */
  complete: boolean;
}

interface Paging {
  page?: number | undefined;
  per_page?: number | undefined;
}

interface PagingContext extends ReplyContext {
  place: Place | undefined;
}

/**
 * Reads a page of one of Bigin's lists: the page that the caller asked for, or the one at which the page_token
 * continues. `count` is called for the total if the first page is not the whole list.
 */
export async function readSlice(
  { page: asked = 1, per_page = recordsPerPageByDefault }: Paging,
  { place: continued }: PagingContext,
  read: (paging: Partial<ListParams>) => Promise<Page>,
  count: () => Promise<number | undefined> = async () => undefined,
): Promise<Slice> {
  const place = continued ?? { page: asked, skip: 0 };
  const page = await read({
    per_page,
    ...(place.token ? { page_token: place.token } : { page: place.page }),
  });
  const next = { page: place.page + 1, skip: 0 };
  const needsToken = next.page * per_page > recordsByPageNumber;
  const token = needsToken ? page.nextPageToken : undefined;
  const isReachable = !needsToken || token !== undefined;
  const isFirst = !continued && place.page === 1;
  const totalOf = () => (page.more ? count() : page.records.length);
  return {
    records: page.records.slice(place.skip),
    place,
    after: page.more && isReachable ? { ...next, ...(token && { token }) } : undefined,
    total: isFirst ? await totalOf() : undefined,
    before: 0,
    complete: !page.more || isReachable,
  };
}

/**
 * The part of a search's result at which the page_token continues, or else the first. After the last part of a result
 * that is not complete, the page_token continues where reading ended.
 */
export function sliceOfFound(
  found: Found,
  { per_page = recordsPerPageByDefault }: Paging,
  { place = { page: 1, skip: 0 } }: PagingContext,
): Slice {
  const { records, next, complete } = found;
  const { skip } = place;
  const end = skip + per_page;
  // A result that was read once more can be shorter than the one of which some records were shown.
  const following = next && { ...next, skip: Math.max(0, skip - records.length) };
  return {
    records: records.slice(skip, end),
    place,
    after: end < records.length ? { ...place, skip: end } : following,
    total: complete && !readingFrom(place) ? records.length : undefined,
    before: skip,
    complete,
  };
}

/** Where a search or a summary must begin to read for a place; undefined at the beginning of the module. */
export function readingFrom(place: Place | undefined): ListPlace | undefined {
  if (!place || (place.page === 1 && place.token === undefined)) return undefined;
  return { page: place.page, token: place.token };
}

/** Says if a search did not read all records, if only some were sorted, or if Bigin could not do it. */
export function howFound(
  { complete, read, next, how }: Found,
  isSorted: boolean,
  isFromStart: boolean,
): { note?: string } {
  const sorted = isSorted ? " and sorted" : "";
  const onward = next
    ? "the page_token after the last of these rows continues with the other records"
    : "narrow the filters";
  if (!complete)
    return {
      note: `Only ${read} records could be read${sorted}, and more may match: ${onward}.`,
    };
  if (!isFromStart)
    return {
      note: `These rows are from the last ${read} records${isSorted ? ", and sorted only among themselves" : ""}.`,
    };
  return how === "scan"
    ? { note: `Bigin cannot search for this: ${read} records were read and filtered locally.` }
    : {};
}

/** Says if a list goes on where it cannot be read. */
export function unreachable({ complete }: Slice): { note?: string } {
  return complete
    ? {}
    : {
        note: "Bigin's list goes on, but gives no way to read on: search with filters for the others.",
      };
}

/**
 * A page of records within the reply's budget. Rows that do not fit are left out, and `more` continues with the first
 * of them. If not even one row fits, it is shown with shorter texts, or else with its first columns only.
 */
export function recordListReply(
  module: string,
  slice: Slice,
  view: View,
  context: ReplyContext,
  extra: Record<string, unknown> = view.caveat,
): z.input<typeof recordListOutput> {
  const { records, place, after, total, before, complete } = slice;
  const { named, renderer } = view;
  const fields = fieldsWithValues(view, records);
  const table = renderer.table(records, fields, named);
  const reply = ({ columns, rows }: Table) => {
    const isCut = rows.length < records.length;
    const next = isCut ? { ...place, skip: place.skip + rows.length } : after;
    const left = total === undefined ? undefined : total - before - rows.length;
    return {
      module,
      columns,
      rows,
      ...(!complete && { complete }),
      ...(total !== undefined && { total }),
      ...extra,
      ...renderer.remarks(),
      ...(next && left !== undefined && { left }),
      ...(next && { more: { page_token: context.pageToken(next) } }),
    };
  };
  const envelope = reply({ columns: table.columns, rows: [] });
  const shown = fitting(table.rows, roomBeside(envelope, context.replyTokens));
  if (shown > 0 || table.rows.length === 0)
    return renderer.settled(reply({ columns: table.columns, rows: table.rows.slice(0, shown) }));
  const first = records.slice(0, 1);
  const room = roomBeside([], context.replyTokens);
  const one = shortenedToFit(
    (longest) => reply(renderer.table(first, fields, named, longest)),
    longestInTable,
    room,
  );
  return renderer.settled(one.fits ? one.shown : firstColumns(one.shown, room));
}

/** Without the currency where no record has one. */
function fieldsWithValues({ fields, currency }: View, records: readonly BiginRecord[]) {
  const isEmptyCurrency = currency && records.every((record) => isEmpty(record[currency]));
  return isEmptyCurrency ? fields.filter((field) => field !== currency) : fields;
}

function firstColumns<T extends Table>(reply: T, room: number): T {
  const note = "Only the first columns fit into the reply: name fewer fields.";
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
