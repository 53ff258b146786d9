import { randomUUID } from "node:crypto";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import {
  classifyInboundRequest,
  createMcpHandler,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import type { Request, Response } from "express";
import type { ServerFactory } from "./caller.ts";
import type { Callers } from "./credential.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { refuse } from "./reply.ts";
import type { Sessions } from "./sessions.ts";

interface StreamableOptions {
  makeServer: ServerFactory;
  sessions: Sessions;
  callers: Callers;
  limits: HttpLimits;
  log: Log;
}

/** `/mcp`: 2026-07-28 with a server per request, the older revisions with a server per session. */
export function createStreamable(options: StreamableOptions): {
  handle(req: Request, res: Response): Promise<void>;
  close(): Promise<void>;
} {
  const { makeServer, sessions, callers, limits, log } = options;
  const onerror = (error: Error) =>
    // Behind the colon stands what was sent, and that may be the caller's key.
    log.warn({ reason: error.message.split(":")[0] }, "an MCP request was not served");
  const modern = createMcpHandler(
    (context) => makeServer(callers.ofHeaders(context.requestInfo?.headers)),
    {
      legacy: "reject",
      keepAliveMs: limits.keepAliveMs,
      maxRequestBodySize: limits.bodyBytes,
      onerror,
    },
  );
  const answerModern = toNodeHandler(modern, { onerror });

  async function openSession(req: Request, res: Response): Promise<void> {
    if (!sessions.hasRoom("streamable", res)) return;
    const id = randomUUID();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      keepAliveMs: limits.keepAliveMs,
    });
    // Before connect: afterwards it would replace the handler of the server.
    transport.onclose = () => sessions.remove(id);
    const receive = (request: Request, response: Response) =>
      transport.handleRequest(request, response, request.body);
    sessions.add({ id, kind: "streamable", receive, close: () => transport.close() }, req, res);
    try {
      await makeServer(callers.of(req)).connect(transport);
      await receive(req, res);
    } finally {
      // The transport did not accept the request, so no client will ever know of this session.
      if (transport.sessionId === undefined) await transport.close();
    }
  }

  return {
    async handle(req, res) {
      if (![req.body].flat().every(namesVersion)) return refuse(res, 400, notAVersion);
      if (req.method === "POST" && isModern(req)) return answerModern(req, res, req.body);
      const id = req.get("mcp-session-id");
      if (id !== undefined) return sessions.deliver("streamable", id, req, res);
      if (opensSession(req.body)) return openSession(req, res);
      refuse(res, 400, "Bad request: send initialize first, then its Mcp-Session-Id header.");
    },
    close: () => modern.close(),
  };
}

/**
 * What `isLegacyRequest` decides, which is this same classification of a web `Request`. Building one for
 * every message, its body serialised again, cost a twentieth of the throughput.
 */
function isModern(req: Request): boolean {
  const protocolVersionHeader = req.get("mcp-protocol-version");
  const mcpMethodHeader = req.get("mcp-method");
  const mcpNameHeader = req.get("mcp-name");
  const { kind } = classifyInboundRequest({
    httpMethod: req.method,
    ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
    ...(mcpMethodHeader !== undefined && { mcpMethodHeader }),
    ...(mcpNameHeader !== undefined && { mcpNameHeader }),
    body: req.body,
  });
  return kind !== "legacy";
}

const notAVersion = `Bad request: ${PROTOCOL_VERSION_META_KEY} in _meta is no protocol version.`;

/** The SDK quotes a version it does not know, and anything may stand there: a key, or signs that nobody sees. */
function namesVersion(message: unknown): boolean {
  const version = ["params", "_meta", PROTOCOL_VERSION_META_KEY].reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null
        ? Object.getOwnPropertyDescriptor(value, name)?.value
        : undefined,
    message,
  );
  return typeof version !== "string" || /^[A-Za-z\d.-]{1,16}$/.test(version);
}

/** An `initialize`, also one in a batch, which the transport then refuses in its own words. */
function opensSession(body: unknown): boolean {
  return [body].flat().some(isInitializeRequest);
}
