import { randomUUID } from "node:crypto";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { classifyInboundRequest, createMcpHandler } from "@modelcontextprotocol/server";
import type { Request, Response } from "express";
import type { ServerFactory } from "./caller.ts";
import type { Callers } from "./credential.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { createRefusals } from "./refusals.ts";
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
  const refusals = createRefusals(log);
  const modern = createMcpHandler(
    ({ requestInfo }) =>
      refusals.watch(requestInfo, () => makeServer(callers.ofHeaders(requestInfo?.headers))),
    {
      legacy: "reject",
      keepAliveMs: limits.keepAliveMs,
      maxRequestBodySize: limits.bodyBytes,
      onerror: refusals.onerror,
    },
  );
  const answerModern = (req: Request, res: Response) => {
    const fetch: typeof modern.fetch = async (request, how) =>
      refusals.note(await modern.fetch(request, how), request, req, res);
    return toNodeHandler({ fetch }, { onerror: refusals.onerror })(req, res, req.body);
  };

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

  let stopped = false;
  return {
    async handle(req, res) {
      if (stopped) return refuse(res, 503, "The server is stopping.");
      if (req.method === "POST" && isModern(req)) return answerModern(req, res);
      const id = req.get("mcp-session-id");
      if (id !== undefined) return sessions.deliver("streamable", id, req, res);
      if (opensSession(req.body)) return openSession(req, res);
      refuse(res, 400, "Bad request: send initialize first, then its Mcp-Session-Id header.");
    },
    close() {
      stopped = true;
      return modern.close();
    },
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

/** An `initialize`, also one in a batch, which the transport then refuses in its own words. */
function opensSession(body: unknown): boolean {
  return [body].flat().some(isInitializeRequest);
}
