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
const lasting: ReadonlySet<Kind> = new Set(["scope_missing", "not_permitted", "rejected"]);
/** Failures that may be over with the next call, but need not hold up this one. */
const passing: ReadonlySet<Kind> = new Set([
  "malformed",
  "unavailable",
  "unreachable",
  "timed_out",
  "rate_limited",
  "out_of_credits",
  // Maton's 500. A grant that has expired fails the main request too.
  "grant_expired",
]);

/** The result of a request, or `instead` if this connection cannot have it: then asking again would not help. */
export async function unlessRefused<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  return request.catch((error: unknown) => insteadOf(error, lasting, instead));
}

/**
 * The result of a side request, or `instead` if it fails, whether for good or for now: what was asked for does not depend
 * on it (docs/compatibility.md). A key that is refused still throws, as does a call that is cancelled.
 */
export async function unlessFailed<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  const kinds = new Set([...lasting, ...passing]);
  return request.catch((error: unknown) => insteadOf(error, kinds, instead));
}

/**
 * The result of a request, or `instead` if Bigin refuses it or fails at it, so that there is something to say all the same.
 * Throws if nothing else would work either: without a network, credits or a grant.
 */
export async function unlessUnanswered<T, U>(request: Promise<T>, instead: U): Promise<T | U> {
  const kinds = new Set([...lasting, "malformed" as const, "unavailable" as const]);
  return request.catch((error: unknown) => insteadOf(error, kinds, instead));
}

function insteadOf<U>(error: unknown, kinds: ReadonlySet<Kind>, instead: U): U {
  if (error instanceof Failure && kinds.has(error.facts.kind)) return instead;
  throw error;
}
