import { orgId } from "../schema.ts";
import type { User } from "../store.ts";

export const ORG_ID = orgId(20_005);
export const ROLES = [
  { name: "Level 1", id: orgId(26_005) },
  { name: "Level 2", id: orgId(26_008) },
];
export const PROFILES = [
  { name: "Administrator", id: orgId(26_011) },
  { name: "Standard", id: orgId(26_014) },
];

export const profileOf = (user: User) => PROFILES[user.admin ? 0 : 1];
export const roleOf = (user: User) => ROLES[user.admin ? 0 : 1];

const user = (n: number, first_name: string, last_name: string, handle: string): User => ({
  id: orgId(627_001 + n),
  first_name,
  last_name,
  email: `${handle}@harborlight.example`,
  active: n !== 4,
  admin: n === 0,
});

/** The first is the administrator whose grant the connection holds; the last one has left. */
export const USERS: readonly User[] = [
  user(0, "Amelia", "Stone", "amelia.stone"),
  user(1, "Diego", "Marín", "diego.marin"),
  user(2, "Priya", "Raman", "priya.raman"),
  user(3, "Tom", "Okafor", "tom.okafor"),
  user(4, "Lena", "Fischer", "lena.fischer"),
];
