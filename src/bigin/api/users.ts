import * as z from "zod";
import { recordsPerPage } from "../limits.ts";
import { parseAs } from "./errors.ts";
import type { BiginHttp } from "./http.ts";
import { anId, listOf, orAbsent, orElse, readItems } from "./lenient.ts";

/** The values of `type` (docs/reference/bigin-api.md §1.13). */
export const userTypes = [
  "AllUsers",
  "ActiveUsers",
  "DeactiveUsers",
  "ConfirmedUsers",
  "NotConfirmedUsers",
  "DeletedUsers",
  "ActiveConfirmedUsers",
  "AdminUsers",
  "ActiveConfirmedAdmins",
  "CurrentUser",
] as const;
type UserType = (typeof userTypes)[number];

const text = z.string().min(1);
const named = orAbsent(z.looseObject({ name: text, id: orElse(anId, "") }));
const userSchema = z
  .looseObject({
    id: anId,
    full_name: orAbsent(text),
    first_name: orAbsent(text),
    last_name: orAbsent(text),
    email: orAbsent(text),
    role: named,
    profile: named,
    status: orAbsent(text),
    time_zone: orAbsent(text),
  })
  .transform((user) => ({ ...user, full_name: nameOf(user) }));
export type User = z.infer<typeof userSchema>;

/** A user may have no full name (docs/reference/bigin-api.md §1.1): then the parts of it, the e-mail address or the id. */
function nameOf(user: {
  id: string;
  full_name: string | undefined;
  first_name: string | undefined;
  last_name: string | undefined;
  email: string | undefined;
}): string {
  const parts = [user.first_name, user.last_name].filter((part) => part !== undefined).join(" ");
  return user.full_name ?? (parts || user.email) ?? user.id;
}

const usersSchema = z.looseObject({
  users: z.array(z.unknown()),
  info: orElse(z.looseObject({ more_records: orAbsent(z.boolean()) }), { more_records: undefined }),
});

export interface Users {
  /** GET /users. `per_page` is at most 200. */
  list(params: {
    type: UserType;
    page?: number | undefined;
    per_page?: number | undefined;
  }): Promise<{ users: User[]; more: boolean; skipped: number }>;
  /** GET /org: the organisation's time zone; undefined if it has none that can be read. */
  organisationZone(): Promise<string | undefined>;
}

const orgSchema = z.looseObject({ org: listOf(z.looseObject({ time_zone: text })) });

export function createUsers(http: BiginHttp): Users {
  return {
    async list(params) {
      const body = await http.send({ method: "GET", path: ["users"], query: params });
      if (body === undefined) return { users: [], more: false, skipped: 0 };
      const { users, info } = parseAs(usersSchema, body, "GET users");
      const { items, skipped } = readItems(userSchema, users);
      return {
        users: items,
        // A full page without a word about more may have more (docs/compatibility.md).
        more: info.more_records ?? users.length >= (params.per_page ?? recordsPerPage),
        skipped,
      };
    },
    async organisationZone() {
      const body = await http.send({ method: "GET", path: ["org"] });
      return parseAs(orgSchema, body, "GET org").org.items[0]?.time_zone;
    },
  };
}
