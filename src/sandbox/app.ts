import { type Context, Hono } from "hono";
import { createBigin } from "./bigin.ts";
import { BiginError, errorBody, MatonError, matonBody, tooManyRequests } from "./errors.ts";
import { applyFault, type Fault, takeFault } from "./faults.ts";
import { requireConnection, requireKey } from "./gateway.ts";
import { connectionRoutes } from "./routes/connections.ts";
import type { Backend, SandboxEnv } from "./routing.ts";
import { type Organisation, organisationOf, seedStore } from "./seed/index.ts";
import { SandboxStore, type Store } from "./store.ts";
import { defaultSwitches, type Switches } from "./switches.ts";

export type { Fault } from "./faults.ts";

export interface SandboxOptions extends Partial<Switches> {
  /** The same seed and clock always give the same data; 1 by default. */
  seed?: number;
  /** The only Maton key that is accepted; "sandbox" by default. */
  key?: string;
  /** Milliseconds since 1970; `Date.now` by default. */
  clock?: () => number;
  /** "maton" grants only what Maton documents for its stock connection; "full" (default) grants everything. */
  profile?: "full" | "maton";
  /** How long a write stays invisible to /search, in milliseconds; 0 by default. */
  searchLagMs?: number;
  /** A PENDING connection turns ACTIVE on this GET of it (3); false: only when its page is opened. */
  activateOnLook?: number | false;
  /** Base of the link in a connection's `url`. */
  authorizeUrl?: string;
  faults?: Fault[];
  /** Gives modules, fields and options other labels, as administrators do. API names and stored values stay. */
  renamed?: boolean;
  /** Adds this many custom fields to Contacts and to Pipelines, cycling through the types; 0 by default. */
  extraFields?: number;
  /** Which of Maton's three documented reply shapes POST /connections uses; 2 by default. */
  createShape?: 1 | 2 | 3;
}

interface LoggedRequest {
  method: string;
  path: string;
  search: string;
  /** Without `authorization`. */
  headers: Record<string, string>;
  /** Undefined until the request is answered, and for good when a fault withholds the response. */
  status: number | undefined;
  /** The connection that was used; undefined where none was found or needed. */
  connection: string | undefined;
}

export interface Sandbox {
  /** Behaves like the global `fetch`. Throws what a network failure throws when a fault says so. */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  readonly store: Store;
  /** The last 1,000 requests, oldest first. */
  readonly requests: ReadonlyArray<LoggedRequest>;
  addFault(fault: Fault): void;
  /** Ends the faults that are left. */
  clearFaults(): void;
  /** Restores the seeded data and the initial faults, and clears the request log. */
  reset(): void;
}

const requestsLogged = 1_000;

/** Shared: it keeps no data, and setting up its router takes longer than a request. */
const app = createApp();

/** Maton and Bigin in one process: a `fetch` for a client, and the store behind it for assertions. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const organisation = organisationOf(options);
  const backend = createBackend(options, organisation);
  const requests: LoggedRequest[] = [];
  let faults: Fault[] = [];
  let inProgress = 0;
  const refuse = async () => Response.json(errorBody(tooManyRequests()), { status: 429 });

  function reset(): void {
    seedStore(backend, organisation);
    requests.length = 0;
    faults = (options.faults ?? []).map((fault) => ({ ...fault }));
  }
  reset();

  return {
    store: backend.store,
    requests,
    reset,
    addFault: (fault) => void faults.push({ ...fault }),
    clearFaults: () => void faults.splice(0),
    async fetch(input, init) {
      // Requests of the HTTP server are not plain Requests: `new Request` cannot copy them.
      const isReady = input instanceof Request && init === undefined;
      const request = isReady ? input : new Request(input, init);
      // Prefer the caller's signal: Node 20 may garbage-collect a request's own signal before it fires.
      const signal = init?.signal ?? request.signal;
      signal.throwIfAborted();
      const entry = logEntry(request);
      requests.push(entry);
      if (requests.length > requestsLogged) requests.shift();
      const fault = takeFault(faults, request.method, entry.path);
      const respond = async (): Promise<Response> => await app.fetch(request, { backend });
      const snapshot = () => backend.store.snapshot();
      const serve = () => (fault ? applyFault(fault, { signal, respond, snapshot }) : respond());
      inProgress += 1;
      const isTooMany = inProgress > backend.settings.atOnce;
      const response = await (isTooMany ? refuse() : serve()).finally(() => {
        inProgress -= 1;
      });
      entry.status = response.status;
      entry.connection = backend.serving.get(request);
      return response;
    },
  };
}

function createBackend(options: SandboxOptions, organisation: Organisation): Backend {
  return {
    serving: new WeakMap(),
    reads: new WeakMap(),
    store: new SandboxStore({
      seed: organisation.data,
      clock: options.clock ?? Date.now,
      searchLagMs: options.searchLagMs ?? 0,
      modules: organisation.modules,
      contract: options.contract ?? defaultSwitches.contract,
    }),
    settings: {
      ...defaultSwitches,
      ...options,
      key: options.key ?? "sandbox",
      profile: options.profile ?? "full",
      activateOnLook: options.activateOnLook ?? 3,
      authorizeUrl: options.authorizeUrl ?? "https://connect.maton.ai/",
      createShape: options.createShape ?? 2,
    },
  };
}

function createApp(): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();
  app.use(requireKey);
  connectionRoutes(app);
  app.use("/:app/*", requireConnection);
  app.route("/zoho-bigin", createBigin());
  app.notFound((c) => errorResponse(new MatonError(404, "Not Found", "Not Found"), c));
  app.onError(errorResponse);
  return app;
}

function errorResponse(error: Error, { env }: Context<SandboxEnv>): Response {
  if (error instanceof MatonError)
    return Response.json(matonBody(error, env.backend.settings.matonErrors), {
      status: error.status,
    });
  if (error instanceof BiginError) return Response.json(errorBody(error), { status: error.status });
  throw error;
}

function logEntry(request: Request): LoggedRequest {
  const { pathname, search } = new URL(request.url);
  const { authorization: _, ...headers } = Object.fromEntries(request.headers);
  return {
    method: request.method,
    path: pathname,
    search,
    headers,
    status: undefined,
    connection: undefined,
  };
}
