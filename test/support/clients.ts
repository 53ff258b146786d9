import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as OldSse } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMcpHandler, InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";
import { onTestFinished } from "vitest";
import { mcpHeaders, messageOf, newestOnly, start } from "./http.ts";

type Args = Record<string, unknown>;

/** What clients declare about asking their user. */
const capabilities = {
  nothing: {},
  forms: { elicitation: { form: {} } },
  /** As clients did before pages could be opened. */
  empty: { elicitation: {} },
  pages: { elicitation: { url: {} } },
  both: { elicitation: { form: {}, url: {} } },
};

export type Action = "accept" | "decline" | "cancel";

/** A question to the user, as the client received it. */
export interface Question {
  mode?: string | undefined;
  message: string;
  url?: string | undefined;
}

/** How the user answers. The signal aborts when the server withdraws the question. */
export type Answerer = (question: Question, signal: AbortSignal) => Action | Promise<Action>;

/** A client's host: what it declares, and the user behind it. */
export interface Host {
  declares: keyof typeof capabilities;
  user: Answerer;
}

/** A host that cannot ask its user. */
export const noUser: Host = {
  declares: "nothing",
  user: () => {
    throw new Error("the user was asked");
  },
};

/** A user who always gives the same answer, and a list of the questions. */
export function userWho(action: Action): { user: Answerer; questions: Question[] } {
  const questions: Question[] = [];
  const user: Answerer = (question) => {
    questions.push(question);
    return action;
  };
  return { user, questions };
}

interface TestClient {
  /** Calls a tool. Returns the structured reply of a success, or the message of an error. */
  call(name: string, args?: Args, signal?: AbortSignal): Promise<{ reply: Args; error: string }>;
}

type Calls = (name: string, args: Args, signal: AbortSignal) => Promise<unknown>;

const info = { name: "test", version: "1" };

/** A promise, and the function that resolves it. */
export function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: (value) => resolve(value) };
}

/** A client of SDK 1. */
export function oldClient({ declares, user }: Host): OldClient {
  const client = new OldClient(info, { capabilities: capabilities[declares] });
  if (declares !== "nothing")
    client.setRequestHandler(ElicitRequestSchema, async ({ params }, { signal }) => ({
      action: await user(params, signal),
    }));
  return client;
}

/** A client of SDK 2. */
export function newClient({ declares, user }: Host, options: ClientOptions = {}): Client {
  const client = new Client(info, { ...options, capabilities: capabilities[declares] });
  if (declares !== "nothing")
    client.setRequestHandler("elicitation/create", async ({ params }, { mcpReq }) => ({
      action: await user(params, mcpReq.signal),
    }));
  return client;
}

/** What a retried call of 2026-07-28 adds. */
interface Retry {
  requestState?: unknown;
  inputResponses?: unknown;
}

/** Calls of 2026-07-28 by a client that may send anything. Each returns the result as it came. */
export function callsByHand(makeServer: () => McpServer, declares: Host["declares"] = "both") {
  const handler = createMcpHandler(makeServer, { legacy: "reject" });
  const meta = "io.modelcontextprotocol";
  return async (name: string, args: Args, retry: Retry = {}) => {
    const _meta = {
      [`${meta}/protocolVersion`]: "2026-07-28",
      [`${meta}/clientCapabilities`]: capabilities[declares],
      [`${meta}/clientInfo`]: info,
    };
    const params = { name, arguments: args, _meta, ...retry };
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

/** The transport of 2026-07-28 that `/mcp` serves, without a port. */
function newestTransport(makeServer: () => McpServer): StreamableHTTPClientTransport {
  const handler = createMcpHandler(makeServer, { legacy: "reject" });
  return new StreamableHTTPClientTransport(new URL("http://bigin.test/mcp"), {
    fetch: (url, init) => handler.fetch(new Request(url, init)),
  });
}

/** Connects a client to a server over one transport, in one protocol revision. */
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
    const client = newClient(host, newestOnly);
    await client.connect(newestTransport(makeServer));
    return callsOf(client);
  },
  async "2026-07-28 on /mcp"(makeServer, host) {
    const { url } = await start({ makeServer });
    const client = newClient(host, newestOnly);
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
    return callsOf(client);
  },
};

const ways: Record<string, Way> = { ...inMemory, ...overHttp, ...newest };
export const everyWay = Object.keys(ways);
export const inMemoryWays = Object.keys(inMemory);
export const newestWays = Object.keys(newest);
/** One of each era. */
export const eras = [...inMemoryWays.slice(-1), ...newestWays.slice(0, 1)];

export function callsOf(client: Client): Calls {
  onTestFinished(() => client.close());
  return (name, args, signal) => client.callTool({ name, arguments: args }, { signal });
}

export function callsOfOld(client: OldClient): Calls {
  onTestFinished(() => client.close());
  return (name, args, signal) => client.callTool({ name, arguments: args }, undefined, { signal });
}

/** A client that is connected by one of the ways, until the test ends. */
export async function clientOver(
  way: string,
  makeServer: () => McpServer,
  host: Host = noUser,
): Promise<TestClient> {
  const calls = await ways[way]?.(makeServer, host);
  if (!calls) throw new Error(`no way ${way}`);
  return {
    call: async (name, args = {}, signal = new AbortController().signal) =>
      resultOf(await calls(name, args, signal)),
  };
}

/** A tool's result as the agent sees it: the structured reply of a success, or the message of an error. */
export function resultOf(result: unknown): { reply: Args; error: string } {
  const { isError, content, structuredContent } = result as {
    isError?: boolean;
    content: { text: string }[];
    structuredContent?: Args;
  };
  const text = content.map((block) => block.text).join("\n");
  return { reply: structuredContent ?? {}, error: isError ? text : "" };
}
