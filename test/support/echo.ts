import { once } from "node:events";
import { Server } from "@modelcontextprotocol/server";
import type { Caller } from "../../src/transports/auth.ts";

/** A server with three tools: one repeats its arguments, one returns the caller that the server was made for, one never ends. */
export function makeEchoServer({ id: _id, ...caller }: Caller): Server {
  const server = new Server({ name: "echo", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({
    tools: ["echo", "whoami", "hang"].map((name) => ({ name, inputSchema: { type: "object" } })),
  }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    if (params.name === "hang") await once(mcpReq.signal, "abort");
    const value = params.name === "whoami" ? caller : (params.arguments ?? {});
    return { content: [{ type: "text", text: JSON.stringify(value) }] };
  });
  return server;
}
