import { type MatonHttp, type Method, pathSegment } from "../../maton/http.ts";
import { cleanValue } from "../../shared/clean-text.ts";
import { startDeadline } from "../../shared/deadline.ts";
import { Failure } from "../../shared/failure.ts";
import { biginFailure } from "./errors.ts";

const base = "zoho-bigin/bigin/v2";
/** The key of an option's stored value. It is not cleaned, because Bigin recognises it only exactly as it sent it. */
const asBiginSent = "actual_value";

interface BiginRequest {
  method: Method;
  /** Segments of the path, not encoded. */
  path: readonly string[];
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
}

/** Sends requests to Bigin's API, over one connection. */
export interface BiginHttp {
  /**
   * Sends a request and returns the parsed body, without invisible characters; undefined for HTTP 204. Throws a Failure
   * if the request is refused.
   */
  send(request: BiginRequest): Promise<unknown>;
  /** Like `send`, but keeps invisible characters: for values that are compared or written back. */
  sendUntouched(request: BiginRequest): Promise<unknown>;
  /** Like `send`, for writes: a body with an outcome for each row is returned even under a 4xx. */
  sendRows(request: BiginRequest): Promise<unknown>;
}

/**
 * Ends each request after `ms` milliseconds. For side requests: one that gets no response must not use up the time of the
 * call.
 */
export function withinMs(maton: MatonHttp, ms: number): MatonHttp {
  return {
    async send(request) {
      const deadline = startDeadline(request.signal, ms);
      try {
        return await maton.send({ ...request, signal: deadline.signal });
      } catch (error) {
        if (!deadline.expired()) throw error;
        const message = `No complete response within ${ms / 1000} s.`;
        const { asked } = request;
        throw new Failure({ origin: "network", kind: "timed_out", message, asked }, error);
      } finally {
        deadline.stop();
      }
    },
  };
}

/** Signals that end requests. Writes in progress get more time, because aborting one leaves its outcome unknown. */
export interface Signals {
  read: AbortSignal;
  write: AbortSignal;
}

/**
 * Bigin's API through the gateway, over one connection. `connection` is called with the first request, so that a call
 * that never reaches Bigin needs no connection.
 */
export function createBiginHttp(
  maton: MatonHttp,
  connection: () => Promise<string>,
  signals: Signals,
): BiginHttp {
  async function send(
    request: BiginRequest,
    { acceptsRows = false, untouched = false } = {},
  ): Promise<unknown> {
    const asked = `${request.method} ${request.path.join("/")}`;
    const { body, ...rest } = await maton.send({
      host: "gateway",
      method: request.method,
      path: [base, ...request.path.map(pathSegment)].join("/"),
      asked,
      connection: await connection(),
      signal: request.method === "GET" ? signals.read : signals.write,
      ...(request.query && { query: request.query }),
      ...(request.body !== undefined && { body: request.body }),
    });
    const isKept = untouched && rest.status < 400;
    const reply = { ...rest, body: isKept ? body : cleanValue(body, asBiginSent) };
    if (reply.status < 400 || (acceptsRows && hasRows(reply.body))) return reply.body;
    throw biginFailure(reply, asked, request.method !== "GET");
  }
  return {
    send: (request) => send(request),
    sendUntouched: (request) => send(request, { untouched: true }),
    sendRows: (request) => send(request, { acceptsRows: true }),
  };
}

function hasRows(body: unknown): boolean {
  return typeof body === "object" && body !== null && "data" in body && Array.isArray(body.data);
}
