export interface HttpLimits {
  /** Largest request body. */
  bodyBytes: number;
  /** Most sessions open at once, SSE and Streamable HTTP together. */
  sessions: number;
  /** A Streamable HTTP session without a request or an open stream for this long is closed. */
  sessionIdleMs: number;
  /** How often idle sessions are looked for. */
  reapEveryMs: number;
  /** A comment line is sent on every open stream this often, so that proxies do not cut it. */
  keepAliveMs: number;
}

export const defaultLimits: HttpLimits = {
  bodyBytes: 4 * 1024 * 1024,
  sessions: 1000,
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
