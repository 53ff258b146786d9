import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { type Callers, type CallersOptions, createCallers } from "./auth.ts";
import { jsonReader } from "./body.ts";
import type { Auth, ServerFactory } from "./caller.ts";
import { answerReady, type Readiness } from "./health.ts";
import { defaultLimits, type HttpLimits, type Log } from "./limits.ts";
import { isLoopback, nameInUrl, refuseForeign } from "./origin.ts";
import { limitPace } from "./pace.ts";
import { answerBug, answerJson, pathOf, refuse, type Step } from "./respond.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createSse } from "./sse.ts";
import { createStreamable } from "./streamable.ts";
import { refuseAmbiguous, watchSockets, withoutAddress } from "./wire.ts";

/** How long the last bytes of closed streams may take before their sockets are cut. */
const closeGraceMs = 250;
const looksEveryMs = 5_000;

export interface HttpOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  auth?: Auth | undefined;
  /** Tokens that may call; none asks for nothing, which is allowed on loopback only. */
  authTokens: readonly string[];
  makeServer: ServerFactory;
  /** What is wrong with a caller's wishes, in a sentence. */
  check?: CallersOptions["check"];
  /** Looks whether the services behind this one can be used; without it there is no `/readyz`. */
  ready?: (() => Promise<Readiness>) | undefined;
  log: Log;
  limits?: Partial<HttpLimits>;
}

interface HttpServer {
  url: string;
  /** How many sessions are open. */
  sessions(): number;
  /** Stops listening, waits for `drained`, then closes every session and stream. */
  close(drained?: Promise<void>): Promise<void>;
}

/**
 * Serves `/mcp`, `/sse` with `/messages`, `/healthz` and `/readyz`. Rejects with one sentence for the user. Clients that
 * are slow to send or to read, or that are gone without a word, are cut.
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const name = nameInUrl(options.host);
  const tokens = options.authTokens.filter((token) => token !== "");
  const auth = options.auth ?? "token";
  if (!isLoopback(name) && tokens.length === 0 && auth === "token") {
    throw new Error(
      `Refusing to listen on ${options.host} without bearer tokens: set BIGIN_MCP_AUTH_TOKENS, use --auth maton, or listen on 127.0.0.1.`,
    );
  }
  const limits = { ...defaultLimits, ...options.limits };
  const callers = createCallers({ auth, tokens, check: options.check });
  const sessions = createSessions(limits, options.log, callers);
  const parts = { ...options, callers, limits, sessions };
  const streamable = createStreamable(parts);
  const server = bounded(createListener(name, parts, routesOf(parts, streamable)), limits);
  watchSockets(server, limits, options.log);

  const close = async (drained?: Promise<void>) => {
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await drained;
    await Promise.all([sessions.close(), streamable.close()]);
    const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs).unref();
    await stopped;
    clearTimeout(cut);
  };

  try {
    // Brackets belong to URLs: the name resolver does not know them.
    const port = await listen(server, options.host.replace(/^\[|\]$/g, ""), options.port);
    return { url: `http://${name}:${port}`, sessions: sessions.size, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function bounded(listener: RequestListener, limits: HttpLimits): Server {
  const { headersMs: headersTimeout, requestMs: requestTimeout } = limits;
  const { idleSocketMs: keepAliveTimeout } = limits;
  // How often Node looks for slow clients; by default every half minute.
  const connectionsCheckingInterval = Math.min(headersTimeout, looksEveryMs);
  const server = createServer(
    {
      ...{ headersTimeout, requestTimeout, keepAliveTimeout, connectionsCheckingInterval },
      // What Node would refuse by itself, in its own words, is refused in ours.
      requireHostHeader: false,
    },
    listener,
  );
  server.on("checkExpectation", (req, res) => server.emit("request", req, res));
  server.maxHeadersCount = 0;
  server.maxConnections = limits.sockets;
  // A peer that vanished without a word is found by the system.
  server.on("connection", (socket) => socket.setKeepAlive(true, limits.keepAliveMs));
  return server;
}

type Parts = HttpOptions & { limits: HttpLimits; callers: Callers; sessions: Sessions };

interface Route {
  methods: readonly string[];
  /** Answers anybody: whoever looks after the process shows no credential. */
  open?: true;
  serve(req: IncomingMessage, res: ServerResponse, body: unknown): void | Promise<void>;
}

function routesOf(parts: Parts, streamable: ReturnType<typeof createStreamable>) {
  const sse = createSse(parts);
  const { ready } = parts;
  const look = ["GET", "HEAD"];
  return new Map<string, Route>([
    ["/mcp", { methods: ["GET", "POST", "DELETE"], serve: streamable.handle }],
    ["/sse", { methods: ["GET"], serve: sse.open }],
    ["/messages", { methods: ["POST"], serve: sse.receive }],
    [
      "/healthz",
      { methods: look, open: true, serve: (_req, res) => answerJson(res, 200, { status: "ok" }) },
    ],
    ...(ready
      ? [["/readyz", { methods: look, open: true, serve: answerReady(ready) }] as const]
      : []),
  ]);
}

function createListener(
  name: string,
  { callers, limits, log }: Parts,
  routes: ReadonlyMap<string, Route>,
): RequestListener {
  const isFromHere = refuseForeign(name, log);
  const isInPace = limitPace(limits.requestsPerMinute, callers);
  const readJson = jsonReader(limits.bodyBytes);
  const isAdmitted: Step = async (req, res) =>
    (await callers.admit(req, res)) && (await isInPace(req, res));
  const routeOf = async (req: IncomingMessage, res: ServerResponse) => {
    if (!refuseAmbiguous(req, res)) return undefined;
    req.url = withoutAddress(req.url ?? "");
    if (!(await isFromHere(req, res))) return undefined;
    const route = routes.get(pathOf(req));
    if (!route) refuse(res, 404, "Not found: MCP is at /mcp, and over SSE at /sse.");
    else if (!route.open && !(await isAdmitted(req, res))) return undefined;
    else if (isAllowed(route.methods, req, res)) return route;
    return undefined;
  };
  const serve = async (req: IncomingMessage, res: ServerResponse) => {
    const route = await routeOf(req, res);
    if (!route) return;
    if (req.method !== "POST") return route.serve(req, res, undefined);
    const body = await readJson(req, res);
    if (body !== undefined) await route.serve(req, res, body);
  };
  return (req, res) => {
    // Every answer carries an id by which its line in the log is found.
    res.setHeader("X-Request-Id", randomUUID());
    serve(req, res).catch((error: unknown) => answerBug(res, error, log));
  };
}

function isAllowed(methods: readonly string[], req: IncomingMessage, res: ServerResponse): boolean {
  if (methods.includes(req.method ?? "")) return true;
  res.setHeader("Allow", methods.join(", "));
  refuse(res, 405, `Method not allowed: use ${methods.join(" or ")}.`);
  return false;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", (error) => reject(new Error(whyNotListening(error, host, port))));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

function whyNotListening(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is already in use: stop the program that uses it, or choose another with --port.`;
    case "EACCES":
      return `Not permitted to listen on port ${port}: choose one above 1023 with --port.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is not an address of this machine: choose another with --host.`;
    default:
      return `Cannot listen on ${host} port ${port}: ${error.message}.`;
  }
}
