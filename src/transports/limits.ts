import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../logging/log.ts";
import { Refusal, type ResponsesOf } from "./respond.ts";

/**
 * Every limit and timer of the HTTP transports, with its reason. `Ms` is milliseconds, `Bytes` is bytes; the rest are counts.
 * stdio has one limit of its own, in stdio.ts.
 */
export const defaultLimits = {
  // One request.
  headers: 100, // No real client sends more. Node silently drops headers past 1,000, possibly X-Bigin-Read-Only.
  bodyBytes: 4 * 1024 * 1024, // As much as the SDK's own transports accept.
  bodyDepth: 100, // Levels of nesting. The SDK walks messages recursively and returns a 500 for deeper ones.
  bodyParts: 110_000, // Names, items and brackets: 500 records of 100 fields. A million kept the SDK busy for 6 s.
  batchMessages: 20, // A batch counts as one request in the rate limit.
  messageIdLength: 1_000, // Characters. Responses repeat the id, and are buffered for clients that read slowly.
  // One caller.
  requestsPerMinute: 1_200, // Twice Maton's ten requests a second: cached replies need no request to Maton.
  countedCallers: 10_000, // So that made-up keys cannot fill the memory of the rate limit, about 2 MB.
  // All callers.
  sockets: 3_000, // Two for each session.
  sessions: 1_500, // SSE and Streamable HTTP together: about 40 MB when idle.
  sseStreams: 750, // SSE sessions. Each of them holds a socket.
  // Slow clients.
  headersMs: 10_000, // A client must have sent its headers.
  requestMs: 30_000, // A client must have sent its whole request.
  slowCheckMs: 5_000, // How often Node looks for slower clients. Its default, 30 s, would double their time.
  idleSocketMs: 5_000, // A socket without a further request is closed: Node's default.
  unreadMs: 30_000, // A client is disconnected that has read nothing for this long,
  unreadBytes: 4 * 1024 * 1024, // or has had more than this buffered for as long.
  unreadChecks: 4, // Checks in `unreadMs`. All must fail, so that one pause of the network is forgiven.
  keepAliveMs: 15_000, // Streams get a comment this often: proxies close streams that are silent for 30 to 60 s.
  // Idle sessions, the end, and readiness.
  sessionIdleMs: 30 * 60_000, // Without a request or an open stream: longer than most pauses in a conversation.
  sessionCheckMs: 30_000, // How often idle sessions are looked for.
  closeMs: 250, // When the server stops, responses get this long to be sent before sockets are closed.
  readyMs: 15_000, // `/readyz` reuses a good result, because each check costs a request to Maton.
  notReadyMs: 2_000, // The same for a bad result: shorter, because monitors wait for the recovery.
  upstreamCheckMs: 5_000, // Maton must answer a check of `/readyz`: before most monitors give up, at 10 s.
};

export type HttpLimits = typeof defaultLimits;

/**
 * Counts the requests of each caller in a minute that begins with the first of them. The returned function counts one
 * request of a caller, by id, and throws a 429 when the caller has none left.
 */
export function createRateLimit(limits: HttpLimits): (caller: string) => void {
  const { requestsPerMinute, countedCallers } = limits;
  const windows = new Map<string, { endsAt: number; requests: number }>();

  function startWindow(caller: string, now: number) {
    const window = { endsAt: now + 60_000, requests: 0 };
    windows.delete(caller);
    // A map keeps its order, so the first window is the one that ends first.
    const [oldest] = windows.keys();
    if (oldest !== undefined && windows.size >= countedCallers) windows.delete(oldest);
    windows.set(caller, window);
    return window;
  }

  return (caller) => {
    const now = performance.now();
    const known = windows.get(caller);
    const window = known && now < known.endsAt ? known : startWindow(caller, now);
    window.requests += 1;
    if (window.requests <= requestsPerMinute) return;
    const seconds = String(Math.ceil((window.endsAt - now) / 1000));
    throw new Refusal(
      429,
      `Too many requests: each caller may send ${requestsPerMinute} a minute. Try again in ${seconds} s.`,
      { "Retry-After": seconds },
    );
  };
}

/** Disconnects clients that do not read: see `unreadMs`. Node itself only bounds how slowly a client may send. */
export function dropSlowReaders(
  server: Server,
  responsesOf: ResponsesOf,
  limits: HttpLimits,
  log: Log,
): void {
  const sockets = new Map<Socket, { sent: number; failedChecks: number }>();
  server.on("connection", (socket) => {
    sockets.set(socket, { sent: 0, failedChecks: 0 });
    socket.once("close", () => sockets.delete(socket));
  });

  function check(): void {
    for (const [socket, seen] of sockets) {
      const unread = socket.writableLength;
      // An estimate. A buffered string counts by its characters and a sent one by its bytes, so text beyond ASCII may look
      // like progress. And a write counts only when all of it is sent, for which replies are small enough.
      const sent = socket.bytesWritten - unread;
      const isReading = unread === 0 || (sent !== seen.sent && unread <= limits.unreadBytes);
      seen.failedChecks = isReading ? 0 : seen.failedChecks + 1;
      seen.sent = sent;
      if (seen.failedChecks < limits.unreadChecks) continue;
      const id = responsesOf(socket)[0]?.getHeader("X-Request-Id");
      log.warn({ id, unread }, "disconnected a client that does not read");
      socket.destroy();
      sockets.delete(socket);
    }
  }

  const timer = setInterval(check, Math.ceil(limits.unreadMs / limits.unreadChecks)).unref();
  server.once("close", () => clearInterval(timer));
}
