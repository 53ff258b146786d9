import type { HTTPError, KyInstance } from "ky";
import { type Deadline, startDeadline } from "../shared/deadline.ts";
import { Failure, type FailureFacts } from "../shared/failure.ts";
import type { Breakers } from "./circuit-breaker.ts";
import type { Limiter } from "./rate-limit.ts";
import { type MatonReply, readReply, readText, retryAfterOf } from "./response.ts";
import { encoded } from "./url.ts";

/** For one request with its retries; hosts give up on a whole call at 60 s (design §10). */
const deadlineMs = 25_000;
const retries = 2;
/** For one attempt of a read, so that a silent upstream leaves time to ask again. A write is never repeated. */
const attemptMs = 10_000;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface MatonRequest {
  /** Maton serves connections on its control host and the apps on its gateway. */
  host: "gateway" | "control";
  method: Method;
  /** Encoded path without a leading slash. */
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Sent as `Maton-Connection`. */
  connection?: string;
  /** How failures name the request, for example `GET Contacts/search`. */
  asked: string;
  signal: AbortSignal;
}

export interface MatonHttp {
  /**
   * Sends one request and gives back whatever the app behind the gateway answered, errors included.
   * Throws a Failure for what is not the app's: network, deadline, Maton's own errors, unreadable bodies.
   */
  send(request: MatonRequest): Promise<MatonReply>;
}

export interface MatonOptions {
  gatewayUrl: string;
  controlUrl: string;
  key: string;
  userAgent: string;
  limiter: Limiter;
  breakers: Breakers;
  /** Whose requests these are: callers of one account take turns. */
  caller: string;
  /** Sent along as `X-Request-Id`. */
  requestId: string;
  onSend(): void;
  /** The sandbox's fetch; the platform's when absent. */
  fetch?: typeof fetch | undefined;
}

let instance: Promise<KyInstance> | undefined;

/** ky is loaded with the first request: a server that only lists its tools never pays for it. */
function loadKy(): Promise<KyInstance> {
  instance ??= import("ky").then(({ default: ky }) =>
    ky.create({
      timeout: false, // ends at the headers in ky; our own signal covers the body too
      redirect: "manual", // the key must never follow a redirect to another host
      retry: {
        limit: retries,
        methods: ["get", "post", "put", "patch", "delete"],
        statusCodes: [429, 502, 503, 504],
        afterStatusCodes: [429, 503],
        jitter: (delay) => delay * (0.75 + Math.random() / 2),
      },
    }),
  );
  return instance;
}

/** A client for Maton's two hosts with one account's key. Knows nothing of the app behind the gateway. */
export function createMatonHttp(options: MatonOptions): MatonHttp {
  return {
    send: (request) =>
      options.breakers.run(lineOf(request), request.asked, () => sendOnce(options, request)),
  };
}

/** What fails together: a connection behind the gateway, or the control host. */
function lineOf({ host, connection = "" }: MatonRequest): string {
  return `${host} ${connection}`;
}

async function sendOnce(options: MatonOptions, request: MatonRequest): Promise<MatonReply> {
  const deadline = startDeadline(request.signal, deadlineMs);
  const attempt = { sent: false };
  try {
    const response = await deadline.race(answer(options, request, deadline, attempt));
    const text = await deadline.race(readText(response, request));
    return readReply(response, text, request);
  } catch (error) {
    throw asFailure(error, request, deadline, attempt.sent);
  } finally {
    deadline.stop();
  }
}

async function answer(
  options: MatonOptions,
  request: MatonRequest,
  deadline: Deadline,
  attempt: { sent: boolean },
): Promise<Response> {
  const ky = await loadKy();
  const send = options.fetch ?? globalThis.fetch;
  try {
    return await ky(urlOf(options, request), {
      method: request.method,
      headers: headersOf(options, request),
      ...(request.body !== undefined && { json: request.body }),
      signal: deadline.signal,
      retry: { shouldRetry: ({ error }) => mayRetry(error, request.method, deadline.endsAt) },
      // Every attempt queues and is cut by our own signal: ky's is derived, and those can be lost on Node 20.
      fetch: (input) =>
        options.limiter.run(turnOf(options, request, deadline.signal), () => {
          attempt.sent = true;
          options.onSend();
          return attempted(request, deadline, (signal) => send(input, { signal }));
        }),
    });
  } catch (error) {
    if (isHttpError(error)) return error.response;
    throw error;
  }
}

/** Ends at the headers: what began to arrive is not asked again, and is cut by the deadline alone. */
async function attempted(
  { method }: MatonRequest,
  deadline: Deadline,
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  if (method !== "GET") return send(deadline.signal);
  const controller = new AbortController();
  const cut = () => controller.abort(deadline.signal.reason);
  deadline.signal.addEventListener("abort", cut, { once: true });
  const timer = setTimeout(() => controller.abort(new Error("no answer in time")), attemptMs);
  try {
    return await send(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function turnOf({ caller }: MatonOptions, { connection = "" }: MatonRequest, signal: AbortSignal) {
  return { connection, caller, signal };
}

function urlOf(options: MatonOptions, request: MatonRequest): string {
  const base = request.host === "gateway" ? options.gatewayUrl : options.controlUrl;
  // Spaces as %20: in a search criterion a plus sign is a value, not a space.
  const query = Object.entries(request.query ?? {})
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encoded(String(value))}`]))
    .join("&");
  return `${base}/${request.path}${query && `?${query}`}`;
}

function headersOf(options: MatonOptions, request: MatonRequest): Record<string, string> {
  return {
    Authorization: `Bearer ${options.key}`,
    Accept: "application/json",
    "User-Agent": options.userAgent,
    "X-Request-Id": options.requestId,
    ...(request.connection && { "Maton-Connection": request.connection }),
  };
}

/** Reads repeat on network failures and busy answers; a write only on a 429, which surely was not run. */
function mayRetry(error: Error, method: Method, endsAt: number): false | undefined {
  if (!isHttpError(error)) return method === "GET" ? undefined : false;
  const { status } = error.response;
  if (method !== "GET" && status !== 429) return false;
  const wait = retryAfterOf(error.response);
  return wait !== undefined && Date.now() + wait * 1000 >= endsAt ? false : undefined;
}

function isHttpError(error: unknown): error is HTTPError {
  return error instanceof Error && error.name === "HTTPError" && "response" in error;
}

/** Node's codes for a connection that was never made, so that nothing can have been carried out. */
const neverConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
  // A certificate is looked at before anything is sent.
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

function asFailure(
  error: unknown,
  request: MatonRequest,
  deadline: Deadline,
  sent: boolean,
): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const facts = {
    asked: request.asked,
    mayHaveHappened: request.method !== "GET" && sent && !neverConnected.has(code ?? ""),
  };
  const host = request.host === "gateway" ? "the Maton gateway" : "Maton";
  if (deadline.expired())
    return new Failure({
      ...facts,
      origin: "network",
      kind: "timed_out",
      message: `No complete answer from ${host} within ${deadlineMs / 1000} s.`,
    });
  if (deadline.signal.aborted) return cancelled(facts);
  return new Failure(
    {
      ...facts,
      origin: "network",
      kind: "unreachable",
      message: `The connection to ${host} failed${code ? ` (${code})` : ""}.`,
    },
    error,
  );
}

function cancelled(facts: Partial<FailureFacts>): Failure {
  return new Failure({
    ...facts,
    origin: "caller",
    kind: "cancelled",
    message: "The call was cancelled.",
  });
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  if (
    typeof cause === "object" &&
    cause !== null &&
    "code" in cause &&
    typeof cause.code === "string"
  )
    return cause.code;
  return undefined;
}
