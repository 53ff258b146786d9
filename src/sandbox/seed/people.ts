import { orgId } from "../schema.ts";
import type { User } from "../store.ts";

export const organisationId = orgId(20_005);

export const roles = [
  { name: "Level 1", id: orgId(26_005) },
  { name: "Level 2", id: orgId(26_008) },
];

export const profiles = [
  { name: "Administrator", id: orgId(26_011) },
  { name: "Standard", id: orgId(26_014) },
];

export function profileOf(user: User) {
  return profiles[user.admin ? 0 : 1];
}

export function roleOf(user: User) {
  return roles[user.admin ? 0 : 1];
}

function user(n: number, first_name: string, last_name: string, handle: string): User {
  return {
    id: orgId(627_001 + n),
    first_name,
    last_name,
    email: `${handle}@harborlight.example`,
    active: n !== 4,
    admin: n === 0,
  };
}

/** The first user is the administrator who authorised the connections. The last one has left the company. */
export const users: readonly User[] = [
  user(0, "Amelia", "Stone", "amelia.stone"),
  user(1, "Diego", "Marín", "diego.marin"),
  user(2, "Priya", "Raman", "priya.raman"),
  user(3, "Tom", "Okafor", "tom.okafor"),
  user(4, "Lena", "Fischer", "lena.fischer"),
];
