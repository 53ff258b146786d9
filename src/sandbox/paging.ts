import { createHash, createHmac } from "node:crypto";
import * as z from "zod";
import { ambiguous, BiginError, invalidData, limitExceeded } from "./errors.ts";
import type { Json } from "./schema.ts";
import { stamp } from "./time.ts";

const tokenLifeMs = 86_400_000;
/** The last row that `page` can reach, and the last one that `page_token` can reach. */
const pageReach = 2_000;
const tokenReach = 100_000;
const maxPerPage = 200;

export interface Page<T> {
  readonly rows: T[];
  readonly page: number;
  readonly perPage: number;
  readonly more: boolean;
  readonly offset: number;
}

function positiveInteger(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1)
    throw invalidData({ param_name: name, expected_data_type: "integer" });
  return Number(text);
}

function perPageOf(query: URLSearchParams): number {
  const perPage = positiveInteger(query, "per_page", maxPerPage);
  if (perPage > maxPerPage)
    throw limitExceeded("per_page limit exceeded", maxPerPage, { param_name: "per_page" });
  return perPage;
}

function pageAt<T>(rows: readonly T[], offset: number, perPage: number): Page<T> {
  return {
    rows: rows.slice(offset, offset + perPage),
    page: Math.floor(offset / perPage) + 1,
    perPage,
    offset,
    more: rows.length > offset + perPage,
  };
}

/** A page of a list that has page numbers only. Throws `refusal` past the first 2,000 rows. */
export function numberedPage<T>(
  rows: readonly T[],
  query: URLSearchParams,
  refusal = "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
): Page<T> {
  const perPage = perPageOf(query);
  const page = positiveInteger(query, "page", 1);
  const message = "Only the first 2000 records can be fetched without page_token";
  if (page * perPage > pageReach) throw new BiginError(400, refusal, message, { limit: pageReach });
  return pageAt(rows, (page - 1) * perPage, perPage);
}

/** The request for a list, as far as page tokens depend on it. */
export interface Listing {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly now: number;
  /** Refuses `per_page` next to a token. */
  readonly tokenAlone: boolean;
}

/** A page of a list, by number or by token. A token is valid only for the list it came from. */
export function tokenPage<T>(rows: readonly T[], listing: Listing): Page<T> {
  const token = listing.query.get("page_token");
  if (token === null) return numberedPage(rows, listing.query);
  if (listing.query.has("page")) throw ambiguous("page", "page_token");
  if (listing.tokenAlone && listing.query.has("per_page"))
    throw ambiguous("per_page", "page_token");
  const { offset, perPage } = openToken(token, listing);
  const message = "Only the first 100000 records can be fetched with page_token";
  if (offset + perPage > tokenReach)
    throw new BiginError(400, "PAGINATION_LIMIT_EXCEEDED", message, { limit: tokenReach });
  return pageAt(rows, offset, perPage);
}

/** The `info` object of a list. Related lists have no sort keys: JSON drops what is undefined. */
export function tokenInfo(page: Page<unknown>, listing: Listing, sort?: Json): Json {
  const expires = listing.now + tokenLifeMs;
  const back = page.offset - page.perPage;
  const hasPrevious = listing.query.has("page_token") && back >= 0;
  return {
    per_page: page.perPage,
    next_page_token: page.more
      ? sealToken(listing, page.offset + page.perPage, expires, page.perPage)
      : null,
    count: page.rows.length,
    sort_by: sort?.["sort_by"],
    page: page.page,
    previous_page_token: hasPrevious ? sealToken(listing, back, expires, page.perPage) : null,
    page_token_expiry: page.more || hasPrevious ? stamp(expires) : null,
    sort_order: sort?.["sort_order"],
    more_records: page.more,
  };
}

/** A digest of everything that must stay the same from page to page: the path and all other parameters. */
function binding({ path, query }: Listing, perPage: number): string {
  const bound = [...query]
    .filter(([name]) => !["page", "page_token", "per_page"].includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([path, perPage, bound]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

function sign(text: string): string {
  return createHmac("sha256", "sandbox page token").update(text).digest("hex").slice(0, 64);
}

function sealToken(listing: Listing, offset: number, expires: number, perPage: number): string {
  const content = [binding(listing, perPage), offset, expires, perPage];
  const text = Buffer.from(JSON.stringify(content)).toString("hex");
  return sign(text) + text;
}

/** Binding, offset, expiry in milliseconds, rows on a page. */
const tokenContent = z.tuple([z.string(), z.number(), z.number(), z.number()]);

function openToken(token: string, listing: Listing): { offset: number; perPage: number } {
  const text = token.slice(64);
  if (sign(text) !== token.slice(0, 64)) throw mismatch();
  const [bound, offset, expires, sealed] = tokenContent.parse(
    JSON.parse(Buffer.from(text, "hex").toString("utf8")),
  );
  if (expires <= listing.now)
    throw new BiginError(400, "EXPIRED_VALUE", "The page_token has expired", {
      param_name: "page_token",
    });
  // The page size is part of the token: another `per_page` is not honoured (docs/reference/bigin-api.md §1.2).
  if (bound !== binding(listing, sealed)) throw mismatch();
  return { offset, perPage: sealed };
}

function mismatch(): BiginError {
  const message = "The page_token does not fit the request it is sent with";
  return new BiginError(400, "TOKEN_BOUND_DATA_MISMATCH", message, { param_name: "page_token" });
}
