import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import * as z from "zod";

// The floor for a call with upstream requests: the smallest SDK v2 server that makes the given requests and returns the last
// response.

const requests = z.array(
  z.object({ target: z.string(), headers: z.record(z.string(), z.string()) }),
);

serveStdio(() => {
  const server = new McpServer({ name: "floor", version: "1" });
  server.registerTool(
    "forward",
    {
      description: "Fetches, and returns the last response.",
      inputSchema: z.object({ requests }),
      outputSchema: z.looseObject({}),
    },
    async (args) => {
      let body: Record<string, unknown> = {};
      for (const { target, headers } of args.requests) {
        const response = await fetch(target, { headers });
        if (response.status !== 200) throw new Error(`${target} answered ${response.status}`);
        body = JSON.parse(await response.text());
      }
      return { content: [{ type: "text", text: JSON.stringify(body) }], structuredContent: body };
    },
  );
  return server;
});
