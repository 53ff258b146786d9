import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import type { ServerFactory } from "./auth.ts";

/** The longest line accepted; a longer one ends the connection. The SDK's default is 10 MiB, too little for a large file. */
const lineBytes = 64 * 1024 * 1024;

interface StdioOptions {
  makeServer: ServerFactory;
  onError(error: Error): void;
}

/** Serves MCP, every revision, on this process's stdin and stdout. */
export function serveStdioTransport({ makeServer, onError }: StdioOptions): {
  close(): Promise<void>;
  /** Resolves when stdin has ended or `close` was called, and the connection is torn down. */
  closed: Promise<void>;
} {
  const transport = new StdioServerTransport(undefined, undefined, { maxBufferSize: lineBytes });
  const connection = serveStdio(() => makeServer({}), {
    transport,
    onerror(error) {
      if (!hasClientLeft(error)) onError(error);
    },
  });
  // serveStdio has set its own handler, which tears the connection down.
  const tearDown = transport.onclose;
  const closed = new Promise<void>((resolve) => {
    transport.onclose = () => {
      tearDown?.();
      resolve();
    };
  });
  return { close: () => connection.close(), closed };
}

/** A client that closes its end of stdout ends the connection in the ordinary way. */
function hasClientLeft(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}
