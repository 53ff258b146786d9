import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import {
  classifyInboundRequest,
  createMcpHandler,
  PROTOCOL_VERSION_META_KEY,
} from "@modelcontextprotocol/server";
import type { ServerFactory } from "./caller.ts";
import type { Callers } from "./credential.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { createRefusals } from "./refusals.ts";
import { headerOf, refuse } from "./reply.ts";
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
  handle(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void>;
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
  const answerModern = (req: IncomingMessage, res: ServerResponse, body: unknown) => {
    const fetch: typeof modern.fetch = async (request, how) =>
      refusals.note(await modern.fetch(request, how), request, res);
    const answer = toNodeHandler({ fetch }, { onerror: refusals.onerror });
    return answer(Object.assign(req, { method: "POST", url: req.url ?? "" }), res, body);
  };

  async function openSession(
    req: IncomingMessage,
    res: ServerResponse,
    body: unknown,
  ): Promise<void> {
    if (!sessions.hasRoom("streamable", res)) return;
    const id = randomUUID();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      keepAliveMs: limits.keepAliveMs,
    });
    // Before connect: afterwards it would replace the handler of the server.
    transport.onclose = () => sessions.remove(id);
    sessions.add(
      {
        ...{ id, kind: "streamable" },
        receive: (...asked) => transport.handleRequest(...asked),
        close: () => transport.close(),
      },
      req,
      res,
    );
    try {
      await makeServer(callers.of(req)).connect(transport);
      await transport.handleRequest(req, res, body);
    } finally {
      // The transport did not accept the request, so no client will ever know of this session.
      if (transport.sessionId === undefined) await transport.close();
    }
  }

  let stopped = false;
  return {
    async handle(req, res, body) {
      if (stopped) return refuse(res, 503, "The server is stopping.");
      if (![body].flat().every(namesVersion)) return refuse(res, 400, notAVersion);
      if (req.method === "POST" && isModern(req, body)) return answerModern(req, res, body);
      const id = headerOf(req, "mcp-session-id");
      if (id !== undefined) return sessions.deliver("streamable", id, req, res, body);
      if (opensSession(body)) return openSession(req, res, body);
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
function isModern(req: IncomingMessage, body: unknown): boolean {
  const protocolVersionHeader = headerOf(req, "mcp-protocol-version");
  const mcpMethodHeader = headerOf(req, "mcp-method");
  const mcpNameHeader = headerOf(req, "mcp-name");
  const { kind } = classifyInboundRequest({
    httpMethod: "POST",
    ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
    ...(mcpMethodHeader !== undefined && { mcpMethodHeader }),
    ...(mcpNameHeader !== undefined && { mcpNameHeader }),
    body,
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
