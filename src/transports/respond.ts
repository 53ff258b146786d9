import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { factsOf, type Log } from "../logging/log.ts";
import { createRedactor, type Redactor, withoutKeyLike } from "../logging/redact.ts";
import { cleanText } from "../shared/clean-text.ts";

/** Codes of JSON-RPC errors. */
export const errorCode = {
  parse: -32700,
  invalidRequest: -32600,
  internal: -32603,
  /** The SDK's code for requests that are refused before a method is called. */
  refused: -32000,
  noSession: -32001,
};

type Headers = Readonly<Record<string, string>>;

/** A request that is not served. Thrown anywhere before a response has begun; `sendError` answers it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly headers: Headers;

  constructor(
    status: number,
    message: string,
    headers: Headers = {},
    code: number = errorCode.refused,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The value of a header, or undefined. Repeated headers are joined by commas. `name` is in lower case. */
export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The id of a response, which its log lines have too. */
export function idOf(res: ServerResponse): string {
  return String(res.getHeader("X-Request-Id"));
}

/** The path of a request as the routes name it: lower case, without query and final slash. */
export function pathOf({ url = "" }: IncomingMessage): string {
  const [path = ""] = url.split("?", 1);
  return (path.length > 1 ? path.replace(/\/$/, "") : path).toLowerCase();
}

/** Redacts the request's own credentials. */
export function redactorFor({ headers }: IncomingMessage): Redactor {
  const token = headers.authorization?.replace(/^\w+ +/, "");
  const secrets = [token, headers["x-maton-api-key"]].flat();
  return createRedactor(secrets.filter((secret) => secret !== undefined));
}

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, { ...jsonType, "Content-Length": body.length }).end(body);
}

/**
 * Ends a response with an error: what a `Refusal` says, or a bare 500, with a line in the log, for any other error. The
 * body is a JSON-RPC error, never HTML.
 */
export function sendError(res: ServerResponse, error: unknown, log: Log): void {
  if (error instanceof Refusal) {
    sendRefusal(res, error);
    return;
  }
  const err = redactorFor(res.req).value(factsOf(error));
  log.error({ id: idOf(res), err }, "an HTTP request failed");
  if (res.headersSent) res.destroy();
  else sendRefusal(res, new Refusal(500, "Internal server error.", {}, errorCode.internal));
}

function sendRefusal(res: ServerResponse, { status, message, code, headers }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  const clean = cleanText(withoutKeyLike(redactorFor(res.req).text(message)));
  sendJson(res, status, jsonRpcError(code, clean));
}

const jsonType = { "Content-Type": "application/json; charset=utf-8" };

function jsonRpcError(code: number, message: string): object {
  return { jsonrpc: "2.0", error: { code, message }, id: null };
}

export type ResponsesOf = (socket: Socket) => ServerResponse[];

/** Finds the responses in progress on a socket, oldest first: with pipelining there may be several. */
export function trackResponses(server: Server): ResponsesOf {
  const open = new WeakMap<Socket, Set<ServerResponse>>();
  server.on("request", ({ socket }, res: ServerResponse) => {
    const responses = open.get(socket) ?? new Set();
    open.set(socket, responses.add(res));
    res.once("close", () => responses.delete(res));
  });
  return (socket) => [...(open.get(socket) ?? [])];
}

const malformed: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The headers of the request are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The body of the request cannot be read."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not arrive in time."],
};

/** Answers requests that Node cannot parse. Node's own response would have no body, no id and no line in the log. */
export function answerMalformed(server: Server, responsesOf: ResponsesOf, log: Log): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // The client hung up, or would take this for a part of the response that it is receiving.
    if (!socket.writable || responsesOf(socket).some((res) => res.headersSent)) {
      socket.destroy();
      return;
    }
    const { code = "" } = error;
    const [status, message] = malformed[code] ?? [400, "The request is not HTTP."];
    const id = randomUUID();
    log.warn({ id, status, reason: code }, "received a malformed HTTP request");
    const body = JSON.stringify(jsonRpcError(errorCode.refused, message));
    const headers = { ...jsonType, "X-Request-Id": id, "Content-Length": body.length };
    const lines = Object.entries({ ...headers, Connection: "close" }).map((one) => one.join(": "));
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join("\r\n");
    socket.write(`${head}\r\n\r\n${body}`);
    socket.destroySoon();
  });
}
