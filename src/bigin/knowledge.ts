import { type Cache, createCache } from "../shared/cache.ts";
import type { Access } from "./api/access.ts";
import type { ModuleMeta, RelatedListMeta } from "./api/metadata.ts";
import type { User } from "./api/users.ts";
import { resultMs, resultsKept } from "./limits.ts";
import type { Described } from "./schema/describe.ts";
import type { Schema } from "./schema/fields.ts";
import type { TeamPipeline } from "./schema/pipelines.ts";
import type { Found } from "./search/find.ts";

/** What an account has learnt of its organisations. `Recall` makes the keys. */
export interface Knowledge {
  modules: Cache<ModuleMeta[]>;
  schemas: Cache<Schema>;
  descriptions: Cache<Described>;
  relatedLists: Cache<RelatedListMeta[] | undefined>;
  /** Undefined, as for the related lists: the connection is not granted them. */
  teams: Cache<TeamPipeline[] | undefined>;
  people: Cache<User[]>;
  me: Cache<User | undefined>;
  /** Undefined: neither the organisation nor the user has a zone that can be read. */
  zones: Cache<string | undefined>;
  access: Cache<Access>;
  results: Cache<Found>;
  /** Drops what was learnt over a connection at least `ms` ago, results of searches aside. True if there was any. */
  forgetOlder(connection: string, ms: number): boolean;
}

export function createKnowledge(): Knowledge {
  const learnt = {
    modules: createCache<ModuleMeta[]>(),
    schemas: createCache<Schema>(),
    descriptions: createCache<Described>({ isWorthKeeping: ({ isWhole }) => isWhole }),
    relatedLists: createCache<RelatedListMeta[] | undefined>({ isWorthKeeping: isNotEmpty }),
    teams: createCache<TeamPipeline[] | undefined>({ isWorthKeeping: isNotEmpty }),
    people: createCache<User[]>({ isWorthKeeping: isNotEmpty }),
    me: createCache<User | undefined>({ isWorthKeeping: Boolean }),
    zones: createCache<string | undefined>(),
    access: createCache<Access>(),
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

/** Every organisation has some of these, so an empty list is not believed. */
function isNotEmpty(list: readonly unknown[] | undefined): boolean {
  return list?.length !== 0;
}

/** Reads one of the caches for the connection of a call. */
export type Recall = <T>(cache: Cache<T>, what: string, load: () => Promise<T>) => Promise<T>;

/** `scope` is the connection of the call, `signal` ends the wait for what others are loading. */
export function createRecall(scope: () => Promise<string>, signal: AbortSignal): Recall {
  return async (cache, what, load) => cache.get(`${await scope()} ${what}`, signal, load);
}
