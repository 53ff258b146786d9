import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { addEcho } from "./add-echo.ts";

// The floor for the start and for memory: the smallest SDK v2 server.

serveStdio(() => addEcho(new McpServer({ name: "floor", version: "1" })));
