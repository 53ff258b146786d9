/** Who failed: Maton's gateway, Zoho Bigin behind it, the network, the caller's own arguments, or this server. */
export type Origin = "maton" | "bigin" | "network" | "caller" | "server";

/** What went wrong, in the few words that decide the advice (`tool/explain.ts` has a line for each). */
export type Kind =
  | "bad_arguments"
  | "tool_off"
  | "no_key"
  | "key_refused"
  | "no_connection"
  | "choose_connection"
  | "connection_unusable"
  | "grant_expired"
  | "scope_missing"
  | "not_permitted"
  | "not_found"
  | "unknown_connection"
  | "rejected"
  | "rate_limited"
  | "unavailable"
  | "unreachable"
  | "timed_out"
  | "cancelled"
  | "malformed"
  | "declined"
  | "busy"
  | "audit_failed"
  | "bug";

export interface FailureFacts {
  origin: Origin;
  kind: Kind;
  /** One sentence for the agent; never a secret, never a raw upstream page. */
  message: string;
  /** What was asked of upstream, for example `GET Contacts/search`. */
  asked?: string | undefined;
  status?: number | undefined;
  /** Zoho's string code (`INVALID_DATA`); Maton's numeric ones are in `status`. */
  code?: string | undefined;
  /** Seconds to wait before the same call can work. */
  retryAfterS?: number | undefined;
  /** True when a write may have been carried out although no answer arrived. */
  mayHaveHappened?: boolean | undefined;
  /** Maton's trace id, for its support. */
  traceId?: string | undefined;
}

/** The one error class of the program: logic throws it, `server.ts` alone makes an answer of it. */
export class Failure extends Error {
  override name = "Failure" as const;
  readonly facts: FailureFacts;

  constructor(facts: FailureFacts, cause?: unknown) {
    super(facts.message, { cause });
    this.facts = facts;
  }
}

/** A fault in what the caller sent: one sentence that says what to do instead. */
export function badArguments(message: string): Failure {
  return new Failure({ origin: "caller", kind: "bad_arguments", message });
}
