import { type Cache, createCache } from "../shared/cache.ts";
import { clean } from "../shared/clean-text.ts";
import { startDeadline } from "../shared/deadline.ts";
import { Failure, type Kind } from "../shared/failure.ts";
import { type Connection, readCreated, readList, readOne } from "./connection.ts";
import type { MatonHttp, Method } from "./http.ts";
import type { MatonReply } from "./response.ts";
import { segment } from "./url.ts";

export type { Connection } from "./connection.ts";

const app = "zoho-bigin";
const activeKey = "active connections";
const activeForMs = 30_000;

export const connectionStatuses = ["ACTIVE", "PENDING", "FAILED"] as const;
type ConnectionStatus = (typeof connectionStatuses)[number];

/** Which connection a call goes over, and how it was chosen. */
export interface Chosen {
  id: string;
  /** Set when several were ACTIVE and nobody chose: the reply then names the one that was used. */
  amongSeveral: boolean;
}

export interface Connections {
  list(status: ConnectionStatus | undefined, signal: AbortSignal): Promise<Connection[]>;
  get(id: string, signal: AbortSignal): Promise<Connection>;
  /**
   * Makes a connection and reads it back, because not every answer shape carries the URL. When that fails, what
   * making it answered is given back: whoever does not hear of a connection that was made makes another.
   */
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

/** The ACTIVE connections of an account, kept for a moment. */
export type ActiveConnections = Cache<Connection[]>;

export function createActiveConnections(): ActiveConnections {
  // An empty list is not kept: the user may be authorising a connection right now.
  return createCache({ keptMs: activeForMs, isWorthKeeping: (active) => active.length > 0 });
}

/** Maton's connections API for the app zoho-bigin, with one account's key. `onLink` hears of every link to a session. */
export function createConnections(
  http: MatonHttp,
  remembered: ActiveConnections,
  onLink: (url: string | undefined) => void,
): Connections {
  const send = sender(http);
  const noted = (connection: Connection) => {
    onLink(connection.url);
    return connection;
  };
  async function listing(
    status: ConnectionStatus | undefined,
    signal: AbortSignal,
  ): Promise<Connection[]> {
    const body = await send("GET", "connections", signal, { query: { app, status } });
    return readList(body, "GET connections").map(noted);
  }

  const connections: Connections = {
    async list(status, signal) {
      const listed = await listing(status, signal);
      // What a listing says is newer than what was remembered.
      remembered.forget(activeKey);
      return listed;
    },
    async get(id, signal) {
      return noted(readOne(await send("GET", pathOf(id), signal), `GET ${pathOf(id)}`));
    },
    async create(signal) {
      const body = await send("POST", "connections", signal, { body: { app } });
      const made = noted(readCreated(body, "POST connections"));
      try {
        return await connections.get(made.connection_id, signal);
      } catch (error) {
        if (error instanceof Failure) return made;
        throw error;
      }
    },
    async delete(id, signal) {
      try {
        await send("DELETE", pathOf(id), signal);
      } finally {
        remembered.forget(activeKey);
      }
    },
    waitUntilSettled: (id, seconds, signal, onLook) =>
      whilePending((look) => connections.get(id, look), seconds, signal, onLook),
    async choose(writes, signal) {
      const load = () => listing("ACTIVE", signal);
      return pick(await remembered.get(activeKey, signal, load), writes);
    },
  };
  return connections;
}

/** Sends to the control host; what Maton refuses is a Failure. */
function sender(http: MatonHttp) {
  return async (
    method: Method,
    path: string,
    signal: AbortSignal,
    rest: { query?: Record<string, string | undefined>; body?: unknown } = {},
  ): Promise<unknown> => {
    const asked = `${method} ${path}`;
    const reply = await http.send({ host: "control", method, path, asked, signal, ...rest });
    if (reply.status >= 400) throw unreadable(reply, method, path);
    return clean(reply.body);
  };
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

function pathOf(id: string): string {
  return `connections/${segment(id)}`;
}

/** An error without a body of Maton's form: only its status says what it is about. */
function unreadable({ status, retryAfterS }: MatonReply, method: Method, path: string): Failure {
  const asked = `${method} ${path}`;
  const [, id] = path.split("/");
  if (status === 404 && id)
    return new Failure({
      origin: "caller",
      kind: "unknown_connection",
      message: `Maton knows no connection ${decodeURIComponent(id)}.`,
      ...{ asked, status },
    });
  const kind = kindOf(status);
  const message =
    kind === "key_refused"
      ? "Maton did not accept the API key."
      : `Maton ${kind === "unavailable" ? "answered with an error" : "refused the request"} (HTTP ${status}).`;
  return new Failure({
    origin: "maton",
    ...{ kind, message, asked, status, retryAfterS },
    ...(status >= 500 && method !== "GET" && { mayHaveHappened: true }),
  });
}

function kindOf(status: number): Kind {
  if (status === 401 || status === 403) return "key_refused";
  if (status === 429) return "rate_limited";
  return status >= 500 ? "unavailable" : "rejected";
}

/** A connection that was chosen turned out to be gone: the next call looks which are ACTIVE now. */
export function forgettingGone(http: MatonHttp, remembered: ActiveConnections): MatonHttp {
  return {
    async send(request) {
      try {
        return await http.send(request);
      } catch (error) {
        const isGone =
          error instanceof Failure &&
          ["unknown_connection", "connection_unusable"].includes(error.facts.kind);
        if (isGone) remembered.forget(activeKey);
        throw error;
      }
    },
  };
}

const pollEveryMs = 2_000; // as often as Maton's own command line does
const shortestLookMs = 1_000;
const passing = new Set(["unavailable", "unreachable", "timed_out", "rate_limited"]);

/**
 * Looks every 2 s until something is no longer PENDING or `seconds` have passed, and gives back its last state. The first
 * look must succeed; a later one that fails in a way that may pass is no reason to stop waiting.
 */
async function whilePending<T extends { status: string }>(
  look: (signal: AbortSignal) => Promise<T>,
  seconds: number,
  signal: AbortSignal,
  onLook: (waited: number) => void,
): Promise<T> {
  const start = Date.now();
  const left = () => start + seconds * 1000 - Date.now();
  let last = await look(signal);
  while (last.status === "PENDING" && left() > 0) {
    onLook(Math.round((Date.now() - start) / 1000));
    await pause(Math.min(pollEveryMs, left()), signal);
    last = (await lookAgain(look, left(), signal)) ?? last;
  }
  return last;
}

async function lookAgain<T>(
  look: (signal: AbortSignal) => Promise<T>,
  leftMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = startDeadline(signal, Math.max(leftMs, shortestLookMs));
  try {
    return await look(deadline.signal);
  } catch (error) {
    const mayPass = error instanceof Failure && passing.has(error.facts.kind);
    if (signal.aborted || !(mayPass || deadline.expired())) throw error;
    return undefined;
  } finally {
    deadline.stop();
  }
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
