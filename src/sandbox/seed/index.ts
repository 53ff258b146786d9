import { createConnection } from "../routes/connections.ts";
import type { Backend } from "../routing.ts";
import { seedCompany } from "./company.ts";
import { users } from "./people.ts";

const dayMs = 86_400_000;

/** Replaces everything in the store: users, one ACTIVE, one PENDING and one FAILED connection, the company's data. */
export function seedStore(backend: Backend): void {
  const { store } = backend;
  store.clear(users);
  const now = store.now();
  createConnection(backend, "ACTIVE", now - 200 * dayMs);
  createConnection(backend, "PENDING", now - dayMs);
  createConnection(backend, "FAILED", now - 30 * dayMs);
  seedCompany(store);
}
