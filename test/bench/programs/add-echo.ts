import type { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";

/** The floors' only tool. */
export function addEcho(server: McpServer): McpServer {
  server.registerTool(
    "bigin_get_echo",
    {
      description: "Returns what it was sent.",
      inputSchema: z.object({ text: z.string() }),
      outputSchema: z.object({ text: z.string() }),
    },
    ({ text }) => ({
      content: [{ type: "text", text: JSON.stringify({ text }) }],
      structuredContent: { text },
    }),
  );
  return server;
}
