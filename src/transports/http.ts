import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Log } from "../logging/log.ts";
import { type Auth, type CallersOptions, createCallers, type ServerFactory } from "./auth.ts";
import { readBody } from "./body.ts";
import { type Readiness, serveReadiness } from "./health.ts";
import { createRateLimit, defaultLimits, dropSlowReaders, type HttpLimits } from "./limits.ts";
import { checkHeaders, createOriginCheck, isLoopback, nameInUrl, targetOf } from "./origin.ts";
import {
  answerMalformed,
  pathOf,
  Refusal,
  sendError,
  sendJson,
  trackResponses,
} from "./respond.ts";
import { createSessions, type HttpContext } from "./sessions.ts";
import { createSse } from "./sse.ts";
import { createStreamable } from "./streamable.ts";

export interface HttpOptions {
  /** The name or address to listen on. */
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** How callers identify themselves; "token" by default. */
  auth?: Auth | undefined;
  /** Accepted bearer tokens. Empty: no authentication, on loopback only. */
  authTokens: readonly string[];
  makeServer: ServerFactory;
  check?: CallersOptions["check"];
  /** Checks the services behind this one. Without it there is no `/readyz`. */
  ready?: (() => Promise<Readiness>) | undefined;
  log: Log;
  limits?: Partial<HttpLimits>;
}

interface HttpServer {
  url: string;
  /** The number of open sessions. */
  sessions(): number;
  /** Stops listening, waits for `drained`, then closes every session and stream. */
  close(drained?: Promise<void>): Promise<void>;
}

/**
 * Serves `/mcp`, `/sse` with `/messages`, `/healthz` and `/readyz`. Rejects with one sentence for the user if it cannot
 * listen, or if it would be open to others without authentication.
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port, auth = "token", check, makeServer, log } = options;
  const name = nameInUrl(host);
  const tokens = options.authTokens.filter((token) => token !== "");
  if (!isLoopback(name) && tokens.length === 0 && auth === "token")
    throw new Error(
      `Refusing to listen on ${host} without bearer tokens: set BIGIN_MCP_AUTH_TOKENS, use --auth maton, or listen on 127.0.0.1.`,
    );
  const limits = { ...defaultLimits, ...options.limits };
  const callers = createCallers({ auth, tokens, check });
  const sessions = createSessions(limits, log, callers);
  const context: HttpContext = { makeServer, sessions, callers, limits, log };
  const streamable = createStreamable(context);
  const routes = createRoutes(context, streamable.serve, options.ready);
  const server = createNodeServer(createListener(name, context, routes), context);

  async function close(drained?: Promise<void>): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    await drained;
    await Promise.all([sessions.close(), streamable.close()]);
    const cut = setTimeout(() => server.closeAllConnections(), limits.closeMs).unref();
    await stopped;
    clearTimeout(cut);
  }

  try {
    const url = `http://${name}:${await listen(server, host, port)}`;
    return { url, sessions: sessions.size, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createNodeServer(listener: RequestListener, { limits, log }: HttpContext): Server {
  const server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleSocketMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, limits.slowCheckMs),
      // Node would answer these requests itself, without a body, an id and a line in the log.
      requireHostHeader: false,
    },
    listener,
  );
  server.on("checkExpectation", (req, res) => server.emit("request", req, res));
  server.maxHeadersCount = 0;
  server.maxConnections = limits.sockets;
  server.on("connection", (socket) => socket.setKeepAlive(true, limits.keepAliveMs));
  const responsesOf = trackResponses(server);
  answerMalformed(server, responsesOf, log);
  dropSlowReaders(server, responsesOf, limits, log);
  return server;
}

type Serve = (req: IncomingMessage, res: ServerResponse, body: unknown) => void | Promise<void>;

interface Route {
  methods: readonly string[];
  serve: Serve;
  /** Needs no credential: for those who monitor the process. */
  isPublic?: true;
}

function createRoutes(
  context: HttpContext,
  serveMcp: Serve,
  ready: HttpOptions["ready"],
): ReadonlyMap<string, Route> {
  const sse = createSse(context);
  const monitor = (serve: Serve): Route => ({ methods: ["GET", "HEAD"], isPublic: true, serve });
  const routes = new Map<string, Route>([
    ["/mcp", { methods: ["GET", "POST", "DELETE"], serve: serveMcp }],
    ["/sse", { methods: ["GET"], serve: sse.open }],
    ["/messages", { methods: ["POST"], serve: sse.receive }],
    ["/healthz", monitor((_req, res) => sendJson(res, 200, { status: "ok" }))],
  ]);
  if (ready) routes.set("/readyz", monitor(serveReadiness(ready, context.limits)));
  return routes;
}

function createListener(
  name: string,
  { callers, limits, log }: HttpContext,
  routes: ReadonlyMap<string, Route>,
): RequestListener {
  const checkOrigin = createOriginCheck(name, log);
  const countRequest = createRateLimit(limits);

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    checkHeaders(req, limits.headers);
    req.url = targetOf(req);
    checkOrigin(req, res);
    const route = routes.get(pathOf(req));
    if (!route) throw new Refusal(404, "Not found: MCP is at /mcp, and over SSE at /sse.");
    if (!route.isPublic) {
      callers.admit(req);
      countRequest(callers.of(req).id ?? "");
    }
    const { methods, serve: serveRoute } = route;
    if (!methods.includes(req.method ?? "")) {
      const message = `Method not allowed: use ${methods.join(" or ")}.`;
      throw new Refusal(405, message, { Allow: methods.join(", ") });
    }
    const body = req.method === "POST" ? await readBody(req, limits) : undefined;
    await serveRoute(req, res, body);
  }

  return (req, res) => {
    res.setHeader("X-Request-Id", randomUUID());
    serve(req, res).catch((error: unknown) => sendError(res, error, log));
  };
}

/** Returns the port the server listens on. Brackets belong to URLs: the name resolver does not know them. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", (error) => reject(new Error(listenError(error, host, port))));
    server.listen(port, host.replace(/^\[|\]$/g, ""), () => {
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}

function listenError({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === "EADDRINUSE")
    return `Port ${port} on ${host} is already in use: stop the program that uses it, or choose another with --port.`;
  if (code === "EACCES")
    return `Not permitted to listen on port ${port}: choose one above 1023 with --port.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `${host} is not an address of this machine: choose another with --host.`;
  return `Cannot listen on ${host} port ${port}: ${message}.`;
}
