import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createSandbox, type Sandbox, type SandboxOptions } from "./app.ts";
import { BrokenConnection } from "./faults.ts";

export interface ServedSandbox {
  url: string;
  sandbox: Sandbox;
  close(): Promise<void>;
}

/** Loopback only: the key of the sandbox is not a secret. */
const host = "127.0.0.1";

/**
 * The sandbox on an HTTP port, for clients that cannot take a `fetch`. Port 0 picks a free port. `report` receives one
 * line for each bug of the sandbox; stderr by default. Throws when it cannot listen on the port.
 */
export async function serveSandbox(
  options: { port: number; report?: (line: string) => void } & SandboxOptions,
): Promise<ServedSandbox> {
  const { port, report = onStderr, ...rest } = options;
  let sandbox: Sandbox | undefined;
  const listener = getRequestListener(
    async (request, { outgoing }) => {
      try {
        return await sandbox?.fetch(request);
      } catch (error) {
        // Over HTTP, a network failure is a connection that is cut.
        outgoing.destroy();
        if (!isExpected(error, request.signal))
          report(`The sandbox failed at ${request.method} ${request.url}: ${stackOf(error)}`);
        throw error;
      }
    },
    { overrideGlobalObjects: false, errorHandler: () => undefined }, // reported above
  );
  const server = createServer((incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const url = `http://${host}:${bound}`;
  // Created after listening because links of connections contain the port.
  sandbox = createSandbox({ activateOnLook: false, authorizeUrl: `${url}/authorize`, ...rest });
  return {
    url,
    sandbox,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function onStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A scripted fault, or a client that disconnected. */
function isExpected(error: unknown, signal: AbortSignal): boolean {
  return error instanceof BrokenConnection || signal.aborted;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  const reason =
    error.code === "EADDRINUSE"
      ? `Port ${port} on ${host} is already in use: stop the program that uses it, or choose another with --port.`
      : `The sandbox cannot listen on ${host} port ${port}: ${error.message}.`;
  return new Error(reason, { cause: error });
}
