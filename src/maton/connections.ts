import { type Cache, createCache } from "../shared/cache.ts";
import { cleanValue } from "../shared/clean-text.ts";
import { startDeadline } from "../shared/deadline.ts";
import { Failure, type Kind } from "../shared/failure.ts";
import { accountOf, type Connection, readCreated, readList, readOne } from "./connection.ts";
import { statusFailure, unknownConnection } from "./errors.ts";
import { type MatonHttp, type Method, pathSegment } from "./http.ts";

export { accountOf, type Connection } from "./connection.ts";

const app = "zoho-bigin";
const activeKey = "active connections";
const activeForMs = 30_000;
const shownIds = 5;

export const connectionStatuses = ["ACTIVE", "PENDING", "FAILED"] as const;
type ConnectionStatus = (typeof connectionStatuses)[number];

/** The connection that a call goes over. */
export interface ChosenConnection {
  id: string;
  /** True if it was taken from several ACTIVE ones: the reply then names it. */
  amongSeveral: boolean;
  /** Whose account it is, if that is known. */
  account?: string | undefined;
}

/** The Bigin connections of one Maton account. Every method throws a Failure if Maton refuses the request. */
export interface Connections {
  list(status: ConnectionStatus | undefined, signal: AbortSignal): Promise<Connection[]>;
  get(id: string, signal: AbortSignal): Promise<Connection>;
  /**
   * Creates a connection and reads it back, because not every shape of the response has the URL. If reading back fails,
   * the response to the creation is returned, because a caller who gets an error would create another.
   */
  create(signal: AbortSignal): Promise<Connection>;
  delete(id: string, signal: AbortSignal): Promise<void>;
  /**
   * Reads the connection every 2 s until it is no longer PENDING or `seconds` have passed, and returns its last state.
   * `onLook` gets the seconds waited so far. Throws if the first read fails; temporary failures of later reads are
   * ignored.
   */
  waitUntilSettled(
    id: string,
    seconds: number,
    signal: AbortSignal,
    onLook: (waitedS: number) => void,
  ): Promise<Connection>;
  /**
   * The connection of a call that names none: the only ACTIVE one, or for a read the oldest of several, as Maton itself
   * would choose. A write fails if there are several, and the failure names them.
   */
  choose(writes: boolean, signal: AbortSignal): Promise<ChosenConnection>;
}

/** The cached ACTIVE connections of an account. */
export type ActiveConnections = Cache<Connection[]>;

export function createActiveConnections(): ActiveConnections {
  // An empty list is not kept: the user may be authorising a connection right now.
  return createCache({ keptMs: activeForMs, isWorthKeeping: (active) => active.length > 0 });
}

/**
 * Maton's connections of the app zoho-bigin, with one account's key (docs/reference/maton-gateway.md §3). `onLink` is
 * given every authorisation link, because it holds a session token.
 */
export function createConnections(
  http: MatonHttp,
  remembered: ActiveConnections,
  onLink: (url: string | undefined) => void,
): Connections {
  const send = sender(http);

  function noted(connection: Connection): Connection {
    onLink(connection.url);
    return connection;
  }
  async function list(
    status: ConnectionStatus | undefined,
    signal: AbortSignal,
  ): Promise<Connection[]> {
    const { body, asked } = await send("GET", undefined, signal, { query: { app, status } });
    // Maton may ignore both filters (docs/compatibility.md).
    const wanted = (one: Connection) =>
      (one.app ?? app) === app && (status === undefined || one.status === status);
    return readList(body, asked).filter(wanted).map(noted);
  }
  async function get(id: string, signal: AbortSignal): Promise<Connection> {
    const { body, asked } = await send("GET", id, signal);
    return noted(readOne(body, asked));
  }

  return {
    get,
    async list(status, signal) {
      const listed = await list(status, signal);
      // The list is newer than the cached one.
      remembered.forget(activeKey);
      return listed;
    },
    async create(signal) {
      const { body, asked } = await send("POST", undefined, signal, { body: { app } });
      const created = noted(readCreated(body, asked));
      try {
        return await get(created.connection_id, signal);
      } catch (error) {
        if (error instanceof Failure) return created;
        throw error;
      }
    },
    async delete(id, signal) {
      try {
        await send("DELETE", id, signal);
      } finally {
        remembered.forget(activeKey);
      }
    },
    waitUntilSettled: (id, seconds, signal, onLook) =>
      waitWhilePending((look) => get(id, look), seconds, signal, onLook),
    async choose(writes, signal) {
      const load = () => list("ACTIVE", signal);
      return pick(await remembered.get(activeKey, signal, load), writes);
    },
  };
}

/** Sends to the control host, about one connection or all. Throws a Failure for any 4xx or 5xx. */
function sender(http: MatonHttp) {
  return async (
    method: Method,
    id: string | undefined,
    signal: AbortSignal,
    rest: { query?: Record<string, string | undefined>; body?: unknown } = {},
  ): Promise<{ body: unknown; asked: string }> => {
    const path = id === undefined ? "connections" : `connections/${pathSegment(id)}`;
    const request = { host: "control", method, path, asked: `${method} ${path}` } as const;
    const response = await http.send({ ...request, signal, ...rest });
    // `http.send` throws for Maton's own error bodies; here only the status says what is wrong.
    if (response.status === 404 && id !== undefined) throw unknownConnection(id, response, request);
    if (response.status >= 400) throw statusFailure(response, request);
    return { body: cleanValue(response.body), asked: request.asked };
  };
}

function pick(active: readonly Connection[], writes: boolean): ChosenConnection {
  const oldestFirst = active.toSorted((a, b) =>
    (a.creation_time ?? "").localeCompare(b.creation_time ?? ""),
  );
  const [oldest] = oldestFirst;
  if (!oldest)
    throw new Failure({
      origin: "caller",
      kind: "no_connection",
      message: "This Maton account has no ACTIVE Bigin connection.",
    });
  const amongSeveral = active.length > 1;
  if (writes && amongSeveral) {
    const ids = oldestFirst.slice(0, shownIds).map((one) => {
      const account = accountOf(one);
      return account === undefined ? one.connection_id : `${one.connection_id} ("${account}")`;
    });
    throw new Failure({
      origin: "caller",
      kind: "choose_connection",
      message: `This Maton account has ${active.length} ACTIVE Bigin connections, and a write must name the one to use: ${ids.join(", ")}.`,
    });
  }
  return {
    id: oldest.connection_id,
    amongSeveral,
    ...(amongSeveral && { account: accountOf(oldest) }),
  };
}

/**
 * Forgets the ACTIVE connections when one of them turns out to be deleted or unusable: the next call lists them again.
 */
export function forgettingUnusable(http: MatonHttp, remembered: ActiveConnections): MatonHttp {
  return {
    async send(request) {
      try {
        return await http.send(request);
      } catch (error) {
        if (error instanceof Failure && unusable.has(error.facts.kind))
          remembered.forget(activeKey);
        throw error;
      }
    },
  };
}

const unusable: ReadonlySet<Kind> = new Set(["unknown_connection", "connection_unusable"]);

const pollEveryMs = 2_000; // as often as Maton's own command line
const shortestLookMs = 1_000;
const mayPass: ReadonlySet<Kind> = new Set([
  "unavailable",
  "unreachable",
  "proxy_failed",
  "timed_out",
  "rate_limited",
]);

async function waitWhilePending<T extends { status: string }>(
  look: (signal: AbortSignal) => Promise<T>,
  seconds: number,
  signal: AbortSignal,
  onLook: (waitedS: number) => void,
): Promise<T> {
  const start = performance.now();
  const leftMs = () => start + seconds * 1000 - performance.now();
  let last = await look(signal);
  while (last.status === "PENDING" && leftMs() > 0) {
    onLook(Math.round((performance.now() - start) / 1000));
    await pause(Math.min(pollEveryMs, leftMs()), signal);
    last = (await lookAgain(look, leftMs(), signal)) ?? last;
  }
  return last;
}

/** Undefined if the read failed temporarily, or took longer than the time that was left. */
async function lookAgain<T>(
  look: (signal: AbortSignal) => Promise<T>,
  leftMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = startDeadline(signal, Math.max(leftMs, shortestLookMs));
  try {
    return await look(deadline.signal);
  } catch (error) {
    const isPassing = error instanceof Failure && mayPass.has(error.facts.kind);
    if (signal.aborted || !(isPassing || deadline.expired())) throw error;
    return undefined;
  } finally {
    deadline.stop();
  }
}

/** Uses the global timer, which tests can move forward, unlike that of node:timers/promises. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    function stop(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
