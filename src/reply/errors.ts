import { cleanText } from "../shared/clean-text.ts";
import { Failure, type FailureFacts, type Kind, type Origin } from "../shared/failure.ts";

const who: Record<Origin, string> = {
  maton: "Maton (the gateway) failed",
  bigin: "Bigin refused",
  network: "The network failed",
  caller: "Not done",
  server: "bigin-mcp failed",
};

/** The next step for each kind of failure. Empty where the message already says it. */
const advice: Record<Kind, string> = {
  bad_arguments: "",
  tool_off: "",
  no_key:
    "Get a key at https://maton.ai/settings and set MATON_API_KEY (or MATON_API_KEY_FILE), or start bigin-mcp with --sandbox to try everything without an account.",
  key_refused:
    "Check MATON_API_KEY: keys are at https://maton.ai/settings. Do not repeat the call before it is changed.",
  no_connection:
    "Call bigin_list_connections; if one is PENDING, its link must be opened in a browser, else call bigin_create_connection.",
  choose_connection: "Repeat the call with connection_id, or set MATON_CONNECTION_ID.",
  connection_unusable:
    "Call bigin_list_connections and use an ACTIVE connection, or make one with bigin_create_connection.",
  grant_expired:
    "Ask the user, then call bigin_create_connection, let them open the link, and delete the old connection once the new one is ACTIVE.",
  scope_missing:
    "This connection was not granted access to that; it cannot be added from here. Maton's support (support@maton.ai) can widen the grant.",
  not_permitted:
    "The Bigin user behind this connection lacks the permission; an administrator of Bigin can grant it.",
  not_found: "",
  unknown_connection: "Call bigin_list_connections and use one of those.",
  rejected: "Correct the arguments; repeating the same call gives the same answer.",
  rate_limited: "Wait before repeating the call.",
  unavailable: "Try again in a minute.",
  unreachable: "Check the network and the gateway setting, then try again.",
  timed_out: "Try again, or ask for less at once.",
  cancelled: "",
  malformed: "Try again; if it happens again, this is worth a report.",
  declined: "Do not repeat it unless the user asks again.",
  busy: "Wait a moment, then make the same call again.",
  audit_failed: "No write is possible until whoever runs bigin-mcp has mended it.",
  bug: "This is a fault in bigin-mcp; the log on stderr has the details.",
};

/** Characters of a message: room for ten refused rows, and no more than the smallest reply budget. */
const longestMessage = 2000;

const passing: ReadonlySet<Kind> = new Set([
  "unavailable",
  "unreachable",
  "timed_out",
  "malformed",
  "rate_limited",
]);

/**
 * What an agent is told of a failure: who failed, what was asked, what to do next. One short paragraph, with the id
 * under which the log has the call.
 */
export function explain(failure: Failure, id?: string): string {
  const { facts } = failure;
  const parts = [`${whoFailed(facts)}: ${cut(facts.message)}`];
  if (facts.asked) parts.push(`Asked: ${facts.asked}.`);
  if (facts.mayHaveHappened)
    parts.push("The write may have been carried out all the same: look before repeating it.");
  const next = adviceFor(facts);
  if (next) parts.push(`Next: ${next}`);
  if (facts.retryAfterS !== undefined)
    parts.push(`retry_after_s: ${facts.retryAfterS}; do not repeat before.`);
  if (id) parts.push(`Call ${id}.`);
  if (facts.traceId) parts.push(`Maton trace: ${facts.traceId}.`);
  return cleanText(parts.join(" "));
}

/** The next step after a failure; undefined where its message says it, or where somebody must look first. */
export function adviceFor({ kind, mayHaveHappened }: FailureFacts): string | undefined {
  // To try again is just what nobody should do before having looked.
  return (!(mayHaveHappened && passing.has(kind)) && advice[kind]) || undefined;
}

/** Bigin refuses what it understood; what it could not answer it did not refuse. */
function whoFailed({ origin, kind }: FailureFacts): string {
  const isFault = kind === "unavailable" || kind === "malformed";
  return origin === "bigin" && isFault ? "Bigin failed" : who[origin];
}

function cut(message: string): string {
  return message.length > longestMessage ? `${message.slice(0, longestMessage)} …` : message;
}

/** Any thrown thing as a Failure; what logic did not foresee is a bug of ours, told without its details. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const facts: FailureFacts = {
    origin: "server",
    kind: "bug",
    message: "an unexpected error stopped the call.",
  };
  return new Failure(facts, error);
}
