import { cleanText } from "../shared/clean-text.ts";
import {
  duplicateCode,
  Failure,
  type FailureFacts,
  type Kind,
  type Origin,
} from "../shared/failure.ts";

const whoFailed: Readonly<Record<Origin, string>> = {
  maton: "Maton gateway error",
  bigin: "Bigin rejected the request",
  network: "Network error",
  caller: "Not done",
  server: "bigin-mcp error",
};

/** The next step for each kind of failure. Empty if the message says it already. */
const advice: Readonly<Record<Kind, string>> = {
  bad_arguments: "",
  tool_off: "",
  no_key:
    "Ask the user to get an API key at https://maton.ai/settings and to set MATON_API_KEY or MATON_API_KEY_FILE. To try bigin-mcp without an account, start it with --sandbox.",
  key_refused:
    "Ask the user to check MATON_API_KEY (keys are at https://maton.ai/settings). Until it is corrected, every call fails.",
  no_connection:
    "Call bigin_list_connections. If a connection is PENDING, ask the user to open its link; if there is none, call bigin_create_connection.",
  choose_connection: "Call again with connection_id, or set MATON_CONNECTION_ID.",
  connection_unusable:
    "Call bigin_list_connections and use a connection that is ACTIVE, or create one with bigin_create_connection.",
  grant_expired:
    "If the user agrees, call bigin_create_connection, ask them to open its link, and delete the old connection once the new one is ACTIVE.",
  scope_missing:
    "This connection may not access this, and that cannot be changed from here. Ask the user to contact Maton's support (support@maton.ai).",
  not_permitted:
    "Ask the user to have a Bigin administrator grant this permission to the user of this connection.",
  not_found: "",
  unknown_connection: "Call bigin_list_connections and use the id of an ACTIVE connection.",
  rejected: "Correct the arguments: the same call would be rejected again.",
  rate_limited: "Wait before you call again.",
  out_of_credits:
    "Tell the user that this Bigin's API credits are used up. Credits return during the next 24 hours; calls before that fail too.",
  unavailable: "Try again in a minute.",
  unreachable:
    "Try again. If it fails again, ask the user to check the network and the gateway setting.",
  proxy_failed:
    "Ask the user to check HTTPS_PROXY or HTTP_PROXY: the proxy must run, let connections to this host through, and accept the user name and password in its address.",
  timed_out: "Try again.",
  cancelled: "",
  malformed: "Try again. If it fails again, ask the user to report it as a bug in bigin-mcp.",
  declined: "Do not repeat the call unless the user asks for it.",
  busy: "Wait a moment, then repeat the call.",
  audit_failed:
    "Ask whoever runs bigin-mcp to repair its audit log. Until then every write is refused.",
  bug: "Ask the user to report this bug in bigin-mcp. Its log on stderr has the details under this call's id.",
};

const duplicateAdvice =
  "Update the existing record instead: the same call would be rejected again.";

/** Characters of a message: enough for ten rejected rows, and less than the smallest reply budget. */
const longestMessage = 2000;

/** Kinds of failures that may be temporary. */
const passing: ReadonlySet<Kind> = new Set([
  "unavailable",
  "unreachable",
  "timed_out",
  "malformed",
  "rate_limited",
]);

/**
 * Explains a failure to an agent in one short paragraph: who failed, what was requested, what to do next, and the id of
 * the call in the log.
 */
export function explain(failure: Failure, id?: string, canAskForLess = false): string {
  const { facts } = failure;
  const next = adviceFor(facts, canAskForLess);
  const heading = headingOf(facts);
  const parts = [
    `${heading && `${heading}: `}${cut(facts.message)}`,
    facts.asked && `Request: ${facts.asked}.`,
    facts.mayHaveHappened && "The write may have been carried out: check before you repeat it.",
    next && `Next: ${next}`,
    facts.retryAfterS !== undefined && `retry_after_s: ${facts.retryAfterS}.`,
    id && `Call id: ${id}.`,
    facts.traceId && `Maton trace: ${facts.traceId}.`,
  ];
  return cleanText(parts.filter((part) => part).join(" "));
}

/**
 * The next step after a failure; undefined if the message says it already, or if the caller must check first.
 * `canAskForLess` is true for a call that lists, searches or has several rows.
 */
export function adviceFor(
  { kind, code, mayHaveHappened }: FailureFacts,
  canAskForLess = false,
): string | undefined {
  // "Try again" is wrong advice after a write that may have been carried out.
  if (mayHaveHappened && passing.has(kind)) return undefined;
  if (kind === "timed_out" && canAskForLess) return "Try again, or ask for less in one call.";
  if (kind === "rejected" && code === duplicateCode) return duplicateAdvice;
  return advice[kind] || undefined;
}

/** "Rejected" is for requests that Bigin understood and refused, not for Bigin's own faults. */
function headingOf({ origin, kind }: FailureFacts): string {
  // The message begins with what matters most: nothing was sent.
  if (kind === "declined") return "";
  if (kind === "not_found") return "Not found";
  const isFault = kind === "unavailable" || kind === "malformed";
  return origin === "bigin" && isFault ? "Bigin error" : whoFailed[origin];
}

function cut(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)} …` : message;
}

/**
 * Converts any thrown value to a Failure. A value that is not a Failure is a bug of ours, and its details stay out of
 * the reply.
 */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const facts: FailureFacts = {
    origin: "server",
    kind: "bug",
    message: "An unexpected error stopped the call.",
  };
  return new Failure(facts, error);
}
