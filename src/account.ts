import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Bigin, createBigin } from "./bigin/client.ts";
import { createRecentWrites } from "./bigin/recent.ts";
import { createCache } from "./cache.ts";
import { type Chosen, type Connections, createConnections } from "./maton/connections.ts";
import { createMatonHttp } from "./maton/http.ts";
import { createLimiter, type Limits, publishedLimits } from "./maton/limiter.ts";
import { type Bookmarks, createBookmarks } from "./tool/bookmark.ts";

const accountsKept = 500;
const idleMs = 60 * 60_000;
/** Search results of up to 2,000 records each, kept a moment for their next page. */
const resultsKept = 5;
/** What was learnt so lately is not asked again at the first contradiction. */
const freshMs = 5_000;

/** What one tool call is given of an account. */
export interface Opened {
  bigin: Bigin;
  connections: Connections;
  bookmarks: Bookmarks;
  /**
   * Forgets what was learnt of the organisation a while ago, because something contradicts it. False when
   * nothing was learnt, or so lately that looking again would bring the same.
   */
  relearn(): Promise<boolean>;
  /** The connection the call went over; undefined when it never reached Bigin or named one itself. */
  chosen(): Chosen | undefined;
}

/**
 * Everything that outlives a request and belongs to one credential: the rate limit, what was learnt of the
 * organisation, the list of ACTIVE connections. Servers come and go, one per session or request.
 */
export interface Account {
  open(call: { connection: string | undefined; writes: boolean; signal: AbortSignal }): Opened;
}

export interface Accounts {
  /** The account of a Maton key, the same object for the same key while it is in use. */
  of(key: string): Account;
}

export interface AccountOptions {
  gatewayUrl: string;
  controlUrl: string;
  userAgent: string;
  fetch?: typeof fetch | undefined;
  /** What Maton and Bigin publish, when absent; tests lift them. */
  limits?: Limits;
}

export function createAccounts(options: AccountOptions): Accounts {
  const kept = new LRUCache<string, Account>({
    max: accountsKept,
    ttl: idleMs,
    updateAgeOnGet: true,
  });
  return {
    of(key) {
      // The key itself is never a map key: a fingerprint cannot leak it.
      const fingerprint = createHash("sha256").update(key).digest("hex");
      const found = kept.get(fingerprint);
      if (found) return found;
      const account = createAccount(key, options);
      kept.set(fingerprint, account);
      return account;
    },
  };
}

function createAccount(key: string, options: AccountOptions): Account {
  const maton = createMatonHttp({
    ...options,
    key,
    limiter: createLimiter(options.limits ?? publishedLimits),
  });
  const cache = createCache();
  const results = createCache(resultsKept);
  const recent = createRecentWrites();
  // Derived from the key, so that a page_token works on any server that has the same key.
  const bookmarks = createBookmarks(createHash("sha256").update(`bookmarks ${key}`).digest("hex"));
  const connections = createConnections(maton, cache);
  return {
    open({ connection, writes, signal }) {
      let chosen: Chosen | undefined;
      let resolving: Promise<string> | undefined;
      const resolve = () => {
        resolving ??= connection
          ? Promise.resolve(connection)
          : connections.choose(writes, signal).then((choice) => {
              chosen = choice;
              return choice.id;
            });
        return resolving;
      };
      return {
        bigin: createBigin({ maton, connection: resolve, cache, results, recent, signal }),
        connections,
        bookmarks,
        relearn: async () =>
          resolving !== undefined && cache.forgetOlder(`${await resolving} `, freshMs),
        chosen: () => chosen,
      };
    },
  };
}
