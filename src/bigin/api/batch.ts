import { Failure, type Kind } from "../../shared/failure.ts";

/** Splits a list into parts of at most `size` items, in order. */
export function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

/**
 * Runs `work` for the first item alone, then for all others in parallel, so that a failing upstream gets only one
 * request. Results are in the order of the items.
 */
export async function inTurn<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const [first, ...others] = items;
  if (first === undefined) return [];
  return [await work(first), ...(await Promise.all(others.map(work)))];
}

/** Failures that stay the same while the connection and its user stay the same. */
const lasting: ReadonlySet<Kind> = new Set([
  "scope_missing",
  "not_permitted",
  "not_found",
  "rejected",
]);
/** Failures that end the call: no other request would work either, or the caller or this server is at fault. */
const endsCall: ReadonlySet<Kind> = new Set([
  "bad_arguments",
  "no_key",
  "key_refused",
  "no_connection",
  "choose_connection",
  "unknown_connection",
  "connection_unusable",
  "cancelled",
  "bug",
]);

/** Failures of Bigin itself. */
const unanswered: ReadonlySet<Kind> = new Set(["malformed", "unavailable"]);

/** Whether a failure shows that this connection cannot have what was asked for. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  const { kind, status } = error.facts;
  // A key is refused with 401. A 403 that does not say why may be about one endpoint.
  return lasting.has(kind) || (kind === "key_refused" && status === 403);
}

/** The result of a request, or `instead` if this connection cannot have it: then asking again would not help. */
export async function unlessRefused<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  return request.catch((error: unknown) => {
    if (isRefusal(error)) return instead;
    throw error;
  });
}

/**
 * The result of a side request, or `instead` if it fails, whether for good or for now: what was asked for does not depend
 * on it (docs/compatibility.md). A key that is refused still throws, as does a call that is cancelled.
 */
export async function unlessFailed<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  return request.catch((error: unknown) => {
    const passes = error instanceof Failure && !endsCall.has(error.facts.kind);
    if (passes || isRefusal(error)) return instead;
    throw error;
  });
}

/**
 * The result of a request, or `instead` if Bigin refuses it or fails at it, so that there is something to say all the same.
 * Throws if nothing else would work either: without a network, credits or a grant.
 */
export async function unlessUnanswered<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  return request.catch((error: unknown) => {
    const failed = error instanceof Failure && unanswered.has(error.facts.kind);
    if (failed || isRefusal(error)) return instead;
    throw error;
  });
}

/** Undefined for a failure that says that there is no such name. */
export function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof Failure) || error.facts.kind !== "bad_arguments") throw error;
}
