import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createSandbox, type Sandbox, type SandboxOptions } from "./app.ts";
import { BrokenConnection } from "./faults.ts";

export interface ServedSandbox {
  url: string;
  sandbox: Sandbox;
  close(): Promise<void>;
}

/** The sandbox asks for no secret: nobody but this machine may reach it. */
const host = "127.0.0.1";

/** The sandbox on a port, for clients that cannot be given a `fetch`. Port 0 takes a free one. */
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
        // What a `fetch` feels as a network failure is, over a port, a connection cut off.
        outgoing.destroy();
        if (!isMeant(error, request.signal))
          report(`The sandbox failed at ${request.method} ${request.url}: ${stackOf(error)}`);
        throw error;
      }
    },
    { overrideGlobalObjects: false, errorHandler: () => undefined }, // told above
  );
  const server = createServer((incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(whyNotListening(error, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  const url = `http://${host}:${bound}`;
  // Made after listening: the connections' links carry the port.
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

const onStderr = (line: string) => void process.stderr.write(`${line}\n`);

/** A scripted fault, or a client that went away. */
function isMeant(error: unknown, signal: AbortSignal): boolean {
  return error instanceof BrokenConnection || signal.aborted;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function whyNotListening(error: NodeJS.ErrnoException, port: number): Error {
  const reason =
    error.code === "EADDRINUSE"
      ? `Port ${port} on ${host} is already in use: stop the program that uses it, or choose another with --port.`
      : `The sandbox cannot listen on ${host} port ${port}: ${error.message}.`;
  return new Error(reason, { cause: error });
}
