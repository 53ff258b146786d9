import type { Context, Hono } from "hono";
import * as z from "zod";
import { MatonError } from "../errors.ts";
import type { World } from "../routing.ts";
import type { ConnectionStatus, StoredConnection } from "../store.ts";

const APP = "zoho-bigin";

/** Maton writes its times in UTC with microseconds. */
const matonTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");

export function makeConnection(
  world: World,
  status: ConnectionStatus,
  createdAt = world.store.now(),
): StoredConnection {
  const { random } = world.store;
  const connection: StoredConnection = {
    connection_id: random.uuid(),
    status,
    creation_time: matonTime(createdAt),
    last_updated_time: matonTime(createdAt),
    url: `${world.settings.authorizeUrl}?session_token=${random.hex(48)}`,
    app: APP,
    method: "OAUTH2",
    metadata: {},
  };
  world.store.putConnection(connection);
  return connection;
}

function activate(world: World, connection: StoredConnection): StoredConnection {
  const active: StoredConnection = {
    ...connection,
    status: "ACTIVE",
    last_updated_time: matonTime(world.store.now()),
  };
  world.store.putConnection(active);
  return active;
}

function find(world: World, id: string): StoredConnection {
  const connection = world.store.connections().get(id);
  if (!connection) throw new MatonError(404, `Connection ${id} not found`, "Not Found");
  return connection;
}

function list(c: Context, world: World): Response {
  const { app, status, limit } = c.req.query();
  const matching = [...world.store.connections().values()].filter(
    (entry) =>
      (app === undefined || entry.app === app) && (status === undefined || entry.status === status),
  );
  const count = Number(limit);
  return c.json({ connections: count > 0 ? matching.slice(0, count) : matching });
}

function created(world: World, connection: StoredConnection): unknown {
  const { connection_id, status, url } = connection;
  switch (world.settings.createShape) {
    case 1:
      return { connection_id };
    case 2:
      return { connection: { connection_id, status, url } };
    case 3:
      return { connection_id, status, url };
  }
}

async function create(c: Context, world: World): Promise<Response> {
  const body = z.object({ app: z.string() }).safeParse(await c.req.json().catch(() => undefined));
  if (!body.success) throw new MatonError(400, "app is required", "Bad Request");
  if (body.data.app !== APP) {
    throw new MatonError(400, `Invalid app name: ${body.data.app}`, "Bad Request");
  }
  return c.json(created(world, makeConnection(world, "PENDING")));
}

/** The counterpart of Maton's OAuth page: opening it is the whole consent. */
function authorize(c: Context, world: World): Response {
  const token = c.req.query("session_token") ?? "";
  const connection = [...world.store.connections().values()].find((entry) =>
    entry.url.endsWith(`session_token=${token}`),
  );
  if (token === "" || !connection) return c.html("<h1>This link is not valid.</h1>", 404);
  activate(world, connection);
  return c.html(
    `<!doctype html><meta charset="utf-8"><title>Zoho Bigin connected</title>` +
      `<h1>Zoho Bigin is connected</h1><p>Connection <code>${connection.connection_id}</code> is now ` +
      `ACTIVE in the sandbox. You can close this page.</p>`,
  );
}

/** Maton's control host: connections and, open to anyone with the link, the authorisation page. */
export function connectionRoutes(app: Hono, world: World): void {
  // By object, not by id: a reset makes the same ids anew and must forget their looks.
  const looks = new WeakMap<StoredConnection, number>();

  const look = (connection: StoredConnection): StoredConnection => {
    const { activateOnLook } = world.settings;
    if (activateOnLook === false || connection.status !== "PENDING") return connection;
    const count = (looks.get(connection) ?? 0) + 1;
    looks.set(connection, count);
    return count >= activateOnLook ? activate(world, connection) : connection;
  };

  app.get("/authorize", (c) => authorize(c, world));
  app.get("/connections", (c) => list(c, world));
  app.post("/connections", (c) => create(c, world));
  app.get("/connections/:id", (c) => c.json({ connection: look(find(world, c.req.param("id"))) }));
  app.delete("/connections/:id", (c) => {
    world.store.removeConnection(find(world, c.req.param("id")).connection_id);
    return c.json({});
  });
}
