import { Readable, type Stream } from "node:stream";
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

type Args = Record<string, unknown>;

export interface Answer {
  failed: boolean;
  /** The text of the result, as the agent sees it. */
  text: string;
  reply: Args;
}

/** A real client over one of the transports. */
export interface LoadClient {
  call(name: string, args?: Args): Promise<Answer>;
  /** Closes as a host does: over `/mcp` it ends the session first. */
  close(): Promise<void>;
}

export interface HttpClient extends LoadClient {
  /** Asks the server whether the session still exists. */
  isOpen(): Promise<boolean>;
}

const ping = JSON.stringify({ jsonrpc: "2.0", id: "ping", method: "ping" });

export async function connectHttp(
  over: "mcp" | "sse",
  url: string,
  credential: Record<string, string> = {},
): Promise<HttpClient> {
  const target = new URL(`/${over}`, url);
  const requestInit = { headers: credential };
  const session = { address: target.href, id: "" };
  if (over === "mcp") {
    const transport = new StreamableHTTPClientTransport(target, { requestInit });
    const client = await connect(transport, () => transport.terminateSession());
    session.id = transport.sessionId ?? "";
    return { ...client, isOpen: () => isOpen(session, credential) };
  }
  const transport = new SSEClientTransport(target, {
    requestInit,
    fetch: (address, init) => {
      // The address that the stream gave for messages; the transport does not expose it.
      if (init?.method === "POST") session.address = String(address);
      return fetch(address, init);
    },
  });
  return { ...(await connect(transport)), isOpen: () => isOpen(session, credential) };
}

async function isOpen(
  { address, id }: { address: string; id: string },
  credential: Record<string, string>,
): Promise<boolean> {
  const headers = {
    ...credential,
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    ...(id && { "Mcp-Session-Id": id }),
  };
  const response = await fetch(address, { method: "POST", headers, body: ping });
  await response.text();
  if (response.status === 404) return false;
  if (response.ok) return true;
  throw new Error(`${address} answered ${response.status}`);
}

/** A client with a program of its own. Also returns how to measure the program. */
export async function connectStdio(args: readonly string[], env: Record<string, string>) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stderr: "pipe",
  });
  const client = await connect(transport);
  const { pid, stderr } = transport;
  if (!pid || !isReadable(stderr)) throw new Error("the program did not start");
  return { ...client, pid, stderr };
}

async function connect(
  transport: Parameters<Client["connect"]>[0],
  leave = async () => {},
): Promise<LoadClient> {
  const sdk = new Client({ name: "load", version: "1" });
  await sdk.connect(transport);
  return {
    async call(name, args = {}) {
      const result = await sdk.callTool({ name, arguments: args });
      const [block] = result.content;
      return {
        failed: result.isError === true,
        text: block?.type === "text" ? block.text : "",
        reply: { ...(result.structuredContent as Args | undefined) },
      };
    },
    async close() {
      await leave();
      await sdk.close();
    },
  };
}

function isReadable(stream: Stream | null): stream is Readable {
  return stream instanceof Readable;
}
