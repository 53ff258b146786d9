import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { badArguments } from "../shared/failure.ts";

/** Where a listing goes on: a page of Bigin's by number or token, and how many of its records were shown already. */
const placeSchema = z.object({
  page: z.int().min(1),
  skip: z.int().min(0),
  token: z.string().optional(),
});
export type Place = z.infer<typeof placeSchema>;

export interface Bookmarks {
  /** A page_token for this place in this very listing. */
  seal(place: Place, call: Call): string;
  /** The place of a page_token. One that is not ours, was altered, or belongs to other arguments is refused. */
  open(token: string, call: Call): Place;
}

/** A listing is its tool and all its arguments but the token. */
export interface Call {
  tool: string;
  args: Readonly<Record<string, unknown>>;
}

/** Short in a reply, and still not to be guessed. */
const sealBytes = 9;

/** Page tokens carry their place in themselves, sealed with a secret of the account, so that no server keeps any. */
export function createBookmarks(secret: string): Bookmarks {
  const sealed = (body: string, call: Call) => {
    const mac = createHmac("sha256", secret)
      .update(`${body}\n${digestOf(call)}`)
      .digest();
    return `${body}.${mac.subarray(0, sealBytes).toString("base64url")}`;
  };
  return {
    seal(place, call) {
      const { page, skip, token } = place;
      return sealed(Buffer.from(JSON.stringify([page, skip, token])).toString("base64url"), call);
    },
    open(token, call) {
      const [body = ""] = token.split("../tool");
      // The texts are compared, not what they decode to: base64 reads several texts alike.
      const [given, ours] = [token, sealed(body, call)].map((text) => Buffer.from(text));
      if (!given || !ours || given.length !== ours.length || !timingSafeEqual(given, ours))
        throw refused();
      const [page, skip, inner] = JSON.parse(
        Buffer.from(body, "base64url").toString(),
      ) as unknown[];
      const place = placeSchema.safeParse({ page, skip, ...(inner !== null && { token: inner }) });
      if (!place.success) throw refused();
      return place.data;
    },
  };
}

function digestOf({ tool, args }: Call): string {
  const { page_token: _, ...rest } = args;
  const sorted = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([tool, sorted]))
    .digest("hex");
}

function refused(): Error {
  return badArguments(
    "This page_token does not belong to this call: take it from `more` of the reply before, and leave all other arguments as they were.",
  );
}
