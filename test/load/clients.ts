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
  /** What the agent is told. */
  text: string;
  reply: Args;
}

/** A real client on one of the transports. */
export interface Guest {
  call(name: string, args?: Args): Promise<Answer>;
  /** Leaves as a host does: over `/mcp` the session is ended first. */
  close(): Promise<void>;
}

export interface HttpGuest extends Guest {
  /** Whether the server still knows the session, whatever its client thinks. */
  isOpen(): Promise<boolean>;
}

const ping = JSON.stringify({ jsonrpc: "2.0", id: "ping", method: "ping" });

export async function joinHttp(
  over: "mcp" | "sse",
  url: string,
  credential: Record<string, string> = {},
): Promise<HttpGuest> {
  const target = new URL(`/${over}`, url);
  const requestInit = { headers: credential };
  const session = { address: target.href, id: "" };
  if (over === "mcp") {
    const transport = new StreamableHTTPClientTransport(target, { requestInit });
    const guest = await join(transport, () => transport.terminateSession());
    session.id = transport.sessionId ?? "";
    return { ...guest, isOpen: () => isOpen(session, credential) };
  }
  const transport = new SSEClientTransport(target, {
    requestInit,
    fetch: (address, init) => {
      // Where the stream wanted its messages, which the transport keeps to itself.
      if (init?.method === "POST") session.address = String(address);
      return fetch(address, init);
    },
  });
  return { ...(await join(transport)), isOpen: () => isOpen(session, credential) };
}

async function isOpen(
  { address, id }: { address: string; id: string },
  credential: Record<string, string>,
): Promise<boolean> {
  const headers = {
    ...{ ...credential, "Content-Type": "application/json" },
    Accept: "application/json, text/event-stream",
    ...(id && { "Mcp-Session-Id": id }),
  };
  const response = await fetch(address, { method: "POST", headers, body: ping });
  await response.text();
  if (response.status === 404) return false;
  if (response.ok) return true;
  throw new Error(`${address} answered ${response.status}`);
}

/** Starts a program of its own; gives back how it can be measured, too. */
export async function joinStdio(args: readonly string[], env: Record<string, string>) {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...args],
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stderr: "pipe",
  });
  const guest = await join(transport);
  const { pid, stderr } = transport;
  if (!pid || !isReadable(stderr)) throw new Error("the program did not start");
  return { ...guest, pid, stderr };
}

async function join(
  transport: Parameters<Client["connect"]>[0],
  leave = async () => {},
): Promise<Guest> {
  const client = new Client({ name: "load", version: "1" });
  await client.connect(transport);
  return {
    async call(name, args = {}) {
      const result = await client.callTool({ name, arguments: args });
      const [block] = result.content;
      return {
        failed: result.isError === true,
        text: block?.type === "text" ? block.text : "",
        reply: { ...(result.structuredContent as Args | undefined) },
      };
    },
    async close() {
      await leave();
      await client.close();
    },
  };
}

function isReadable(stream: Stream | null): stream is Readable {
  return stream instanceof Readable;
}
