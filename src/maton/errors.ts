import * as z from "zod";
import { Failure } from "../shared/failure.ts";

/**
 * Maton's own error bodies: a numeric `code`, usually under `error` (maton-gateway.md §4). Zoho's carry a
 * string `code`; the body tells the two apart, never the status.
 */
const matonError = z.looseObject({
  message: z.string().optional(),
  code: z.number().optional(),
  trace_id: z.string().optional(),
});
const envelope = z.looseObject({ error: matonError });

export interface MatonErrorBody {
  message: string;
  status: number;
  traceId: string | undefined;
}

/** Maton's error in `body`, or undefined when the body is not Maton's. */
export function matonErrorOf(body: unknown, status: number): MatonErrorBody | undefined {
  const wrapped = envelope.safeParse(body);
  const bare = matonError.extend({ code: z.number() }).safeParse(body);
  const found = wrapped.success ? wrapped.data.error : bare.success ? bare.data : undefined;
  if (!found) return undefined;
  return { message: found.message ?? "", status: found.code ?? status, traceId: found.trace_id };
}

export type Host = "gateway" | "control";

/** The request an error answers. */
interface Asked {
  host: Host;
  asked: string;
  connection?: string;
}

/** Turns Maton's error into the failure an agent can act on. */
export function matonFailure(error: MatonErrorBody, request: Asked): Failure {
  const { asked, connection } = request;
  const facts = { origin: "maton", asked, status: error.status, traceId: error.traceId } as const;
  const isAboutConnection = /connection/i.test(error.message);
  switch (error.status) {
    case 400:
      return isAboutConnection
        ? new Failure({
            ...facts,
            kind: "connection_unusable",
            message: `Maton has no usable grant for ${aboutConnection(connection)}.`,
          })
        : new Failure({
            ...facts,
            kind: "rejected",
            message: "Maton refused the request as invalid.",
          });
    case 401:
    case 403:
      return new Failure({
        ...facts,
        kind: "key_refused",
        message: "Maton did not accept the API key.",
      });
    case 404:
      return isAboutConnection
        ? new Failure({
            ...facts,
            origin: "caller",
            kind: "unknown_connection",
            message: connection
              ? `Maton knows no connection ${connection}.`
              : "Maton knows no such connection.",
          })
        : new Failure({ ...facts, kind: "not_found", message: "Maton knows no such path." });
    case 429:
      return new Failure({
        ...facts,
        kind: "rate_limited",
        message: "Maton's limit of 10 requests a second is used up.",
      });
    case 500:
      return request.host === "gateway"
        ? expiredGrant(request, error.traceId)
        : new Failure({
            ...facts,
            kind: "unavailable",
            message: "Maton failed inside (HTTP 500).",
          });
    default:
      return new Failure({
        ...facts,
        kind: "unavailable",
        message: `Maton answered with an error (HTTP ${error.status}).`,
      });
  }
}

/**
 * The gateway's 500 is most often an OAuth grant that has expired (maton-gateway.md §4), so it is reported as that. The
 * control host, which lists connections, needs no grant.
 */
export function expiredGrant({ asked, connection }: Asked, traceId?: string): Failure {
  return new Failure({
    origin: "maton",
    kind: "grant_expired",
    status: 500,
    message: `Maton failed inside (HTTP 500); most often the Zoho grant of ${aboutConnection(connection)} has expired.`,
    asked,
    traceId,
  });
}

function aboutConnection(id: string | undefined): string {
  return id ? `connection ${id}` : "this account's Bigin connection";
}
