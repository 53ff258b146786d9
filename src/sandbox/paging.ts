import { createHash, createHmac } from "node:crypto";
import * as z from "zod";
import { ambiguous, BiginError, invalidData, limitExceeded } from "./errors.ts";
import type { Json } from "./schema.ts";
import { stamp } from "./time.ts";

const DAY_MS = 86_400_000;
/** Rows that `page` can reach, and rows that `page_token` can reach. */
const PAGE_REACH = 2_000;
const TOKEN_REACH = 100_000;
const MAX_PER_PAGE = 200;

export interface Page<T> {
  readonly rows: T[];
  readonly page: number;
  readonly perPage: number;
  readonly more: boolean;
  readonly offset: number;
}

function integer(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw invalidData({ param_name: name, expected_data_type: "integer" });
  }
  return Number(text);
}

function perPageOf(query: URLSearchParams): number {
  const perPage = integer(query, "per_page", MAX_PER_PAGE);
  if (perPage > MAX_PER_PAGE) {
    throw limitExceeded("per_page limit exceeded", MAX_PER_PAGE, { param_name: "per_page" });
  }
  return perPage;
}

const cut = <T>(rows: readonly T[], offset: number, perPage: number): Page<T> => ({
  rows: rows.slice(offset, offset + perPage),
  page: Math.floor(offset / perPage) + 1,
  perPage,
  offset,
  more: rows.length > offset + perPage,
});

/** Paging by number alone, refused past the rows it can reach. */
export function numberedPage<T>(
  rows: readonly T[],
  query: URLSearchParams,
  refusal = "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
): Page<T> {
  const perPage = perPageOf(query);
  const page = integer(query, "page", 1);
  if (page * perPage > PAGE_REACH) {
    throw new BiginError(
      400,
      refusal,
      "Only the first 2000 records can be fetched without page_token",
      { limit: PAGE_REACH },
    );
  }
  return cut(rows, (page - 1) * perPage, perPage);
}

export interface Listing {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly now: number;
}

/** A page of a list, by number or by token; a token is good only for the list it came from. */
export function tokenPage<T>(rows: readonly T[], listing: Listing): Page<T> {
  const token = listing.query.get("page_token");
  if (token === null) return numberedPage(rows, listing.query);
  if (listing.query.has("page")) throw ambiguous("page", "page_token");
  const perPage = perPageOf(listing.query);
  const offset = openToken(token, listing);
  if (offset + perPage > TOKEN_REACH) {
    throw new BiginError(
      400,
      "PAGINATION_LIMIT_EXCEEDED",
      "Only the first 100000 records can be fetched with page_token",
      { limit: TOKEN_REACH },
    );
  }
  return cut(rows, offset, perPage);
}

/** `info` as lists carry it; related lists leave the sort keys out. */
export function tokenInfo(page: Page<unknown>, listing: Listing, sort?: Json): Json {
  const expires = listing.now + DAY_MS;
  const back = page.offset - page.perPage;
  const hasPrevious = listing.query.has("page_token") && back >= 0;
  return {
    per_page: page.perPage,
    next_page_token: page.more ? sealToken(listing, page.offset + page.perPage, expires) : null,
    count: page.rows.length,
    ...(sort && { sort_by: sort["sort_by"] }),
    page: page.page,
    previous_page_token: hasPrevious ? sealToken(listing, back, expires) : null,
    page_token_expiry: page.more || hasPrevious ? stamp(expires) : null,
    ...(sort && { sort_order: sort["sort_order"] }),
    more_records: page.more,
  };
}

/** All that must stay the same from page to page: the path and every other parameter. */
function binding({ path, query }: Listing): string {
  const bound = [...query]
    .filter(([name]) => !["page", "page_token", "per_page"].includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([path, perPageOf(query), bound]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

const sign = (text: string): string =>
  createHmac("sha256", "sandbox page token").update(text).digest("hex").slice(0, 64);

function sealToken(listing: Listing, offset: number, expires: number): string {
  const text = Buffer.from(JSON.stringify([binding(listing), offset, expires])).toString("hex");
  return sign(text) + text;
}

const content = z.tuple([z.string(), z.number(), z.number()]);

function openToken(token: string, listing: Listing): number {
  const text = token.slice(64);
  if (sign(text) !== token.slice(0, 64)) throw mismatch();
  const [bound, offset, expires] = content.parse(
    JSON.parse(Buffer.from(text, "hex").toString("utf8")),
  );
  if (expires <= listing.now) {
    throw new BiginError(400, "EXPIRED_VALUE", "The page_token has expired", {
      param_name: "page_token",
    });
  }
  if (bound !== binding(listing)) throw mismatch();
  return offset;
}

const mismatch = () =>
  new BiginError(
    400,
    "TOKEN_BOUND_DATA_MISMATCH",
    "The page_token does not fit the request it is sent with",
    { param_name: "page_token" },
  );
