import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { addEcho } from "./add-echo.ts";

// The floor for starting and for memory: as little as an SDK v2 server can be.

serveStdio(() => addEcho(new McpServer({ name: "floor", version: "1" })));
