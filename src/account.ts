import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Bigin, createBigin } from "./bigin/client.ts";
import type { Signals } from "./bigin/http.ts";
import { createRecentWrites } from "./bigin/recent.ts";
import { createCache } from "./cache.ts";
import { type Chosen, type Connections, createConnections } from "./maton/connections.ts";
import { createMatonHttp } from "./maton/http.ts";
import { createLimiter, type Limits, publishedLimits } from "./maton/limiter.ts";
import { type Bookmarks, createBookmarks } from "./tool/bookmark.ts";
import { createJournal, type Journal } from "./tool/journal.ts";
import { createRepeats, type Repeats } from "./tool/repeats.ts";
import { createSeals, type Seals } from "./tool/seal.ts";

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
  /** The id of the connection the call goes over, chosen when it is first asked for. */
  connection(): Promise<string>;
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
 * organisation, the list of ACTIVE connections, the journal of its writes and the tokens that confirm them. Servers come
 * and go, one per session or request.
 */
export interface Account {
  /** What tells this account from others in a log; the key cannot be read back from it. */
  fingerprint: string;
  /** A text without this account's key, which an agent may have been told to write into a record. */
  redacted(text: string): string;
  seals: Seals;
  repeats: Repeats;
  journal: Journal;
  open(call: { connection: string | undefined; writes: boolean; signals: Signals }): Opened;
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
      const account = createAccount(key, fingerprint, options);
      kept.set(fingerprint, account);
      return account;
    },
  };
}

function createAccount(key: string, fingerprint: string, options: AccountOptions): Account {
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
    fingerprint: fingerprint.slice(0, 12),
    redacted: (text) => text.replaceAll(key, "[key]"),
    seals: createSeals(),
    repeats: createRepeats(),
    journal: createJournal(),
    open({ connection, writes, signals }) {
      let chosen: Chosen | undefined;
      let resolving: Promise<string> | undefined;
      const resolve = () => {
        resolving ??= connection
          ? Promise.resolve(connection)
          : connections.choose(writes, signals.read).then((choice) => {
              chosen = choice;
              return choice.id;
            });
        return resolving;
      };
      return {
        bigin: createBigin({ maton, connection: resolve, cache, results, recent, signals }),
        connections,
        bookmarks,
        connection: resolve,
        relearn: async () =>
          resolving !== undefined && cache.forgetOlder(`${await resolving} `, freshMs),
        chosen: () => chosen,
      };
    },
  };
}
