import * as z from "zod";
import { Failure } from "../failure.ts";

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

/** Turns Maton's error into the failure an agent can act on. `asked` is what was sent, without secrets. */
export function matonFailure(error: MatonErrorBody, asked: string, connection?: string): Failure {
  const facts = { origin: "maton", asked, status: error.status, traceId: error.traceId } as const;
  const about = connection ? `connection ${connection}` : "this account's Bigin connection";
  switch (error.status) {
    case 400:
      return /connection/i.test(error.message)
        ? new Failure({
            ...facts,
            kind: "connection_unusable",
            message: `Maton has no usable grant for ${about}.`,
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
      return /connection/i.test(error.message)
        ? new Failure({
            ...facts,
            kind: "not_found",
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
      return expiredGrant(asked, about, error.traceId);
    default:
      return new Failure({
        ...facts,
        kind: "unavailable",
        message: `Maton answered with an error (HTTP ${error.status}).`,
      });
  }
}

/** Maton's 500 is most often an OAuth grant that has expired (maton-gateway.md §4), so it is reported as that. */
export function expiredGrant(asked: string, about: string, traceId?: string): Failure {
  return new Failure({
    origin: "maton",
    kind: "grant_expired",
    status: 500,
    message: `Maton failed inside (HTTP 500); most often the Zoho grant of ${about} has expired.`,
    asked,
    traceId,
  });
}
