import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { addEcho } from "./add-echo.ts";
import { tellAddress } from "./address.ts";

// The floors for throughput, on Node's bare HTTP server: `/mcp` serves sessions of the older revisions, `/modern` serves
// 2026-07-28. Only the two parts of the SDK that our transports use.

const makeServer = () => addEcho(new McpServer({ name: "floor", version: "1" }));
const modern = toNodeHandler(createMcpHandler(makeServer, { legacy: "reject" }));
const sessions = new Map<string, StreamableHTTPServerTransport>();

async function older(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const id = req.headers["mcp-session-id"];
  const open = typeof id === "string" ? sessions.get(id) : undefined;
  if (open) return open.handleRequest(req, res);
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (opened) => void sessions.set(opened, transport),
  });
  await makeServer().connect(transport);
  await transport.handleRequest(req, res);
}

const server = createServer((req, res) => {
  // A request that a server receives always has both, although Node's types say otherwise.
  const [method, url] = [req.method ?? "", req.url ?? ""];
  const answered =
    url === "/modern" ? modern(Object.assign(req, { method, url }), res) : older(req, res);
  answered.catch((error: unknown) => {
    process.stderr.write(`${error}\n`);
    res.destroy();
  });
});
server.listen(0, "127.0.0.1", () => tellAddress(server));
