import type { Cache } from "../shared/cache.ts";

/** What was learnt of an organisation, over one connection. What `isWorth` denies is asked for again the next time. */
export type Remembered = <T>(
  what: string,
  load: () => Promise<T>,
  isWorth?: (value: T) => boolean,
) => Promise<T>;

export function createRemembered(parts: {
  cache: Cache;
  /** The connection, which is part of every key. */
  scope: () => Promise<string>;
  signal: AbortSignal;
}): Remembered {
  return async (what, load, isWorth = () => true) =>
    parts.cache.getIf(isWorth, `${await parts.scope()} ${what}`, parts.signal, load);
}

/** An empty list is wrong where there is always something; undefined says that the list is not granted. */
export const unlessEmpty = (list: readonly unknown[] | undefined) => list?.length !== 0;
