import { makeConnection } from "../routes/connections.ts";
import type { World } from "../routing.ts";
import { seedCompany } from "./company.ts";
import { USERS } from "./people.ts";

const DAY_MS = 86_400_000;

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
