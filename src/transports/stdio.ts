import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import type { ServerFactory } from "./caller.ts";

/** A longer line ends the connection, because the SDK cannot find its end; by default at 10 MiB. */
const bufferBytes = 64 * 2 ** 20;

interface StdioOptions {
  makeServer: ServerFactory;
  onError(error: Error): void;
}

/** Serves MCP, every revision, on this process's stdin and stdout. */
export function serveStdioTransport(options: StdioOptions): {
  close(): Promise<void>;
  /** Resolves when stdin ended or `close()` was called, and the connection is torn down. */
  closed: Promise<void>;
} {
  const wire = new StdioServerTransport(undefined, undefined, { maxBufferSize: bufferBytes });
  const connection = serveStdio(() => options.makeServer({}), {
    transport: wire,
    onerror: (error) => {
      if (!clientWentAway(error)) options.onError(error);
    },
  });
  // serveStdio has set its own `onclose` by now. Ours comes after it, so that `closed` means torn down.
  const tearDown = wire.onclose;
  const closed = new Promise<void>((resolve) => {
    wire.onclose = () => {
      tearDown?.();
      resolve();
    };
  });
  return { close: () => connection.close(), closed };
}

/** A client that closed its end of stdout is the ordinary end of a connection, not a fault of ours. */
function clientWentAway(error: Error): boolean {
  return "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");
}
