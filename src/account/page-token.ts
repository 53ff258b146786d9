import { hash } from "node:crypto";
import * as z from "zod";
import { badArguments } from "../shared/failure.ts";
import { createSealer, digestOf } from "../shared/seal.ts";

/**
 * Where a list continues: Bigin's page, by number or by Bigin's token, and how many of its records were shown already.
 */
const placeSchema = z.tuple([z.int().min(1), z.int().min(0), z.string().nullable()]);

/** A place in a list: Bigin's page, and how many of its records to skip because they were shown already. */
export interface Place {
  page: number;
  skip: number;
  token?: string | undefined;
}

/** Creates and opens the page_tokens of one account. */
export interface PageTokens {
  /** The page_token that continues this list at a place. */
  seal(place: Place, call: ListCall): string;
  /** The place of a page_token. Fails if the token is not ours, was altered, or belongs to other arguments. */
  open(token: string, call: ListCall): Place;
}

/** A list is identified by its tool and its arguments, without the shared ones. */
export interface ListCall {
  tool: string;
  args: Readonly<Record<string, unknown>>;
}

/** Short, because each reply with `more` has a token, and still impossible to guess. */
const macBytes = 9;

/** Page tokens contain their place, signed with a secret of the account, so that the server need not remember them. */
export function createPageTokens(secret: string): PageTokens {
  const sealer = createSealer(secret, macBytes);
  return {
    seal: ({ page, skip, token }, call) =>
      sealer.seal(JSON.stringify([page, skip, token ?? null]), digestOf(call)),
    open(given, call) {
      const text = sealer.open(given, digestOf(call));
      const place = placeSchema.safeParse(text === undefined ? undefined : JSON.parse(text));
      if (!place.success)
        throw badArguments(
          "This page_token does not belong to this call: take it from `more` of the previous reply, and repeat all other arguments unchanged.",
        );
      const [page, skip, token] = place.data;
      return { page, skip, ...(token !== null && { token }) };
    },
  };
}

/** Derived from the Maton key, so that a page_token is valid on every server that has the same key. */
export function pageTokenSecret(key: string): string {
  return hash("sha256", `bookmarks ${key}`);
}
