import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import {
  Client,
  type ClientOptions,
  SSEClientTransport,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { onTestFinished, vi } from "vitest";
import { type HttpOptions, serveHttp } from "../../src/transports/http.ts";
import { makeEchoServer } from "./echo.ts";

type Headers = Record<string, string>;

interface Line {
  id?: string;
  message: string;
  [field: string]: unknown;
}

/** A log that keeps its lines. */
export function keptLog() {
  const lines: Line[] = [];
  const note = (fields: object, message: string) => void lines.push({ ...fields, message });
  return { lines, log: { debug: note, info: note, warn: note, error: note } };
}

/** An echo server on a free loopback port, closed when the test ends. */
export async function start(options: Partial<HttpOptions> = {}) {
  const server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    authTokens: [],
    makeServer: makeEchoServer,
    log: keptLog().log,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

export function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 15_000, interval: 5 });
}

/** Options of a client that speaks revision 2026-07-28 only. */
export const newestOnly: ClientOptions = { versionNegotiation: { mode: { pin: "2026-07-28" } } };

/** A client of SDK 2, closed when the test ends. */
export async function connectClient(
  url: string,
  path: "/mcp" | "/sse",
  options: ClientOptions = {},
  headers: Headers = {},
): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, options);
  onTestFinished(() => client.close());
  const Transport = path === "/sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  await client.connect(new Transport(new URL(path, url), { requestInit: { headers } }));
  return client;
}

export interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

/** Sends a request with any headers: `fetch` does not let a caller set Host or Origin. */
export function send(
  url: string,
  options: { method?: string; headers?: Headers; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = "GET", headers = {}, body } = options;
    const outgoing = request(url, { method, headers, agent: false }, (res) => {
      res.setEncoding("utf8");
      text(res).then(
        (body) => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }),
        reject,
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export const mcpHeaders = {
  "Content-Type": "application/json",
  Accept: "application/json, text/event-stream",
};

export function post(url: string, message: unknown, headers: Headers = {}) {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  return send(url, { method: "POST", headers: { ...mcpHeaders, ...headers }, body });
}

export function initialize(protocolVersion: string) {
  const clientInfo = { name: "raw", version: "1" };
  const params = { protocolVersion, capabilities: {}, clientInfo };
  return { jsonrpc: "2.0", id: 1, method: "initialize", params };
}

export function callTool(name: string, args: object = {}, id = 2) {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } };
}

/** The same message as revision 2026-07-28 sends it, and its headers. */
export function modern(message: { method: string; params: object }) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const name = "name" in message.params ? { "Mcp-Name": String(message.params.name) } : {};
  return {
    message: { ...message, params: { ...message.params, _meta: meta } },
    headers: { "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": message.method, ...name },
  };
}

/** The message in a response of `/mcp`, whether it came as JSON or as an event. */
export function messageOf(answer: Answer) {
  const data = /^data: (.+)$/m.exec(answer.body)?.[1];
  return JSON.parse(data ?? answer.body);
}

/** The error of a refused request. Throws if the response does not have the form of JSON-RPC. */
export function errorOf(answer: Answer): { code: number; message: string } {
  const { jsonrpc, error, id } = JSON.parse(answer.body);
  if (jsonrpc !== "2.0" || id !== null || !answer.headers["content-type"]?.includes("json")) {
    throw new Error(`Not JSON-RPC-shaped: ${answer.body}`);
  }
  return error;
}

/** Opens a session on `/mcp` and returns its id. */
export async function openSession(url: string, headers: Headers = {}) {
  const answer = await post(`${url}/mcp`, initialize("2025-11-25"), headers);
  const id = answer.headers["mcp-session-id"];
  if (typeof id !== "string") throw new Error(`No session: ${answer.status} ${answer.body}`);
  return id;
}

/** Opens a stream. Has what arrived so far, whether it ended, and a way to hang up. */
export async function openStream(url: string, headers: Headers = {}) {
  const outgoing = request(url, { headers, agent: false });
  outgoing.on("error", () => {});
  outgoing.end();
  const [res]: [IncomingMessage] = await once(outgoing, "response").then(([first]) => [first]);
  const stream = { res, received: "", ended: false, hangUp: () => void outgoing.destroy() };
  onTestFinished(stream.hangUp);
  res.setEncoding("utf8").on("data", (chunk) => {
    stream.received += chunk;
  });
  res.on("error", () => {});
  res.on("close", () => {
    stream.ended = true;
  });
  return stream;
}

/** Where an SSE stream wants its messages: the address in its first event. */
export async function endpointOf(url: string, stream: { received: string }): Promise<string> {
  const event = /^event: endpoint\ndata: (.+)$/m;
  await until(() => event.test(stream.received));
  return new URL(event.exec(stream.received)?.[1] ?? "", url).href;
}

/**
 * A bare socket to the server, for what no HTTP client would do. It reads until it is paused and never closes by itself:
 * if it has ended, the server did it.
 */
export function openSocket(url: string) {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  const one = { socket, received: "", ended: false };
  socket.setEncoding("latin1").on("data", (chunk) => {
    one.received += chunk;
  });
  socket.on("error", () => {});
  for (const event of ["end", "close"])
    socket.on(event, () => {
      one.ended = true;
    });
  onTestFinished(() => void socket.destroy());
  return one;
}

/** The bytes of a request, to send over a bare socket. */
export function bytesOf(route: string, headers: Headers = {}, body = ""): string {
  const all = { Host: "127.0.0.1", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${route} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** The bytes of a POST of a message to `/mcp`. */
export function bytesOfPost(message: object, headers: Headers = {}): string {
  const body = JSON.stringify(message);
  const length = { "Content-Length": String(Buffer.byteLength(body)) };
  return bytesOf("POST /mcp", { ...mcpHeaders, ...length, ...headers }, body);
}
