/** Who failed: Maton's gateway, Zoho Bigin behind it, the network, the caller's own arguments, or this server. */
export type Origin = "maton" | "bigin" | "network" | "caller" | "server";

/** The kind of failure. `src/reply/errors.ts` has the advice for each. */
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
  | "out_of_credits"
  | "unavailable"
  | "unreachable"
  | "proxy_failed"
  | "timed_out"
  | "cancelled"
  | "malformed"
  | "declined"
  | "busy"
  | "audit_failed"
  | "bug";

/** Zoho's code for a unique value that another record has already. */
export const duplicateCode = "DUPLICATE_DATA";

/** What is known about a failure. The reply, the log and the audit log are made from it. */
export interface FailureFacts {
  origin: Origin;
  kind: Kind;
  /** One sentence for the agent; never a secret, never a raw upstream page. */
  message: string;
  /** The upstream request, for example `GET Contacts/search`. */
  asked?: string | undefined;
  status?: number | undefined;
  /** Zoho's string code (`INVALID_DATA`). Maton's numeric codes are in `status`. */
  code?: string | undefined;
  /** Seconds to wait before the same call can work. */
  retryAfterS?: number | undefined;
  /** True if a write may have been carried out although no response arrived. */
  mayHaveHappened?: boolean | undefined;
  /** Maton's trace id, for Maton's support. */
  traceId?: string | undefined;
}

/** The one error class of the program. Any code may throw it; only `src/server` turns it into a reply. */
export class Failure extends Error {
  override name = "Failure" as const;
  readonly facts: FailureFacts;

  constructor(facts: FailureFacts, cause?: unknown) {
    super(facts.message, { cause });
    this.facts = facts;
  }
}

/** Wrong arguments. `message` is one sentence that says what to send instead. */
export function badArguments(message: string): Failure {
  return new Failure({ origin: "caller", kind: "bad_arguments", message });
}
