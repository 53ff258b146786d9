import * as z from "zod";
import type { Cache } from "../cache.ts";
import { clean } from "../clean.ts";
import { Failure } from "../failure.ts";
import type { MatonHttp, MatonReply, Method } from "./http.ts";

const app = "zoho-bigin";
const pollEveryMs = 2_000; // as often as Maton's own command line does
const activeKey = "active connections";
const activeForMs = 30_000;

export const connectionStatuses = ["ACTIVE", "PENDING", "FAILED"] as const;
type ConnectionStatus = (typeof connectionStatuses)[number];

/** A connection as Maton's control host shows it (maton-gateway.md §3). Unknown keys are left out. */
const connectionSchema = z.object({
  connection_id: z.string(),
  status: z.string(),
  creation_time: z.string().optional(),
  last_updated_time: z.string().optional(),
  url: z.string().optional(),
  app: z.string().optional(),
  method: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type Connection = z.infer<typeof connectionSchema>;

const listSchema = z.object({ connections: z.array(connectionSchema) });
const oneSchema = z.object({ connection: connectionSchema });
/** Creating answers in three shapes, depending on Maton's age: flat id, nested, flat with the URL on top. */
const createdSchema = z.union([
  z
    .object({ connection: z.object({ connection_id: z.string() }) })
    .transform((made) => made.connection),
  z.object({ connection_id: z.string() }),
]);

/** Which connection a call goes over, and how it was chosen. */
export interface Chosen {
  id: string;
  /** Set when several were ACTIVE and nobody chose: the reply then names the one that was used. */
  amongSeveral: boolean;
}

export interface Connections {
  list(status: ConnectionStatus | undefined, signal: AbortSignal): Promise<Connection[]>;
  get(id: string, signal: AbortSignal): Promise<Connection>;
  /** Makes a connection and reads it back, because not every answer shape carries the URL. */
  create(signal: AbortSignal): Promise<Connection>;
  delete(id: string, signal: AbortSignal): Promise<void>;
  /**
   * Looks every 2 s until the connection is no longer PENDING or `seconds` have passed, and gives back its
   * last state. `onLook` hears the seconds waited so far.
   */
  waitUntilSettled(
    id: string,
    seconds: number,
    signal: AbortSignal,
    onLook: (waited: number) => void,
  ): Promise<Connection>;
  /**
   * The connection of a call that names none: the only ACTIVE one, or for reads the oldest of several, as
   * Maton itself would choose. A write among several is refused, with the choices.
   */
  choose(writes: boolean, signal: AbortSignal): Promise<Chosen>;
}

/** Maton's connections API for the app zoho-bigin, with one account's key. */
export function createConnections(http: MatonHttp, cache: Cache): Connections {
  async function send(
    method: Method,
    path: string,
    signal: AbortSignal,
    rest: { query?: Record<string, string | undefined>; body?: unknown } = {},
  ): Promise<unknown> {
    const reply = await http.send({
      host: "control",
      method,
      path,
      asked: `${method} ${path}`,
      signal,
      ...rest,
    });
    if (reply.status >= 400) throw unreadable(reply, `${method} ${path}`);
    return clean(reply.body);
  }

  const connections: Connections = {
    async list(status, signal) {
      const body = await send("GET", "connections", signal, { query: { app, status } });
      return read(listSchema, body, "GET connections").connections;
    },
    async get(id, signal) {
      const body = await send("GET", pathOf(id), signal);
      return read(oneSchema, body, "GET connections").connection;
    },
    async create(signal) {
      const body = await send("POST", "connections", signal, { body: { app } });
      const { connection_id: id } = read(createdSchema, body, "POST connections");
      return connections.get(id, signal).catch((error: unknown) => {
        throw error instanceof Failure ? madeUnseen(id, error) : error;
      });
    },
    async delete(id, signal) {
      cache.forget(activeKey);
      await send("DELETE", pathOf(id), signal);
    },
    async waitUntilSettled(id, seconds, signal, onLook) {
      const start = Date.now();
      for (;;) {
        const connection = await connections.get(id, signal);
        const left = start + seconds * 1000 - Date.now();
        if (connection.status !== "PENDING" || left <= 0) return connection;
        onLook(Math.round((Date.now() - start) / 1000));
        await pause(Math.min(pollEveryMs, left), signal);
      }
    },
    async choose(writes, signal) {
      const active = await cache.get(
        activeKey,
        signal,
        () => connections.list("ACTIVE", signal),
        activeForMs,
      );
      // None is never remembered: the person may be authorising one right now.
      if (active.length === 0) cache.forget(activeKey);
      return pick(active, writes);
    },
  };
  return connections;
}

function pick(active: Connection[], writes: boolean): Chosen {
  const [oldest, ...others] = active.toSorted((a, b) =>
    (a.creation_time ?? "").localeCompare(b.creation_time ?? ""),
  );
  if (!oldest)
    throw new Failure({
      origin: "caller",
      kind: "no_connection",
      message: "This Maton account has no ACTIVE Bigin connection.",
    });
  if (writes && others.length > 0) {
    const ids = [oldest, ...others].slice(0, 5).map((one) => one.connection_id);
    throw new Failure({
      origin: "caller",
      kind: "choose_connection",
      message: `This account has ${active.length} ACTIVE Bigin connections, and a write must say which: ${ids.join(", ")}.`,
    });
  }
  return { id: oldest.connection_id, amongSeveral: others.length > 0 };
}

/** On the global timer, which tests can move forward; that of node:timers/promises they cannot. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** Whoever does not hear of a connection that was made makes another. */
function madeUnseen(id: string, error: Failure): Failure {
  return new Failure(
    {
      ...error.facts,
      mayHaveHappened: true,
      message: `The connection ${id} was made, but looking at it failed: ${error.message}`,
    },
    error,
  );
}

function pathOf(id: string): string {
  return `connections/${encodeURIComponent(id)}`;
}

function read<T>(schema: z.ZodType<T>, body: unknown, asked: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Failure({
    origin: "maton",
    kind: "malformed",
    message: "Maton's answer does not have the documented shape.",
    asked,
  });
}

function unreadable(reply: MatonReply, asked: string): Failure {
  return new Failure({
    origin: "maton",
    kind: reply.status === 429 ? "rate_limited" : reply.status >= 500 ? "unavailable" : "rejected",
    message: `Maton refused the request (HTTP ${reply.status}).`,
    asked,
    status: reply.status,
    retryAfterS: reply.retryAfterS,
  });
}
