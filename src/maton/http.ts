import type { HTTPError, KyInstance } from "ky";
import { type Deadline, startDeadline } from "../shared/deadline.ts";
import { badArguments, Failure, type FailureFacts } from "../shared/failure.ts";
import type { Breakers } from "./circuit-breaker.ts";
import { type Host, leavesDoubt } from "./errors.ts";
import { type Hosts, hostNameOf } from "./hosts.ts";
import { codeOf, wasConnecting } from "./network.ts";
import type { Limiter } from "./rate-limit.ts";
import { type MatonResponse, readResponse, readText, retryAfterOf } from "./response.ts";

/** Milliseconds for one request with its retries. Hosts give up on a whole tool call after 60 s. */
const deadlineMs = 25_000;
const retries = 2;
const firstWaitMs = 300;
/** Milliseconds for one attempt of a read, so that there is time to retry if the upstream does not respond. */
const attemptMs = 10_000;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface MatonRequest {
  /** Maton serves connections on its control host and the apps on its gateway. */
  host: Host;
  method: Method;
  /** Percent-encoded path without a leading slash. */
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
   * Sends one request, with retries, and returns the response of the app behind the gateway, errors included. Throws a
   * Failure for anything else: network, deadline, Maton's own errors, unreadable bodies, a cancelled call.
   */
  send(request: MatonRequest): Promise<MatonResponse>;
}

export interface MatonOptions {
  hosts: Hosts;
  key: string;
  userAgent: string;
  limiter: Limiter;
  breakers: Breakers;
  /** Identifies the caller: the callers of one account take turns. */
  caller: string;
  /** Sent as `X-Request-Id`. */
  requestId: string;
  /** Called for each attempt. */
  onSend(): void;
  /** The sandbox's fetch; the platform's if absent. */
  fetch?: typeof fetch | undefined;
}

type Fetch = (input: Parameters<typeof fetch>[0], signal: AbortSignal) => Promise<Response>;

let instance: Promise<KyInstance> | undefined;

/** ky is imported with the first request, so that a server that only lists its tools starts faster. */
function loadKy(): Promise<KyInstance> {
  instance ??= import("ky").then(({ default: ky }) =>
    ky.create({
      timeout: false, // ky's own ends at the headers; our signal covers the body too
      redirect: "manual", // the key must never follow a redirect to another host
      retry: {
        limit: retries,
        methods: ["get", "post", "put", "patch", "delete"],
      },
    }),
  );
  return instance;
}

/** A client for Maton's two hosts with one account's key. It does not depend on the app behind the gateway. */
export function createMatonHttp(options: MatonOptions): MatonHttp {
  return {
    send(request) {
      // One circuit breaker for each connection, and one for the control host: each fails as a whole.
      const { asked, signal } = request;
      const connection = `${request.host} ${request.connection ?? ""}`;
      return options.breakers.run({ connection, asked, signal }, async () => {
        const url = options.hosts.url(request.host);
        try {
          return await sendInTime(options, request);
        } catch (error) {
          if (!isUnresolved(error) || !options.hosts.replace(request.host, url)) throw error;
          return sendToNewer(options, request, error);
        }
      });
    },
  };
}

/** Sends again to the host that has replaced the one of which the name cannot be resolved. */
async function sendToNewer(
  options: MatonOptions,
  request: MatonRequest,
  first: unknown,
): Promise<MatonResponse> {
  try {
    return await sendInTime(options, request);
  } catch (error) {
    // Without a network no name can be resolved.
    if (!isUnresolved(error)) throw error;
    options.hosts.restore(request.host);
    throw first;
  }
}

function isUnresolved(error: unknown): boolean {
  if (!(error instanceof Failure) || error.facts.kind !== "unreachable") return false;
  return codeOf(error.cause) === "ENOTFOUND";
}

async function sendInTime(options: MatonOptions, request: MatonRequest): Promise<MatonResponse> {
  const deadline = startDeadline(request.signal, deadlineMs);
  /** Whether a write may have been carried out if nothing more arrives. */
  let isInDoubt = false;
  const fetch: Fetch = async (input, signal) => {
    isInDoubt = request.method !== "GET";
    options.onSend();
    const response = await (options.fetch ?? globalThis.fetch)(input, { signal });
    isInDoubt &&= leavesDoubt(response.status);
    return response;
  };
  try {
    const response = await deadline.race(withRetries(options, request, deadline, fetch));
    const text = await deadline.race(readText(response, request));
    return readResponse(response, text, request);
  } catch (error) {
    throw asFailure(error, request, { deadline, isInDoubt, hosts: options.hosts });
  } finally {
    deadline.stop();
  }
}

/** The first response that is not retried, whatever its status. */
async function withRetries(
  options: MatonOptions,
  request: MatonRequest,
  deadline: Deadline,
  fetch: Fetch,
): Promise<Response> {
  const ky = await loadKy();
  const { caller, limiter } = options;
  const turn = { connection: request.connection ?? "", caller, signal: deadline.signal };
  try {
    return await ky(urlOf(options, request), {
      method: request.method,
      headers: headersOf(options, request),
      ...(request.body !== undefined && { json: request.body }),
      signal: deadline.signal,
      retry: retryRules(request.method, deadline.endsAt),
      // Each attempt waits for its turn. It uses our own signal, because ky's is derived, and Node 20 can lose derived
      // signals.
      fetch: (input) =>
        limiter.run(turn, () => attempt(request, deadline, (signal) => fetch(input, signal))),
    });
  } catch (error) {
    if (isHttpError(error)) return error.response;
    throw error;
  }
}

/**
 * One attempt. Its own time limit ends with the headers: once a response begins to arrive, the request is not repeated.
 */
async function attempt(
  { method }: MatonRequest,
  deadline: Deadline,
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  if (method !== "GET") return send(deadline.signal);
  const controller = new AbortController();
  deadline.signal.addEventListener("abort", () => controller.abort(deadline.signal.reason), {
    once: true,
  });
  const timer = setTimeout(() => controller.abort(new Error("no response in time")), attemptMs);
  try {
    return await send(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function urlOf(options: MatonOptions, request: MatonRequest): string {
  const base = options.hosts.url(request.host);
  // Spaces as %20: in a search criterion a plus sign is part of the value.
  const query = Object.entries(request.query ?? {})
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${percentEncoded(String(value))}`],
    )
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

/**
 * When ky sends a request again, and after how long. The wait is ours: ky's own reading of headers can wait for ever. A
 * response whose wait does not end in time is returned as it is.
 */
function retryRules(method: Method, endsAt: number) {
  let waitMs = 0;
  return {
    shouldRetry({ error, retryCount }: { error: Error; retryCount: number }): boolean {
      if (!isWorthRepeating(error, method, retryCount)) return false;
      waitMs = firstWaitMs * 2 ** (retryCount - 1) * (0.75 + Math.random() / 2);
      if (!isHttpError(error)) return true;
      waitMs = Math.max(waitMs, (retryAfterOf(error.response) ?? 0) * 1000);
      return performance.now() + waitMs < endsAt;
    },
    delay: () => waitMs,
  };
}

/**
 * Reads are retried after network failures and statuses that may pass, but only once after a 500, which mostly means
 * that a grant has expired. Writes are retried only after a 429, because then they were certainly not carried out.
 */
function isWorthRepeating(error: Error, method: Method, retryCount: number): boolean {
  if (isHttpError(error) && error.response.status === 429) return true;
  if (method !== "GET") return false;
  if (isHttpError(error))
    return error.response.status === 500
      ? retryCount === 1
      : [408, 502, 503, 504].includes(error.response.status);
  // A name that does not exist does not exist a moment later either. A proxy's failure is one of ours already.
  return codeOf(error) !== "ENOTFOUND" && !(error instanceof Failure);
}

function isHttpError(error: unknown): error is HTTPError {
  return error instanceof Error && error.name === "HTTPError" && "response" in error;
}

function asFailure(
  error: unknown,
  request: MatonRequest,
  { deadline, isInDoubt, hosts }: { deadline: Deadline; isInDoubt: boolean; hosts: Hosts },
): Failure {
  const { asked } = request;
  if (error instanceof Failure) return new Failure({ asked, ...error.facts }, error.cause);
  const mayHaveHappened = isInDoubt && !wasConnecting(error);
  const name = hostNameOf(hosts, request.host);
  const host = request.host === "gateway" ? `the Maton gateway (${name})` : `Maton (${name})`;
  const failure = (facts: Pick<FailureFacts, "origin" | "kind" | "message">) =>
    new Failure({ ...facts, asked, mayHaveHappened }, error);
  if (deadline.expired())
    return failure({
      origin: "network",
      kind: "timed_out",
      message: `No complete response from ${host} within ${deadlineMs / 1000} s.`,
    });
  if (deadline.signal.aborted)
    return failure({ origin: "caller", kind: "cancelled", message: "The call was cancelled." });
  const code = codeOf(error);
  return failure({
    origin: "network",
    kind: "unreachable",
    message: `The network connection to ${host} failed${code ? ` (${code})` : ""}.`,
  });
}

/**
 * One segment of a path, percent-encoded. Throws a Failure for an empty name and for "." and "..": URLs read dots as a
 * step up, even when they are encoded, and an empty segment leads to another path.
 */
export function pathSegment(name: string): string {
  if (/^\.{0,2}$/.test(name)) throw badArguments(`"${name}" is not a valid name or id.`);
  return percentEncoded(name);
}

/** Half of a surrogate pair, which JSON can hold and a URL cannot, becomes U+FFFD. */
function percentEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
