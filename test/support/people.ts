import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";
import { onTestFinished } from "vitest";
import { mcpHeaders, messageOf, start } from "./http.ts";

type Args = Record<string, unknown>;

/** What a client says of its ways to ask a person. */
export const declared = {
  nothing: {},
  forms: { elicitation: { form: {} } },
  /** As clients did before there were URLs. */
  empty: { elicitation: {} },
  pages: { elicitation: { url: {} } },
  both: { elicitation: { form: {}, url: {} } },
};

export type Action = "accept" | "decline" | "cancel";
/** What a person was asked, as their client got it. */
export interface Question {
  mode?: string | undefined;
  message: string;
  url?: string | undefined;
}
export type Person = (question: Question, signal: AbortSignal) => Action | Promise<Action>;

export interface Guest {
  /** Calls a tool: its reply when it succeeded, what the agent is told when it failed. */
  call(name: string, args?: Args, signal?: AbortSignal): Promise<{ reply: Args; told: string }>;
}

interface Host {
  says: keyof typeof declared;
  person: Person;
}

type Calls = (name: string, args: Args, signal: AbortSignal) => Promise<unknown>;

const info = { name: "people", version: "1" };
const nobody: Person = () => {
  throw new Error("nobody should have been asked");
};
export const noPerson: Host = { says: "nothing", person: nobody };

/** A promise, and what settles it. */
export function later<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}

export function oldClient({ says, person }: Host): OldClient {
  const capabilities = declared[says];
  const client = new OldClient(info, { capabilities });
  if (says !== "nothing")
    client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => ({
      action: await person(params, signal),
    }));
  return client;
}

export function newClient(
  { says, person }: Host,
  options: ConstructorParameters<typeof Client>[1] = {},
): Client {
  const client = new Client(info, { ...options, capabilities: declared[says] });
  if (says !== "nothing")
    client.setRequestHandler("elicitation/create", async ({ params }, { mcpReq }) => ({
      action: await person(params, mcpReq.signal),
    }));
  return client;
}

export const modern = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;

/** What a call of 2026-07-28 brings along when it is made again. */
interface Again {
  requestState?: unknown;
  inputResponses?: unknown;
}

/** Calls of 2026-07-28 made by hand, by a client that may send anything; gives back the result as it is. */
export function byHand(makeServer: () => McpServer, says: keyof typeof declared = "both") {
  const handler = createMcpHandler(makeServer, { legacy: "reject" });
  const meta = "io.modelcontextprotocol";
  return async (name: string, args: Args, again: Again = {}) => {
    const _meta = {
      [`${meta}/protocolVersion`]: "2026-07-28",
      [`${meta}/clientCapabilities`]: declared[says],
      [`${meta}/clientInfo`]: info,
    };
    const params = { name, arguments: args, _meta, ...again };
    const response = await handler.fetch(
      new Request("http://bigin.test/mcp", {
        method: "POST",
        headers: {
          ...mcpHeaders,
          "Mcp-Protocol-Version": "2026-07-28",
          "Mcp-Method": "tools/call",
          "Mcp-Name": name,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
      }),
    );
    const { result } = messageOf({ status: 0, headers: {}, body: await response.text() });
    return result as Args & { requestState: string };
  };
}

/** 2026-07-28 as `/mcp` serves it, without a port. */
function modernTransport(makeServer: () => McpServer): StreamableHTTPClientTransport {
  const handler = createMcpHandler(makeServer, { legacy: "reject" });
  return new StreamableHTTPClientTransport(new URL("http://bigin.test/mcp"), {
    fetch: (url, init) => handler.fetch(new Request(url, init)),
  });
}

type Way = (makeServer: () => McpServer, host: Host) => Promise<Calls>;

const inMemory: Record<string, Way> = {
  async "2025-11-25 in memory, client of sdk 1"(makeServer, host) {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = oldClient(host);
    await Promise.all([makeServer().connect(far), client.connect(near)]);
    return callsOfOld(client);
  },
  async "2025-11-25 in memory, client of sdk 2"(makeServer, host) {
    const [near, far] = InMemoryTransport.createLinkedPair();
    const client = newClient(host);
    await Promise.all([makeServer().connect(far), client.connect(near)]);
    return callsOf(client);
  },
};

const overHttp: Record<string, Way> = {
  async "2025-11-25 on /mcp"(makeServer, host) {
    const { url } = await start({ makeServer });
    const client = oldClient(host);
    await client.connect(new OldHttp(new URL(`${url}/mcp`)));
    return callsOfOld(client);
  },
  async "2025-11-25 on /sse"(makeServer, host) {
    const { url } = await start({ makeServer });
    const client = oldClient(host);
    await client.connect(new OldSse(new URL(`${url}/sse`)));
    return callsOfOld(client);
  },
};

const newest: Record<string, Way> = {
  async "2026-07-28 without a port"(makeServer, host) {
    const client = newClient(host, modern);
    await client.connect(modernTransport(makeServer));
    return callsOf(client);
  },
  async "2026-07-28 on /mcp"(makeServer, host) {
    const { url } = await start({ makeServer });
    const client = newClient(host, modern);
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    return callsOf(client);
  },
};

const ways: Record<string, Way> = { ...inMemory, ...overHttp, ...newest };
export const everyWay = Object.keys(ways);
export const inMemoryWays = Object.keys(inMemory);
export const modernWays = Object.keys(newest);
/** One of each era. */
export const eras = [...inMemoryWays.slice(-1), ...modernWays.slice(0, 1)];

export function callsOf(client: Client): Calls {
  onTestFinished(() => client.close());
  return (name, args, signal) => client.callTool({ name, arguments: args }, { signal });
}

export function callsOfOld(client: OldClient): Calls {
  onTestFinished(() => client.close());
  return (name, args, signal) => client.callTool({ name, arguments: args }, undefined, { signal });
}

/** A client on one of the ways, with the person behind it. It is gone when the test is. */
export async function guest(
  way: string,
  makeServer: () => McpServer,
  host: Host = noPerson,
): Promise<Guest> {
  const calls = await ways[way]?.(makeServer, host);
  if (!calls) throw new Error(`no way ${way}`);
  return {
    call: async (name, args = {}, signal = new AbortController().signal) =>
      told(await calls(name, args, signal)),
  };
}

/** A tool's result as the agent sees it. */
export function told(result: unknown): { reply: Args; told: string } {
  const { isError, content, structuredContent } = result as {
    isError?: boolean;
    content: { text: string }[];
    structuredContent?: Args;
  };
  const text = content.map((block) => block.text).join("\n");
  return { reply: structuredContent ?? {}, told: isError ? text : "" };
}
