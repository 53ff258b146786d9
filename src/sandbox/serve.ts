import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createSandbox, type Sandbox, type SandboxOptions } from "./app.ts";

export interface ServedSandbox {
  url: string;
  sandbox: Sandbox;
  close(): Promise<void>;
}

/** The sandbox asks for no secret: nobody but this machine may reach it. */
const host = "127.0.0.1";

/** The sandbox on a port, for clients that cannot be given a `fetch`. Port 0 takes a free one. */
export async function serveSandbox(
  options: { port: number } & SandboxOptions,
): Promise<ServedSandbox> {
  const { port, ...rest } = options;
  let sandbox: Sandbox | undefined;
  const listener = getRequestListener(
    async (request, { outgoing }) => {
      try {
        return await sandbox?.fetch(request);
      } catch (error) {
        // What a `fetch` feels as a network failure is, over a port, a connection cut off.
        outgoing.destroy();
        throw error;
      }
    },
    { overrideGlobalObjects: false, errorHandler: () => undefined },
  );
  const server = createServer((incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
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
