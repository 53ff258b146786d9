import type { Context, Hono } from "hono";
import * as z from "zod";
import { MatonError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { Backend, SandboxEnv } from "../routing.ts";
import type { ConnectionStatus, StoredConnection } from "../store.ts";

const appName = "zoho-bigin";

/** A time as Maton writes it: UTC with microseconds. */
function matonTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

export interface ConnectionKeys {
  readonly id: string;
  /** In the link of the connection. */
  readonly sessionToken: string;
}

export function createKeys(random: Random): ConnectionKeys {
  return { id: random.uuid(), sessionToken: random.hex(48) };
}

/** Stores a new connection. `createdAt` is in milliseconds since 1970. */
export function createConnection(
  backend: Backend,
  status: ConnectionStatus,
  createdAt = backend.store.now(),
  keys = createKeys(backend.store.random),
): StoredConnection {
  const connection: StoredConnection = {
    connection_id: keys.id,
    status,
    creation_time: matonTime(createdAt),
    last_updated_time: matonTime(createdAt),
    url: `${backend.settings.authorizeUrl}?session_token=${keys.sessionToken}`,
    app: appName,
    method: "OAUTH2",
    metadata: {},
  };
  backend.store.putConnection(connection);
  return connection;
}

function activate(backend: Backend, connection: StoredConnection): StoredConnection {
  const active: StoredConnection = {
    ...connection,
    status: "ACTIVE",
    last_updated_time: matonTime(backend.store.now()),
  };
  backend.store.putConnection(active);
  return active;
}

function find(backend: Backend, id: string): StoredConnection {
  const connection = backend.store.connections().get(id);
  if (!connection) throw new MatonError(404, `Connection ${id} not found`, "Not Found");
  return connection;
}

function list(c: Context, backend: Backend): Response {
  const { app, status, limit } = c.req.query();
  const { unfilteredConnections } = backend.settings;
  const matching = [...backend.store.connections().values()].filter(
    (entry) =>
      unfilteredConnections ||
      ((app === undefined || entry.app === app) &&
        (status === undefined || entry.status === status)),
  );
  const count = Number(limit);
  return c.json({ connections: count > 0 ? matching.slice(0, count) : matching });
}

/** The reply to a POST, in the documented shape that the settings ask for. */
function createdBody(backend: Backend, connection: StoredConnection): unknown {
  const { connection_id, status, url } = connection;
  switch (backend.settings.createShape) {
    case 1:
      return { connection_id };
    case 2:
      return { connection: { connection_id, status, url } };
    case 3:
      return { connection_id, status, url };
  }
}

async function create(c: Context, backend: Backend): Promise<Response> {
  const body = z.object({ app: z.string() }).safeParse(await c.req.json().catch(() => undefined));
  if (!body.success) throw new MatonError(400, "app is required", "Bad Request");
  if (body.data.app !== appName)
    throw new MatonError(400, `Invalid app name: ${body.data.app}`, "Bad Request");
  return c.json(createdBody(backend, createConnection(backend, "PENDING")));
}

/** Stands in for Maton's OAuth page: opening it authorises the connection. */
function authorize(c: Context, backend: Backend): Response {
  const token = c.req.query("session_token") ?? "";
  const connection = [...backend.store.connections().values()].find((entry) =>
    entry.url.endsWith(`session_token=${token}`),
  );
  if (token === "" || !connection) return c.html("<h1>This link is not valid.</h1>", 404);
  activate(backend, connection);
  return c.html(
    `<!doctype html><meta charset="utf-8"><title>Zoho Bigin connected</title>` +
      `<h1>Zoho Bigin is connected</h1><p>Connection <code>${connection.connection_id}</code> is now ` +
      `ACTIVE in the sandbox. You can close this page.</p>`,
  );
}

/** Reading a PENDING connection often enough activates it. */
function read(backend: Backend, id: string): StoredConnection {
  const connection = find(backend, id);
  const { activateOnLook } = backend.settings;
  if (activateOnLook === false || connection.status !== "PENDING") return connection;
  const count = (backend.reads.get(connection) ?? 0) + 1;
  backend.reads.set(connection, count);
  return count >= activateOnLook ? activate(backend, connection) : connection;
}

/** Maton's control host: connections and the authorisation page, which needs no key. */
export function connectionRoutes(app: Hono<SandboxEnv>): void {
  app.get("/authorize", (c) => authorize(c, c.env.backend));
  app.get("/connections", (c) => list(c, c.env.backend));
  app.post("/connections", (c) => create(c, c.env.backend));
  app.get("/connections/:id", (c) =>
    c.json({ connection: read(c.env.backend, c.req.param("id")) }),
  );
  app.delete("/connections/:id", (c) => {
    const { store } = c.env.backend;
    store.removeConnection(find(c.env.backend, c.req.param("id")).connection_id);
    return c.json({});
  });
}
