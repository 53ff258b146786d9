import { Failure, type Kind } from "../../shared/failure.ts";

/** A list in parts of at most `size`, in order. */
export function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

/**
 * Does the same work for many items: for the first alone, so that an upstream that fails gets one request, then for the
 * others together. The results are in the order of the items.
 */
export async function inTurn<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const [first, ...others] = items;
  if (first === undefined) return [];
  return [await work(first), ...(await Promise.all(others.map(work)))];
}

/** The result of a request, or `instead` if it fails because the connection is not granted it (or with another `kind`). */
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
