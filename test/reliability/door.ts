import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import type { AtEnd } from "../support/program.ts";

const forwardedHeaders = ["authorization", "content-type", "maton-connection"];

/** A port in front of the sandbox's own. `takes` sees each request first; true means that it handles the request. */
export async function openDoor(
  takes: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>,
  atEnd: AtEnd = onTestFinished,
) {
  const served = await serveSandbox({ port: 0 });
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    if ((await takes(request, response)) || response.destroyed) return;
    const headers = forwardedHeaders.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === "string" ? [[name, value] as [string, string]] : [];
    });
    const init = { method: request.method ?? "GET", headers, ...(body.length > 0 && { body }) };
    const forwarded = await fetch(`${served.url}${request.url}`, init);
    response.writeHead(forwarded.status, { "content-type": "application/json" });
    response.end(Buffer.from(await forwarded.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
    await served.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, sandbox: served.sandbox };
}

/** An upstream that holds the requests for which `holds` is true until `open` is called. */
export async function heldUpstream(
  holds: (method: string, path: string) => boolean,
  atEnd: AtEnd = onTestFinished,
) {
  let held = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { url, sandbox } = await openDoor(async ({ method = "", url: path = "" }) => {
    if (!holds(method, path)) return false;
    held += 1;
    await opened;
    return false;
  }, atEnd);
  return { env: { MATON_API_KEY: "sandbox", MATON_API_URL: url }, sandbox, open, held: () => held };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
