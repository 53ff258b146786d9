import * as z from "zod";
import { parseAs } from "./errors.ts";
import type { BiginHttp } from "./http.ts";

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

const named = z.looseObject({ name: z.string(), id: z.string() });
const userSchema = z.looseObject({
  id: z.string(),
  full_name: z.string(),
  email: z.string().nullish(),
  role: named.nullish(),
  profile: named.nullish(),
  status: z.string().nullish(),
  time_zone: z.string().nullish(),
});
export type User = z.infer<typeof userSchema>;

const usersSchema = z.looseObject({
  users: z.array(userSchema),
  info: z
    .looseObject({ page: z.number().optional(), more_records: z.boolean().optional() })
    .default({}),
});

export interface Users {
  /** GET /users. `per_page` is at most 200. */
  list(params: {
    type: UserType;
    page?: number | undefined;
    per_page?: number | undefined;
  }): Promise<{ users: User[]; page: number; more: boolean }>;
  /** GET /org: the organisation's time zone; undefined if it has none. */
  organisationZone(): Promise<string | undefined>;
}

const orgSchema = z.looseObject({
  org: z.array(z.looseObject({ time_zone: z.string().nullish() })).min(1),
});

export function createUsers(http: BiginHttp): Users {
  return {
    async list(params) {
      const body = await http.send({ method: "GET", path: ["users"], query: params });
      if (body === undefined) return { users: [], page: params.page ?? 1, more: false };
      const { users, info } = parseAs(usersSchema, body, "GET users");
      return { users, page: info.page ?? params.page ?? 1, more: info.more_records ?? false };
    },
    async organisationZone() {
      const body = await http.send({ method: "GET", path: ["org"] });
      return parseAs(orgSchema, body, "GET org").org[0]?.time_zone ?? undefined;
    },
  };
}
