import type { MiddlewareHandler } from "hono";
import { MatonError, scopeMismatch } from "./errors.ts";
import type { World } from "./routing.ts";

/** Every path but the authorisation page needs the key; Maton looks at it before anything else. */
export function requireKey(world: World): MiddlewareHandler {
  const wanted = `Bearer ${world.settings.key}`;
  return async (c, next) => {
    if (c.req.path !== "/authorize" && c.req.header("authorization") !== wanted) {
      throw new MatonError(401, "Invalid API key");
    }
    await next();
  };
}

/** The gateway's own rules: a known app, and an ACTIVE connection named or found. */
export function requireConnection(world: World): MiddlewareHandler {
  return async (c, next) => {
    const app = c.req.path.split("/")[1] ?? "";
    if (app !== "zoho-bigin") throw new MatonError(400, `Invalid app name: ${app}`, "Bad Request");
    world.serving.set(c.req.raw, connectionFor(world, c.req.header("maton-connection")));
    await next();
  };
}

/** The connection named, or the oldest ACTIVE one (maton-gateway.md §3). All share one organisation. */
function connectionFor(world: World, id: string | undefined): string {
  const connections = world.store.connections();
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
  throw new MatonError(
    400,
    `Connection ${id} is not active (status: ${connection.status})`,
    "Bad Request",
  );
}

/** What Maton's own README says its stock connection may do. */
const MATON_GRANT = new Set([
  "modules.Contacts",
  "modules.Accounts",
  "modules.Pipelines",
  "modules.Products",
  "search",
  "users",
  "settings.modules",
]);

export function requireScopes(world: World, scopes: readonly string[]): void {
  if (world.settings.profile === "full") return;
  if (scopes.some((scope) => !MATON_GRANT.has(scope))) throw scopeMismatch();
}
