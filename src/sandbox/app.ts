import { Hono } from "hono";
import { createBigin } from "./bigin.ts";
import { BiginError, errorBody, MatonError, matonBody } from "./errors.ts";
import { type Fault, strike, takeFault } from "./faults.ts";
import { requireConnection, requireKey } from "./gateway.ts";
import { connectionRoutes } from "./routes/connections.ts";
import type { World } from "./routing.ts";
import { seedStore } from "./seed/index.ts";
import { modulesOf } from "./seed/variants.ts";
import { SandboxStore, type Store } from "./store.ts";

export type { Fault } from "./faults.ts";

export interface SandboxOptions {
  /** All data are the same for the same seed and clock; 1 by default. */
  seed?: number;
  /** The one accepted Maton key; "sandbox" by default. */
  key?: string;
  clock?: () => number;
  /** "maton" grants only what Maton's stock connection is said to have. */
  profile?: "full" | "maton";
  /** How long a write stays invisible to /search; 0 by default. */
  searchLagMs?: number;
  /** The look at which a PENDING connection turns ACTIVE (3); false: only through its page. */
  activateOnLook?: number | false;
  authorizeUrl?: string;
  faults?: Fault[];
  /** Gives modules, fields and options other labels, as administrators do; API names and values stay. */
  renamed?: boolean;
  /** So many custom fields more on Contacts and on Pipelines, of every type in turn; 0 by default. */
  extraFields?: number;
  /** Which of Maton's three documented answers POST /connections gives; 2 by default. */
  createShape?: 1 | 2 | 3;
  /** Whether lists obey the undocumented `ids` parameter; true by default. */
  honourIds?: boolean;
}

interface LoggedRequest {
  method: string;
  path: string;
  search: string;
  headers: Record<string, string>;
  /** Undefined while unanswered, and for good when a fault kept the answer back. */
  status: number | undefined;
  /** The connection it went over; undefined where none was found or needed. */
  connection: string | undefined;
}

export interface Sandbox {
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  readonly store: Store;
  readonly requests: ReadonlyArray<LoggedRequest>;
  addFault(fault: Fault): void;
  reset(): void;
}

const LOG_LIMIT = 1_000;

/** Maton and Bigin in one process: a `fetch` to give to a client, and the store behind it. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const world = createWorld(options);
  const app = createApp(world);
  const requests: LoggedRequest[] = [];
  let faults = (options.faults ?? []).map((fault) => ({ ...fault }));

  const reset = (): void => {
    seedStore(world);
    requests.length = 0;
    faults = (options.faults ?? []).map((fault) => ({ ...fault }));
  };
  reset();

  return {
    store: world.store,
    requests,
    reset,
    addFault: (fault) => void faults.push({ ...fault }),
    async fetch(input, init) {
      // A served request is not a plain Request and cannot be built anew from itself.
      const isReady = input instanceof Request && init === undefined;
      const request = isReady ? input : new Request(input, init);
      // The caller's own: on Node 20 that of a request nobody else holds may be collected before it is aborted.
      const signal = init?.signal ?? request.signal;
      signal.throwIfAborted();
      const entry = logged(request);
      requests.push(entry);
      if (requests.length > LOG_LIMIT) requests.shift();
      const fault = takeFault(faults, request.method, entry.path);
      const answer = async (): Promise<Response> => await app.fetch(request);
      const response = fault
        ? await strike(fault, { signal, answer, snapshot: () => world.store.snapshot() })
        : await answer();
      entry.status = response.status;
      entry.connection = world.serving.get(request);
      return response;
    },
  };
}

function createWorld(options: SandboxOptions): World {
  return {
    serving: new WeakMap(),
    store: new SandboxStore({
      seed: options.seed ?? 1,
      clock: options.clock ?? Date.now,
      searchLagMs: options.searchLagMs ?? 0,
      modules: modulesOf(options),
    }),
    settings: {
      key: options.key ?? "sandbox",
      profile: options.profile ?? "full",
      activateOnLook: options.activateOnLook ?? 3,
      authorizeUrl: options.authorizeUrl ?? "https://connect.maton.ai/",
      createShape: options.createShape ?? 2,
      honourIds: options.honourIds ?? true,
    },
  };
}

function createApp(world: World): Hono {
  const app = new Hono();
  app.use(requireKey(world));
  connectionRoutes(app, world);
  app.use("/:app/*", requireConnection(world));
  app.route("/zoho-bigin", createBigin(world));
  app.notFound(() => failed(new MatonError(404, "Not Found", "Not Found")));
  app.onError((error) => failed(error));
  return app;
}

function failed(error: Error): Response {
  if (error instanceof MatonError) return Response.json(matonBody(error), { status: error.status });
  if (error instanceof BiginError) return Response.json(errorBody(error), { status: error.status });
  throw error;
}

function logged(request: Request): LoggedRequest {
  const { pathname, search } = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  delete headers["authorization"];
  return {
    method: request.method,
    path: pathname,
    search,
    headers,
    status: undefined,
    connection: undefined,
  };
}
