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
