import type { Server } from "node:http";

/** Prints the address of a server as the product's log does. */
export function tellAddress(server: Server): void {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening on a port");
  process.stderr.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
}
