import type { Context, Next } from "hono";
import { MatonError, scopeMismatch } from "./errors.ts";
import type { Backend, SandboxEnv } from "./routing.ts";

/** Every path except the authorisation page needs the key. Maton checks it before anything else. */
export async function requireKey(c: Context<SandboxEnv>, next: Next): Promise<void> {
  const expected = `Bearer ${c.env.backend.settings.key}`;
  if (c.req.path !== "/authorize" && c.req.header("authorization") !== expected)
    throw new MatonError(401, "Invalid API key");
  await next();
}

/** The gateway's own rules: a known app, and an ACTIVE connection, named or found. */
export async function requireConnection(c: Context<SandboxEnv>, next: Next): Promise<void> {
  const { backend } = c.env;
  const app = c.req.path.split("/")[1] ?? "";
  if (app !== "zoho-bigin") throw new MatonError(400, `Invalid app name: ${app}`, "Bad Request");
  backend.serving.set(c.req.raw, connectionFor(backend, c.req.header("maton-connection")));
  await next();
}

/**
 * The connection named, or the oldest ACTIVE one (docs/reference/maton-gateway.md §3). All connections lead to one
 * organisation.
 */
function connectionFor(backend: Backend, id: string | undefined): string {
  const connections = backend.store.connections();
  if (id === undefined) {
    const [oldest] = [...connections.values()]
      .filter((entry) => entry.status === "ACTIVE")
      .toSorted((a, b) => (a.creation_time < b.creation_time ? -1 : 1));
    if (oldest) return oldest.connection_id;
    throw new MatonError(400, "No active connection found for app zoho-bigin", "Bad Request");
  }
  const connection = connections.get(id);
  if (!connection) throw new MatonError(404, `Connection ${id} not found`, "Not Found");
  if (connection.status === "ACTIVE") return id;
  const message = `Connection ${id} is not active (status: ${connection.status})`;
  throw new MatonError(400, message, "Bad Request");
}

/** The scopes of Maton's stock connection, from Maton's own README. */
const matonGrant = new Set([
  "modules.Contacts",
  "modules.Accounts",
  "modules.Pipelines",
  "modules.Products",
  "search",
  "users",
  "settings.modules",
]);

export function requireScopes(backend: Backend, scopes: readonly string[]): void {
  if (backend.settings.profile === "full") return;
  if (scopes.some((scope) => !matonGrant.has(scope))) throw scopeMismatch();
}
