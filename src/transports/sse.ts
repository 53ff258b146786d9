import type { IncomingMessage, ServerResponse } from "node:http";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import type { Callers } from "./auth.ts";
import type { ServerFactory } from "./caller.ts";
import type { HttpLimits } from "./limits.ts";
import { errorCode, refuse } from "./respond.ts";
import type { Sessions } from "./sessions.ts";

interface SseOptions {
  makeServer: ServerFactory;
  sessions: Sessions;
  callers: Callers;
  limits: HttpLimits;
}

/** `/sse` and `/messages`: the HTTP transport of 2024-11-05, which many hosts still speak. */
export function createSse({ makeServer, sessions, callers, limits }: SseOptions): {
  open(req: IncomingMessage, res: ServerResponse): Promise<void>;
  receive(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void>;
} {
  return {
    async open(req, res) {
      if (!sessions.hasRoom("sse", res)) return;
      const transport = new SSEServerTransport("/messages", res);
      const id = transport.sessionId;
      // Before connect: afterwards it would replace the handler of the server.
      transport.onclose = () => sessions.remove(id);
      sessions.add(
        {
          ...{ id, kind: "sse" },
          receive: (_req, answer, body) => receiveMessage(transport, answer, body),
          close: () => transport.close(),
        },
        req,
        res,
      );
      // Without it nginx holds the events back.
      res.setHeader("X-Accel-Buffering", "no");
      const keepAlive = setInterval(
        () => res.write(": keep-alive\n\n"),
        limits.keepAliveMs,
      ).unref();
      res.once("close", () => clearInterval(keepAlive));
      try {
        await makeServer(callers.of(req)).connect(transport);
      } catch (error) {
        await transport.close();
        throw error;
      }
    },
    async receive(req, res, body) {
      const id = new URLSearchParams(req.url?.split("?")[1]).get("sessionId");
      if (id !== null) return sessions.deliver("sse", id, req, res, body);
      refuse(res, 400, "Bad request: POST to the endpoint that the /sse stream named.");
    },
  };
}

/** Not the transport's `handlePostMessage`: that one answers faults in plain text and echoes the body. */
async function receiveMessage(
  transport: SSEServerTransport,
  res: ServerResponse,
  body: unknown,
): Promise<void> {
  try {
    await transport.handleMessage(body);
  } catch {
    refuse(res, 400, "The body is not one JSON-RPC message.", errorCode.invalidRequest);
    return;
  }
  res.writeHead(202, { "Content-Type": "text/plain" }).end("Accepted");
}
