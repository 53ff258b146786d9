import { randomUUID } from "node:crypto";
import { type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { HttpLimits, Log } from "./limits.ts";
import { errorCode, refuse, type Step } from "./respond.ts";

/** More is no client's; the parser's own bound, 1,000, would drop the rest without a word: a wish to be narrowed too. */
const mostHeaders = 100;
/** How often a client is looked at before it counts as one that does not read. */
const looks = 4;

/** What says who calls, from where, and how little is wanted: of two, a proxy may go by the one and we by the other. */
const onlyOnce = new Set([
  ...["host", "origin", "authorization", "x-maton-api-key", "maton-connection"],
  ...["x-bigin-read-only", "x-bigin-toolsets", "content-type", "content-encoding"],
  ...["mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"],
]);

/** Refuses requests that could be read in two ways. */
export const refuseAmbiguous: Step = ({ rawHeaders, url = "", headers }, res) => {
  const twice = repeatedIn(rawHeaders);
  if (rawHeaders.length > 2 * mostHeaders)
    refuse(res, 431, `The request has more than ${mostHeaders} headers.`);
  else if (twice) refuse(res, 400, `The header ${twice} is there more than once.`);
  else if (!url.startsWith("/") && !isAt(headers.host, url))
    refuse(res, 400, "The request is neither for a path nor for an address of the Host it names.");
  else return true;
  return false;
};

function repeatedIn(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? "";
    if (seen.has(name)) return name;
    if (onlyOnce.has(name)) seen.add(name);
  }
  return undefined;
}

/** A proxy may ask with the whole address. */
function isAt(host: string | undefined, url: string): boolean {
  const [, named] = /^https?:\/\/([^/?#]+)/i.exec(url) ?? [];
  return named !== undefined && named.toLowerCase() === host?.toLowerCase();
}

/** What is asked for, without the address that may stand before it. */
export function withoutAddress(url: string): string {
  return url.replace(/^https?:\/\/[^/?]*/i, "");
}

/** Answers what is no HTTP or does not arrive in time, and cuts the clients that do not take their answers. */
export function watchSockets(server: Server, limits: HttpLimits, log: Log): void {
  const answers = answersUnderWay(server);
  answerUnreadable(server, answers, log);
  cutUnread(server, answers, limits, log);
}

type Answers = (socket: Socket) => ServerResponse[];

/** By socket: with pipelining there may be several, the oldest first. */
function answersUnderWay(server: Server): Answers {
  const answers = new WeakMap<Socket, Set<ServerResponse>>();
  server.on("request", ({ socket }, res: ServerResponse) => {
    const all = answers.get(socket) ?? new Set();
    answers.set(socket, all.add(res));
    res.once("close", () => all.delete(res));
  });
  return (socket) => [...(answers.get(socket) ?? [])];
}

const unreadable: Record<string, [status: number, message: string]> = {
  HPE_HEADER_OVERFLOW: [431, "The headers of the request are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The body of the request cannot be read."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not arrive in time."],
};

/** Node's own answer has no body, no id and no line in the log. */
function answerUnreadable(server: Server, answers: Answers, log: Log): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // It hung up, or would take what we write for a part of the answer it is being given.
    if (!socket.writable || answers(socket).some((res) => res.headersSent)) {
      socket.destroy();
      return;
    }
    const { code = "" } = error;
    const [status, message] = unreadable[code] ?? [400, "The request is not HTTP."];
    const id = randomUUID();
    log.warn({ id, status, reason: code }, "an HTTP request could not be read");
    socket.write(plainRefusal(status, message, id));
    socket.destroySoon();
  });
}

function plainRefusal(status: number, message: string, id: string): string {
  const error = { code: errorCode.refused, message };
  const body = JSON.stringify({ jsonrpc: "2.0", error, id: null });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Request-Id: ${id}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    "",
    body,
  ].join("\r\n");
}

/**
 * Cuts the sockets of which nothing is taken, or that have too much waiting, at several looks in a row. What waits is
 * written together and counts as taken when all of it is: replies of ours are small enough for that.
 */
function cutUnread(server: Server, answers: Answers, limits: HttpLimits, log: Log): void {
  const sockets = new Map<Socket, { taken: number; unmoved: number }>();
  server.on("connection", (socket) => {
    sockets.set(socket, { taken: 0, unmoved: 0 });
    socket.once("close", () => sockets.delete(socket));
  });
  const look = () => {
    for (const [socket, seen] of sockets) {
      const { writableLength: waiting } = socket;
      const taken = socket.bytesWritten - waiting;
      // Text waits by its characters and is written by its bytes, so more of it may look like progress.
      const isMoving = taken !== seen.taken && waiting <= limits.unreadBytes;
      seen.unmoved = waiting === 0 || isMoving ? 0 : seen.unmoved + 1;
      seen.taken = taken;
      if (seen.unmoved < looks) continue;
      const id = answers(socket)[0]?.getHeader("X-Request-Id");
      log.warn({ id, waiting }, "cut a client that does not read");
      socket.destroy();
      sockets.delete(socket);
    }
  };
  const timer = setInterval(look, Math.ceil(limits.unreadMs / looks)).unref();
  server.once("close", () => clearInterval(timer));
}
