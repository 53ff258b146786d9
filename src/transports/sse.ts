import type { IncomingMessage, ServerResponse } from "node:http";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { errorCode, Refusal } from "./respond.ts";
import type { HttpContext } from "./sessions.ts";

/** `/sse` and `/messages`: the HTTP transport of revision 2024-11-05, which many hosts still use. */
export function createSse({ makeServer, sessions, callers, limits }: HttpContext) {
  return {
    /** GET /sse: opens a session, whose messages arrive over this stream. */
    async open(req: IncomingMessage, res: ServerResponse): Promise<void> {
      sessions.requireRoom("sse");
      const transport = new SSEServerTransport("/messages", res);
      const id = transport.sessionId;
      // Before connect, which keeps this handler; afterwards it would replace that of the server.
      transport.onclose = () => sessions.remove(id);
      sessions.add(
        {
          id,
          kind: "sse",
          receive: (_req, response, body) => receiveMessage(transport, response, body),
          close: () => transport.close(),
        },
        req,
        res,
      );
      // Tells nginx not to buffer the events.
      res.setHeader("X-Accel-Buffering", "no");
      const sendComment = () => res.write(": keep-alive\n\n");
      const timer = setInterval(sendComment, limits.keepAliveMs).unref();
      res.once("close", () => clearInterval(timer));
      try {
        await makeServer(callers.of(req)).connect(transport);
      } catch (error) {
        await transport.close();
        throw error;
      }
    },

    /** POST /messages: one message of a session. */
    async receive(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> {
      const id = new URLSearchParams(req.url?.split("?")[1]).get("sessionId");
      if (id === null)
        throw new Refusal(400, "Bad request: POST to the endpoint that the /sse stream named.");
      await sessions.deliver("sse", id, req, res, body);
    },
  };
}

/** Replaces the transport's `handlePostMessage`, which reports errors in plain text and repeats the body. */
async function receiveMessage(
  transport: SSEServerTransport,
  res: ServerResponse,
  body: unknown,
): Promise<void> {
  try {
    await transport.handleMessage(body);
  } catch {
    const message = "The body is not one JSON-RPC message.";
    throw new Refusal(400, message, {}, errorCode.invalidRequest);
  }
  res.writeHead(202, { "Content-Type": "text/plain" }).end("Accepted");
}
