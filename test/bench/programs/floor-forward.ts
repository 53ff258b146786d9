import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import * as z from "zod";

// The floor for a call that asks upstream, as little as an SDK v2 server can be: it fetches what it is told to and answers the
// last body as it came.

const requests = z.array(
  z.object({ target: z.string(), headers: z.record(z.string(), z.string()) }),
);

serveStdio(() => {
  const server = new McpServer({ name: "floor", version: "1" });
  server.registerTool(
    "forward",
    {
      description: "Fetches and answers what came.",
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
