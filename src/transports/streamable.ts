import { randomUUID } from "node:crypto";
import { type IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  isInitializeRequest,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import {
  classifyInboundRequest,
  createMcpHandler,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
} from "@modelcontextprotocol/server";
import type { Log } from "../logging/log.ts";
import { withoutKeyLike } from "../logging/redact.ts";
import { messagesIn, property } from "./body.ts";
import { errorCode, headerOf, idOf, Refusal, redactorFor } from "./respond.ts";
import type { HttpContext } from "./sessions.ts";

/** `/mcp`: a server for each request in revision 2026-07-28, a server for each session in the older revisions. */
export function createStreamable(context: HttpContext) {
  const modern = createModern(context);
  let isStopped = false;
  return {
    async serve(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> {
      if (isStopped) throw new Refusal(503, "The server is stopping.");
      if (!messagesIn(body).every(hasPlainVersion))
        throw new Refusal(400, "Bad request: _meta names a protocol version that is not one.");
      if (req.method === "POST" && isModern(req, body)) return modern.serve(req, res, body);
      const id = headerOf(req, "mcp-session-id");
      if (id !== undefined) return context.sessions.deliver("streamable", id, req, res, body);
      // Also in a batch, which the transport then refuses.
      if (messagesIn(body).some(isInitializeRequest)) return openSession(context, req, res, body);
      throw new Refusal(400, "Bad request: send initialize first, then its Mcp-Session-Id header.");
    },
    /** Ends the requests of revision 2026-07-28; sessions are closed with their table. */
    close(): Promise<void> {
      isStopped = true;
      return modern.close();
    },
  };
}

/** The SDK's errors repeat the version of a message, and a key may have been put there by mistake. */
function hasPlainVersion(message: unknown): boolean {
  const meta = property(property(message, "params"), "_meta");
  const version = property(meta, PROTOCOL_VERSION_META_KEY);
  return typeof version !== "string" || /^[A-Za-z\d.-]{1,16}$/.test(version);
}

/** True if a POST belongs to revision 2026-07-28, or to no revision: the SDK's handler for that one refuses it. */
function isModern(req: IncomingMessage, body: unknown): boolean {
  const version = headerOf(req, "mcp-protocol-version");
  if (headerOf(req, "mcp-session-id") && isPlainMessage(version, body)) return false;
  const method = headerOf(req, "mcp-method");
  const name = headerOf(req, "mcp-name");
  // The SDK's `isLegacyRequest` asks the same, but of a web `Request`, which costs a twentieth of the throughput.
  const { kind } = classifyInboundRequest({
    httpMethod: "POST",
    ...(version !== undefined && { protocolVersionHeader: version }),
    ...(method !== undefined && { mcpMethodHeader: method }),
    ...(name !== undefined && { mcpNameHeader: name }),
    body,
  });
  return kind !== "legacy";
}

/** True for most messages of sessions. Classifying them with the SDK's schemas would cost another twentieth. */
function isPlainMessage(version: string | undefined, body: unknown): boolean {
  if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return false;
  if (property(body, "jsonrpc") !== "2.0" || typeof property(body, "method") !== "string")
    return false;
  const params = property(body, "params");
  return typeof params === "object" && params !== null && !("_meta" in params);
}

async function openSession(
  { makeServer, sessions, callers, limits }: HttpContext,
  req: IncomingMessage,
  res: ServerResponse,
  body: unknown,
): Promise<void> {
  sessions.requireRoom("streamable");
  const id = randomUUID();
  const { keepAliveMs } = limits;
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => id,
    keepAliveMs,
  });
  const claimIds = createIdCheck();
  // Before connect, which keeps this handler; afterwards it would replace that of the server.
  transport.onclose = () => sessions.remove(id);
  sessions.add(
    {
      id,
      kind: "streamable",
      async receive(request, response, message) {
        claimIds(message, response);
        if (request.method === "POST") delayHeaders(response);
        await transport.handleRequest(request, response, message);
      },
      close: () => transport.close(),
    },
    req,
    res,
  );
  try {
    await makeServer(callers.of(req)).connect(transport);
    await transport.handleRequest(req, res, body);
  } finally {
    // The transport refused the request, so no client will ever use this session.
    if (transport.sessionId === undefined) await transport.close();
  }
}

const idInUse = "A request with this id is in progress in this session: use another id for each.";

/**
 * Refuses a request whose id another request in progress in the session has: the SDK would forget the first one, and its
 * client would wait forever.
 */
function createIdCheck(): (body: unknown, res: ServerResponse) => void {
  const inUse = new Set<unknown>();
  return (body, res) => {
    const requests = messagesIn(body).filter((one) => property(one, "method") !== undefined);
    const ids = requests.map((one) => property(one, "id")).filter((id) => id !== undefined);
    if (ids.some((id) => inUse.has(id)))
      throw new Refusal(400, idInUse, {}, errorCode.invalidRequest);
    for (const id of ids) inUse.add(id);
    res.once("close", () => {
      for (const id of ids) inUse.delete(id);
    });
  };
}

/** Delays the headers by one turn of the event loop: a quick result is then sent with them, in one system call. */
function delayHeaders(res: ServerResponse): void {
  const flush = () => {
    if (!res.writableEnded) ServerResponse.prototype.flushHeaders.call(res);
  };
  res.flushHeaders = () => void setImmediate(flush);
}

/** Revision 2026-07-28: each request has a server of its own. */
function createModern({ makeServer, callers, limits, log }: HttpContext) {
  type Product = ReturnType<typeof makeServer>;
  const servers = new WeakMap<globalThis.Request, Product>();

  function onerror(error: Error): void {
    // `logRefusal` has logged these, with the id of their request.
    if (error instanceof ProtocolError || /^Rejected inbound/.test(error.message)) return;
    // What follows a colon may be text of the caller, even a key.
    const [reason] = error.message.split(":");
    log.error({ type: error.name, reason }, "an MCP transport failed");
  }

  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const server = requestInfo && servers.get(requestInfo);
      if (!server) throw new Error("a request without a server");
      return server;
    },
    {
      legacy: "reject",
      keepAliveMs: limits.keepAliveMs,
      maxRequestBodySize: limits.bodyBytes,
      onerror,
    },
  );
  return {
    async serve(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> {
      // Made here and not by the handler, so that an error is logged with the id of the request.
      const server = makeServer(callers.of(req));
      const fetch: typeof handler.fetch = async (request, options) => {
        servers.set(request, server);
        const response = await handler.fetch(request, options);
        await logRefusal(response, res, log);
        return response;
      };
      const serve = toNodeHandler({ fetch }, { onerror });
      await serve(Object.assign(req, { method: "POST", url: req.url ?? "" }), res, body);
    },
    close: () => handler.close(),
  };
}

/** Logs an error response of the SDK's handler, which may repeat what the caller sent. */
async function logRefusal(
  response: globalThis.Response,
  res: ServerResponse,
  log: Log,
): Promise<void> {
  const { status } = response;
  if (status < 400 || response.body === null) return;
  const text = await response.clone().text();
  const [, message = text] = /"message":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  const reason = withoutKeyLike(redactorFor(res.req).text(message)).slice(0, 200);
  log[status < 500 ? "warn" : "error"]({ id: idOf(res), status, reason }, "refused an MCP request");
}
