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

/**
 * The result of a request, or `instead` if it fails with this `kind`; by default, if the connection lacks the scope.
 */
export async function grantedOr<T, U>(
  request: Promise<T>,
  instead: U,
  kind: Kind = "scope_missing",
): Promise<T | U> {
  return request.catch((error: unknown) => {
    if (error instanceof Failure && error.facts.kind === kind) return instead;
    throw error;
  });
}
