import * as z from "zod";
import { cleanText } from "../shared/clean-text.ts";
import { Failure, type FailureFacts, type Origin } from "../shared/failure.ts";

/**
 * Maton's error bodies: a numeric `code`, usually under `error` (docs/reference/maton-gateway.md §4). Zoho's have a
 * string `code`, so the body tells the two apart; the status does not.
 */
const matonError = z.looseObject({
  message: z.string().optional().catch(undefined),
  code: z.number().optional().catch(undefined),
  trace_id: z.string().optional().catch(undefined),
});
/** The forms in which Maton's errors were seen, or may come (docs/compatibility.md). */
const forms = z.union([
  z.looseObject({ error: matonError }).transform(({ error }) => error),
  z
    .looseObject({ error: z.string() })
    .transform(({ error }) => matonError.parse({ message: error })),
  matonError.extend({ code: z.number() }),
  matonError.extend({ message: z.string(), code: z.undefined().optional() }),
]);

interface MatonError {
  message: string;
  status: number;
  traceId: string | undefined;
}

/** The error in a response body, or undefined if the body is not one of Maton's. */
export function matonErrorOf(body: unknown, status: number): MatonError | undefined {
  const parsed = forms.safeParse(body);
  if (!parsed.success) return undefined;
  const { message = "", code, trace_id: traceId } = parsed.data;
  const isStatus = code !== undefined && code >= 400 && code < 600;
  return { message, status: isStatus ? code : status, traceId };
}

/** Maton's hosts: "gateway" for apps, "control" for connections (docs/reference/maton-gateway.md §1). */
export type Host = "gateway" | "control";

/** The request that a response or an error belongs to. */
export interface SentRequest {
  host: Host;
  method: string;
  /** How failures name it, for example `GET Contacts/search`. */
  asked: string;
  /** The id of the Maton connection it went over. */
  connection?: string;
}

interface Meaning {
  kind: FailureFacts["kind"];
  message: string;
  origin?: Origin;
}

/** The parts of a response that failures pass on. */
interface ErrorResponse {
  status: number;
  retryAfterS: number | undefined;
}

/** The failure for a response whose body is one of Maton's errors. */
export function matonFailure(
  error: MatonError,
  response: ErrorResponse,
  request: SentRequest,
): Failure {
  const { status, traceId } = error;
  return new Failure({
    ...factsOf({ ...response, status }, request),
    traceId,
    ...meaningOf(error, request),
  });
}

/** The failure for a response of which only the status can be understood. */
export function statusFailure(response: ErrorResponse, request: SentRequest): Failure {
  return new Failure({
    ...factsOf(response, request),
    ...meaningOfStatus(response.status, request),
  });
}

/** The failure for a connection that the account does not have. */
export function unknownConnection(
  id: string | undefined,
  response: ErrorResponse,
  request: SentRequest,
): Failure {
  return new Failure({ ...factsOf(response, request), ...meaningOfUnknown(id) });
}

/** The facts that every failure takes from a response. */
export function factsOf({ status, retryAfterS }: ErrorResponse, { method, asked }: SentRequest) {
  return {
    origin: "maton",
    asked,
    status,
    retryAfterS,
    mayHaveHappened: method !== "GET" && leavesDoubt(status),
  } as const;
}

/**
 * Whether a write may have been carried out, if there is no body that says so: not if it was refused. A gateway may say 408
 * where another says 504. A network that wants a sign-in (511) has not passed the request on.
 */
export function leavesDoubt(status: number): boolean {
  return status < 300 || status === 408 || (status >= 500 && status !== 511);
}

/** The meaning of an error, with Maton's own words where they say more than ours. */
function meaningOf(error: MatonError, request: SentRequest): Meaning {
  const meaning = meaningOfError(error, request);
  const words = oneLine(error.message);
  const isUseful = words !== "" && quotedKinds.has(meaning.kind);
  return isUseful ? { ...meaning, message: `${meaning.message} Maton says: "${words}".` } : meaning;
}

/** Of the other kinds, Maton's words say the same as ours. */
const quotedKinds: ReadonlySet<string> = new Set([
  "connection_unusable",
  "grant_expired",
  "not_found",
  "rejected",
  "unavailable",
]);
const longestWords = 200;

function oneLine(text: string): string {
  const line = cleanText(text)
    .replace(/["\s]+/g, " ")
    .trim();
  return line.length > longestWords ? `${line.slice(0, longestWords)}…` : line;
}

function meaningOfError({ status, message }: MatonError, request: SentRequest): Meaning {
  const isAboutConnection = /connection/i.test(message);
  if (status === 400 && isAboutConnection)
    return {
      kind: "connection_unusable",
      message: `Maton has no usable OAuth grant for ${named(request.connection)}.`,
    };
  if (status === 404 && isAboutConnection) return meaningOfUnknown(request.connection);
  if (status === 404) return { kind: "not_found", message: "Maton does not know this path." };
  if (status === 429)
    return { kind: "rate_limited", message: "Maton's limit on requests per second was reached." };
  return meaningOfStatus(status, request);
}

function meaningOfStatus(status: number, { host, method, connection }: SentRequest): Meaning {
  if (status === 401 || status === 403)
    return { kind: "key_refused", message: "Maton did not accept the API key." };
  if (status === 429)
    return {
      kind: "rate_limited",
      message: "A limit on requests was reached, Maton's or Bigin's (HTTP 429).",
    };
  // The control host, which lists connections, needs no grant.
  if (status === 500 && host === "gateway" && method !== "GET")
    return {
      kind: "unavailable",
      message:
        "Maton had an internal error (HTTP 500). If reads fail too, the OAuth grant has expired.",
    };
  if (status === 500 && host === "gateway")
    return {
      kind: "grant_expired",
      message: `Maton had an internal error (HTTP 500) twice, most often because the OAuth grant of ${named(connection)} has expired.`,
    };
  if (status >= 400 && status < 500 && status !== 408)
    return { kind: "rejected", message: `Maton rejected the request (HTTP ${status}).` };
  const who = host === "gateway" ? "The Maton gateway, or Bigin behind it," : "Maton";
  return { kind: "unavailable", message: `${who} is unavailable (HTTP ${status}).` };
}

function meaningOfUnknown(connection: string | undefined): Meaning {
  const id = connection ? `connection ${connection}` : "such connection";
  return {
    origin: "caller",
    kind: "unknown_connection",
    message: `This Maton account has no ${id}.`,
  };
}

function named(connection: string | undefined): string {
  return connection ? `connection ${connection}` : "this account's Bigin connection";
}
