import { type Cache, createCache } from "../shared/cache.ts";
import type { Access } from "./api/access.ts";
import type { Listed } from "./api/lenient.ts";
import type { ModuleMeta, RelatedListMeta } from "./api/metadata.ts";
import type { User } from "./api/users.ts";
import { resultMs, resultsKept } from "./limits.ts";
import type { People } from "./names/people.ts";
import type { Described } from "./schema/describe.ts";
import type { Schema } from "./schema/fields.ts";
import { areWhole, type TeamPipelines } from "./schema/pipelines.ts";
import type { Found } from "./search/find.ts";

/** Caches of what was read about an account's organisations. `Recall` builds the keys. */
export interface Knowledge {
  modules: Cache<Listed<ModuleMeta>>;
  schemas: Cache<Schema>;
  descriptions: Cache<Described>;
  relatedLists: Cache<Listed<RelatedListMeta> | undefined>;
  /** Undefined, like the related lists, if the connection is not granted them. */
  teams: Cache<TeamPipelines | undefined>;
  people: Cache<People>;
  me: Cache<User | undefined>;
  /** Undefined: neither the organisation nor the user has a zone that can be read. */
  zones: Cache<string | undefined>;
  access: Cache<Access>;
  /** Whether Bigin's search finds records by the id of a link; undefined if that could not be found out. */
  linksWork: Cache<boolean | undefined>;
  results: Cache<Found>;
  /**
   * Drops what was read over a connection at least `ms` milliseconds ago, except search results. Returns whether
   * anything was dropped.
   */
  forgetOlder(connection: string, ms: number): boolean;
}

export function createKnowledge(): Knowledge {
  const learnt = {
    modules: createCache<Listed<ModuleMeta>>(),
    schemas: createCache<Schema>({ isWorthKeeping: ({ isForNow }) => !isForNow }),
    descriptions: createCache<Described>({ isWorthKeeping: ({ isWhole }) => isWhole }),
    // Every organisation has at least one of these and of the users, so an empty list is not cached.
    relatedLists: createCache<Listed<RelatedListMeta> | undefined>({
      isWorthKeeping: (lists) => lists?.items.length !== 0,
    }),
    // Ones that could not all be read may be whole with the next call.
    teams: createCache<TeamPipelines | undefined>({
      isWorthKeeping: (teams) => !teams || (teams.items.length > 0 && areWhole(teams)),
    }),
    people: createCache<People>({ isWorthKeeping: ({ users }) => users.length > 0 }),
    me: createCache<User | undefined>({ isWorthKeeping: Boolean }),
    zones: createCache<string | undefined>(),
    access: createCache<Access>(),
    linksWork: createCache<boolean | undefined>({
      isWorthKeeping: (works) => works !== undefined,
    }),
  };
  return {
    ...learnt,
    results: createCache<Found>({ entries: resultsKept, keptMs: resultMs }),
    forgetOlder: (connection, ms) =>
      Object.values(learnt)
        .map((cache) => cache.forgetOlder(`${connection} `, ms))
        .includes(true),
  };
}

/** Reads a value from a cache for the connection of a call, and loads it if it is missing. */
export type Recall = <T>(cache: Cache<T>, what: string, load: () => Promise<T>) => Promise<T>;

/**
 * `scope` returns the connection of the call. `signal` ends the wait for a value that another call is loading. A load that
 * failed is not tried again within the call: it may have taken long, and each row would wait for it.
 */
export function createRecall(scope: () => Promise<string>, signal: AbortSignal): Recall {
  const failed = new Map<Cache<unknown>, Map<string, unknown>>();
  return async (cache, what, load) => {
    const key = `${await scope()} ${what}`;
    const before = failed.get(cache)?.get(key);
    if (before !== undefined) throw before;
    return cache.get(key, signal, load).catch((error: unknown) => {
      failed.set(cache, new Map(failed.get(cache)).set(key, error));
      throw error;
    });
  };
}
