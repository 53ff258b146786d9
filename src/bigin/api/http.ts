import type { MatonHttp, Method } from "../../maton/http.ts";
import { pathSegment } from "../../maton/url.ts";
import { cleanValue } from "../../shared/clean-text.ts";
import { biginFailure } from "./errors.ts";

const base = "zoho-bigin/bigin/v2";
/** The value a picklist stores is sent back as it came, or Bigin would not know it again. */
const sentBack = "actual_value";

interface BiginRequest {
  method: Method;
  /** Path segments, not yet encoded. */
  path: readonly string[];
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
}

export interface BiginHttp {
  /**
   * Sends a request and gives back the parsed body, undefined for 204, without what nobody can see in it: nothing
   * above ever meets an invisible character. Throws a Failure for a refusal.
   */
  send(request: BiginRequest): Promise<unknown>;
  /** As `send`, with every sign as it came: for what will be compared with, or written back. */
  sendUntouched(request: BiginRequest): Promise<unknown>;
  /** As `send`, for writes whose outcome stands per row in `data[]`, also when the status is a 4xx. */
  sendRows(request: BiginRequest): Promise<unknown>;
}

/** What ends requests. A write under way is given a moment longer, because to cut it leaves its outcome in doubt. */
export interface Signals {
  read: AbortSignal;
  write: AbortSignal;
}

/**
 * Bigin v2 through the gateway, over one connection. `connection` is asked with the first request, so a
 * call that never reaches Bigin resolves none.
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
    const reply = {
      ...rest,
      body: untouched && rest.status < 400 ? body : cleanValue(body, sentBack),
    };
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
