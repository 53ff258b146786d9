import { Failure } from "../../shared/failure.ts";

/** A list in parts of at most `size`, in order. */
export function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

/**
 * Does the same for many items: the first alone, so that an upstream that fails is asked once, then the others together.
 * The results are in the order of the items.
 */
export async function inTurn<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const [first, ...others] = items;
  if (first === undefined) return [];
  return [await work(first), ...(await Promise.all(others.map(work)))];
}

/** What is asked for, or `instead` where the connection was not granted it. */
export async function grantedOr<T, U>(
  asked: Promise<T>,
  instead: U,
  kind = "scope_missing",
): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && error.facts.kind === kind) return instead;
    throw error;
  });
}
