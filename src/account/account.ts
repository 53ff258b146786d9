import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Signals } from "../bigin/api/http.ts";
import { type Bigin, createBigin } from "../bigin/client.ts";
import {
  createLearning,
  createRedactor,
  createSeenLinks,
  joined,
  type Learning,
  type Redactor,
} from "../logging/redact.ts";
import { createBreakers } from "../maton/circuit-breaker.ts";
import {
  type Chosen,
  type Connections,
  createConnections,
  forgettingGone,
} from "../maton/connections.ts";
import { createFlights } from "../maton/flights.ts";
import { createMatonHttp, type MatonHttp, type MatonOptions } from "../maton/http.ts";
import { createLimiter, type Limits, publishedLimits } from "../maton/rate-limit.ts";
import { type Cache, createCache } from "../shared/cache.ts";
import { createRepeats, type Repeats } from "./idempotency.ts";
import { createJournal, type Journal } from "./journal.ts";
import { type Bookmarks, createBookmarks } from "./page-token.ts";
import { createRecentWrites, type RecentWrites } from "./recent-writes.ts";
import { createSeals, type Seals } from "./sealed-token.ts";

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
  /** How many requests went upstream for it. */
  requests(): number;
}

/**
 * Everything that outlives a request and belongs to one credential: the rate limit, what was learnt of the
 * organisation, the list of ACTIVE connections, the journal of its writes and the tokens that confirm them. Servers come
 * and go, one per session or request.
 */
export interface Account {
  /** What tells this account from others in a log; the key cannot be read back from it. */
  fingerprint: string;
  /** Takes this account's key and session links out of what leaves the program. */
  redact: Redactor;
  /** The same, but leaves links, for the one place where somebody is told to open one. */
  redactKeys: Redactor;
  seals: Seals;
  repeats: Repeats;
  journal: Journal;
  open(call: OpenedFor): Opened;
}

/** One tool call, as far as its account must know it. */
interface OpenedFor {
  connection: string | undefined;
  writes: boolean;
  signals: Signals;
  /** Whose call it is: callers of one account take turns upstream. */
  caller: string;
  /** Sent along upstream, so that a request is found in Maton's logs and in ours. */
  requestId: string;
}

export interface Accounts {
  /** The account of a Maton key; what it remembers is the same for the same key while it is in use. */
  of(key: string): Account;
  /** The server's own account, whose key may be replaced by another: what was written by it stays known. */
  own(key: string): Account;
}

export interface AccountOptions {
  gatewayUrl: string;
  controlUrl: string;
  userAgent: string;
  fetch?: typeof fetch | undefined;
  /** Takes out what the program itself keeps secret; not links, which one reply is for. */
  redact?: Learning;
  /** What Maton and Bigin publish, when absent; tests lift them. */
  limits?: Limits;
}

export function createAccounts(options: AccountOptions): Accounts {
  const kept = { max: accountsKept, ttl: idleMs, updateAgeOnGet: true };
  // A key that Maton has not taken yet may be made up. Five hundred of those push each other out, and nobody's journal.
  const accepted = new LRUCache<string, Shared>(kept);
  const untried = new LRUCache<string, Shared>(kept);
  let own: { fingerprint: string; shared: Shared } | undefined;
  return {
    own(key) {
      const fingerprint = hash("sha256", key);
      if (own?.fingerprint !== fingerprint)
        own = { fingerprint, shared: createShared(key, options, own?.shared) };
      return accountOf({ key, ...own, onAccepted: () => undefined }, options);
    },
    of(key) {
      // The key is neither a map key nor kept behind one: it lives as long as a call of its owner.
      const fingerprint = hash("sha256", key);
      const shared =
        accepted.get(fingerprint) ?? untried.get(fingerprint) ?? createShared(key, options);
      if (!accepted.has(fingerprint)) untried.set(fingerprint, shared);
      const onAccepted = () => {
        if (!accepted.has(fingerprint)) accepted.set(fingerprint, shared);
        untried.delete(fingerprint);
      };
      return accountOf({ key, fingerprint, shared, onAccepted }, options);
    },
  };
}

interface Shared {
  upstream: Omit<MatonOptions, "key" | "caller" | "requestId" | "onSend">;
  cache: Cache;
  results: Cache;
  bookmarks: Bookmarks;
  recent: RecentWrites;
  links: ReturnType<typeof createSeenLinks>;
  seals: Seals;
  repeats: Repeats;
  journal: Journal;
}

/**
 * What all calls of one account share. Of the account `before` it, which had another key, it takes over what is told by
 * connection or holds for every key.
 */
function createShared(key: string, options: AccountOptions, before?: Shared): Shared {
  const { gatewayUrl, controlUrl, userAgent, fetch, limits = publishedLimits } = options;
  return {
    upstream: {
      ...{ gatewayUrl, controlUrl, userAgent, fetch },
      limiter: before?.upstream.limiter ?? createLimiter(limits),
      flights: createFlights(),
      breakers: before?.upstream.breakers ?? createBreakers(),
    },
    cache: createCache(),
    results: createCache(resultsKept),
    // Derived from the key, so that a page_token works on any server that has the same key.
    bookmarks: createBookmarks(hash("sha256", `bookmarks ${key}`)),
    recent: before?.recent ?? createRecentWrites(),
    links: before?.links ?? createSeenLinks(),
    seals: before?.seals ?? createSeals(),
    repeats: before?.repeats ?? createRepeats(),
    journal: before?.journal ?? createJournal(),
  };
}

interface Holder {
  key: string;
  fingerprint: string;
  shared: Shared;
  /** To be called when Maton took the key. */
  onAccepted(): void;
}

function accountOf(
  { key, fingerprint, shared, onAccepted }: Holder,
  options: AccountOptions,
): Account {
  const { seals, repeats, journal, bookmarks, cache, results, recent } = shared;
  const own = options.redact ?? createLearning();
  // The program's own key is not looked for twice.
  const redactKeys = own.knows(key) ? own : joined(createRedactor([key]), own);
  return {
    fingerprint: fingerprint.slice(0, 12),
    redact: joined(redactKeys, shared.links),
    redactKeys,
    ...{ seals, repeats, journal },
    open({ connection, writes, signals, caller, requestId }) {
      let requests = 0;
      const onSend = () => {
        requests += 1;
      };
      const sending = { ...shared.upstream, key, caller, requestId, onSend };
      const maton = forgettingGone(tellingAccepted(createMatonHttp(sending), onAccepted), cache);
      const connections = createConnections(maton, cache, shared.links.note);
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
      let bigin: Bigin | undefined;
      return {
        get bigin() {
          bigin ??= createBigin({ maton, connection: resolve, cache, results, recent, signals });
          return bigin;
        },
        ...{ connections, bookmarks, connection: resolve },
        relearn: async () =>
          resolving !== undefined && cache.forgetOlder(`${await resolving} `, freshMs),
        chosen: () => chosen,
        requests: () => requests,
      };
    },
  };
}

/** What Maton refuses comes as a Failure: whatever is answered, the key was taken. */
function tellingAccepted(http: MatonHttp, onAccepted: () => void): MatonHttp {
  return {
    async send(request) {
      const answer = await http.send(request);
      onAccepted();
      return answer;
    },
  };
}
