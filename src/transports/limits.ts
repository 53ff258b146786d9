export interface HttpLimits {
  /** Largest request body. */
  bodyBytes: number;
  /** Most sessions open at once, SSE and Streamable HTTP together. */
  sessions: number;
  /** Most of them over SSE, each of which holds a socket. */
  sseStreams: number;
  /** Requests a minute of one caller. */
  requestsPerMinute: number;
  /** Most sockets open at once. */
  sockets: number;
  /** How long a client may take to send its headers, and its whole request. */
  headersMs: number;
  requestMs: number;
  /** How long a socket stays open after an answer when no further request comes. */
  idleSocketMs: number;
  /** A socket is cut whose client has taken nothing of what waits for it for so long, or has had more than this waiting. */
  unreadMs: number;
  unreadBytes: number;
  /** A Streamable HTTP session without a request or an open stream for this long is closed. */
  sessionIdleMs: number;
  /** How often idle sessions are looked for. */
  reapEveryMs: number;
  /** A comment line is sent on every open stream this often, so that proxies do not cut it. */
  keepAliveMs: number;
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 4 * 1024 * 1024,
  sessions: 1500,
  sseStreams: 750,
  requestsPerMinute: 1200,
  sockets: 3000,
  headersMs: 10_000,
  requestMs: 30_000,
  idleSocketMs: 5_000,
  unreadMs: 30_000,
  unreadBytes: 4 * 1024 * 1024,
  sessionIdleMs: 30 * 60_000,
  reapEveryMs: 30_000,
  keepAliveMs: 15_000,
};

/** The part of a logger that the transports use. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
