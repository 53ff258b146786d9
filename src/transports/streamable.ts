import { randomUUID } from "node:crypto";
import { type IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler } from "@modelcontextprotocol/server";
import type { Callers } from "./auth.ts";
import type { ServerFactory } from "./caller.ts";
import { isModern, namesVersion } from "./era.ts";
import type { HttpLimits, Log } from "./limits.ts";
import { createRefusals } from "./refusals.ts";
import { errorCode, headerOf, refuse } from "./respond.ts";
import type { Sessions } from "./sessions.ts";

const twin = "A request with this id is under way in this session: give each its own.";

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
  const { makeServer, sessions, callers, limits } = options;
  const modern = createModern(options);

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
    const underWay = new Set<unknown>();
    // Before connect: afterwards it would replace the handler of the server.
    transport.onclose = () => sessions.remove(id);
    sessions.add(
      {
        ...{ id, kind: "streamable" },
        async receive(request, answer, message) {
          const ids = idsIn(message);
          // The SDK would forget the first, whose client then waits for ever.
          if (ids.some((one) => underWay.has(one)))
            return refuse(answer, 400, twin, errorCode.invalidRequest);
          for (const one of ids) {
            underWay.add(one);
            answer.once("close", () => underWay.delete(one));
          }
          if (request.method === "POST") flushLater(answer);
          return transport.handleRequest(request, answer, message);
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
      // The transport did not accept the request, so no client will ever know of this session.
      if (transport.sessionId === undefined) await transport.close();
    }
  }

  let stopped = false;
  return {
    async handle(req, res, body) {
      if (stopped) return refuse(res, 503, "The server is stopping.");
      if (![body].flat().every(namesVersion))
        return refuse(res, 400, "Bad request: _meta names what is no protocol version.");
      if (req.method === "POST" && isModern(req, body)) return modern.answer(req, res, body);
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

/** 2026-07-28: each request is served by a server of its own. */
function createModern({ makeServer, callers, limits, log }: StreamableOptions) {
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
  return {
    answer(req: IncomingMessage, res: ServerResponse, body: unknown) {
      const fetch: typeof modern.fetch = async (request, how) =>
        refusals.note(await modern.fetch(request, how), request, res);
      const answer = toNodeHandler({ fetch }, { onerror: refusals.onerror });
      return answer(Object.assign(req, { method: "POST", url: req.url ?? "" }), res, body);
    },
    close: () => modern.close(),
  };
}

/** Headers wait a turn for an answer that is quick: written together, the two are one system call and one packet. */
function flushLater(res: ServerResponse): void {
  const flush = () => {
    if (!res.writableEnded) ServerResponse.prototype.flushHeaders.call(res);
  };
  res.flushHeaders = () => void setImmediate(flush);
}

/** An `initialize`, also one in a batch, which the transport then refuses in its own words. */
function opensSession(body: unknown): boolean {
  return [body].flat().some(isInitializeRequest);
}

/** Of requests, not of answers to ours. */
function idsIn(body: unknown): unknown[] {
  return [body].flat().flatMap((message) => {
    const isRequest = typeof message === "object" && message !== null && "method" in message;
    return isRequest && "id" in message ? [message.id] : [];
  });
}
