import { createServer, type Server } from "node:http";
import express, { type Express } from "express";
import type { ServerFactory } from "./caller.ts";
import { isLoopback, nameInUrl, refuseForeign, requireBearer } from "./guard.ts";
import { defaultLimits, type HttpLimits, type Log } from "./limits.ts";
import { allowMethods, lastResort, readJson, refuse } from "./reply.ts";
import { createSessions } from "./sessions.ts";
import { createSse } from "./sse.ts";
import { createStreamable } from "./streamable.ts";

/** How long the last bytes of closed streams may take before their sockets are cut. */
const closeGraceMs = 250;

export interface HttpOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Tokens that may call; none asks for nothing, which is allowed on loopback only. */
  authTokens: readonly string[];
  makeServer: ServerFactory;
  log: Log;
  limits?: Partial<HttpLimits>;
}

interface HttpServer {
  url: string;
  /** How many sessions are open. */
  sessions(): number;
  close(): Promise<void>;
}

/** Serves `/mcp`, `/sse` with `/messages`, and `/healthz`. Rejects with one sentence for the user. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const name = nameInUrl(options.host);
  const tokens = options.authTokens.filter((token) => token !== "");
  if (!isLoopback(name) && tokens.length === 0) {
    throw new Error(
      `Refusing to listen on ${options.host} without bearer tokens: set BIGIN_MCP_AUTH_TOKENS, or listen on 127.0.0.1.`,
    );
  }
  const limits = { ...defaultLimits, ...options.limits };
  const sessions = createSessions(limits, options.log);
  const parts = { ...options, authTokens: tokens, limits, sessions };
  const streamable = createStreamable(parts);
  const server = createServer(createApp(name, parts, streamable, createSse(parts)));

  const close = async () => {
    const stopped = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
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

function createApp(
  name: string,
  options: HttpOptions & { limits: HttpLimits },
  streamable: ReturnType<typeof createStreamable>,
  sse: ReturnType<typeof createSse>,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(refuseForeign(name, options.log));
  app.get("/healthz", (_req, res) => {
    res.json({ status: "ok" });
  });
  const bearer = requireBearer(options.authTokens);
  const json = readJson(options.limits.bodyBytes);
  app.all("/mcp", bearer, allowMethods("GET", "POST", "DELETE"), json, streamable.handle);
  app.all("/sse", bearer, allowMethods("GET"), sse.open);
  app.all("/messages", bearer, allowMethods("POST"), json, sse.receive);
  app.use((_req, res) => refuse(res, 404, "Not found: MCP is at /mcp, and over SSE at /sse."));
  app.use(lastResort(options.log, options.limits.bodyBytes));
  return app;
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
