import { makeConnection } from "../routes/connections.ts";
import type { World } from "../routing.ts";
import { orgId } from "../schema.ts";
import type { User } from "../store.ts";
import { seedCompany } from "./company.ts";

const DAY_MS = 86_400_000;

const user = (n: number, first_name: string, last_name: string, admin = false): User => ({
  id: orgId(627_001 + n),
  first_name,
  last_name,
  email: `${first_name}.${last_name}@harborlight.example`.toLowerCase().replace("í", "i"),
  active: n !== 4,
  admin,
});

const USERS: readonly User[] = [
  user(0, "Amelia", "Stone", true),
  user(1, "Diego", "Marín"),
  user(2, "Priya", "Raman"),
  user(3, "Tom", "Okafor"),
  user(4, "Lena", "Fischer"),
];

/** Starts over: users, one ACTIVE, one PENDING and one FAILED connection, and the company's data. */
export function seedStore(world: World): void {
  const { store } = world;
  store.clear(USERS);
  const now = store.now();
  makeConnection(world, "ACTIVE", now - 200 * DAY_MS);
  makeConnection(world, "PENDING", now - DAY_MS);
  makeConnection(world, "FAILED", now - 30 * DAY_MS);
  seedCompany(store);
}
