import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Signals } from "../bigin/api/http.ts";
import { type Bigin, createBigin } from "../bigin/client.ts";
import { createKnowledge, type Knowledge } from "../bigin/knowledge.ts";
import type { RecentWrites } from "../bigin/search/recently-written.ts";
import {
  createLearningRedactor,
  createRedactor,
  createSessionLinkRedactor,
  joinRedactors,
  type LearningRedactor,
  type Redactor,
} from "../logging/redact.ts";
import { createBreakers } from "../maton/circuit-breaker.ts";
import {
  type ActiveConnections,
  type ChosenConnection,
  type Connections,
  createActiveConnections,
  createConnections,
  forgettingUnusable,
} from "../maton/connections.ts";
import { createHosts, type Hosts } from "../maton/hosts.ts";
import { createMatonHttp, type MatonHttp, type MatonOptions } from "../maton/http.ts";
import { createLimiter, type Limits, publishedLimits } from "../maton/rate-limit.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createPageTokens, type PageTokens, pageTokenSecret } from "./page-token.ts";
import { createRecentWrites } from "./recent-writes.ts";
import { createSealedTokens, type SealedTokens } from "./sealed-token.ts";
import { createMemoryStore, type Store } from "./store.ts";

const accountsKept = 500;
const idleMs = 60 * 60_000;
/** Milliseconds. Newer metadata are not loaded again when something contradicts them. */
const freshMs = 5_000;

/** What one tool call gets from its account. */
export interface Opened {
  bigin: Bigin;
  connections: Connections;
  pageTokens: PageTokens;
  /** The id of the call's connection. It is chosen on first use. */
  connection(): Promise<string>;
  /**
   * Drops cached facts about the organisation, because something contradicts them. Returns false if there are none, or
   * only some so new that loading them again would return the same.
   */
  relearn(): Promise<boolean>;
  /** The connection that was chosen; undefined if the call named one itself or needed none. */
  chosen(): ChosenConnection | undefined;
  /** How many requests the call sent upstream. */
  requests(): number;
}

/**
 * Everything that outlives a request and belongs to one credential: the rate limit, cached facts about the
 * organisation, the ACTIVE connections, the journal and the tokens that confirm writes. A server lives only as long as
 * a session or request.
 */
export interface Account {
  /** Identifies this account in a log. The key cannot be derived from it. */
  fingerprint: string;
  /** Removes this account's key and session links from all output. */
  redact: Redactor;
  /** The same, but keeps session links, for replies that ask a user to open one. */
  redactKeys: Redactor;
  sealedTokens: SealedTokens;
  idempotency: Idempotency;
  journal: Journal;
  open(call: OpenedFor): Opened;
}

/** What an account must know about a tool call. */
interface OpenedFor {
  connection: string | undefined;
  writes: boolean;
  signals: Signals;
  /** Callers that share an account take turns upstream. */
  caller: string;
  /** Also sent upstream, so that a request can be found in Maton's logs and in ours. */
  requestId: string;
}

export interface Accounts {
  /** The account of a Maton key. It is the same one as long as the key is in use. */
  of(key: string): Account;
  /**
   * The server's own account. When its key is replaced, it keeps its journal, its idempotency keys and its confirm
   * tokens.
   */
  own(key: string): Account;
}

/** What the accounts of a process have in common. */
export interface AccountOptions {
  gatewayUrl: string;
  controlUrl: string;
  /** Called with the names of a host that cannot be resolved and of the one that replaces it. */
  onHostReplaced?: (older: string, newer: string) => void;
  userAgent: string;
  fetch?: typeof fetch | undefined;
  /** Removes the program's own secrets, but not links. */
  redact?: LearningRedactor;
  /** The limits that Maton and Bigin publish, by default; tests can lift them. */
  limits?: Limits;
  /** Where a new account keeps what outlives a call; memory by default. */
  createStore?: () => Store;
}

/**
 * Creates the accounts of a process. At most 500 keys that Maton accepted and 500 others are kept, each for an hour
 * after its last use.
 */
export function createAccounts(given: AccountOptions): Accounts {
  const { gatewayUrl, controlUrl, onHostReplaced } = given;
  const hosts = createHosts({ gateway: gatewayUrl, control: controlUrl }, onHostReplaced);
  const options = { ...given, hosts };
  const kept = { max: accountsKept, ttl: idleMs, updateAgeOnGet: true };
  // Keys that Maton has not accepted yet have their own cache, so that made-up keys cannot evict a real account.
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
      // The key itself is not kept: it is in memory only during a call of its owner.
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

/** What all calls of one account share. */
interface Shared {
  upstream: Omit<MatonOptions, "key" | "caller" | "requestId" | "onSend">;
  active: ActiveConnections;
  knowledge: Knowledge;
  pageTokens: PageTokens;
  links: ReturnType<typeof createSessionLinkRedactor>;
  memory: Memory;
}

/** What the store holds, by purpose. */
interface Memory {
  sealedTokens: SealedTokens;
  idempotency: Idempotency;
  journal: Journal;
  recent: RecentWrites;
}

interface ProgramOptions extends AccountOptions {
  hosts: Hosts;
}

/** When the server's own key is replaced, the new one takes over from `before` what does not depend on the key. */
function createShared(key: string, options: ProgramOptions, before?: Shared): Shared {
  const { hosts, userAgent, fetch, limits = publishedLimits } = options;
  return {
    upstream: {
      hosts,
      userAgent,
      fetch,
      limiter: before?.upstream.limiter ?? createLimiter(limits),
      breakers: before?.upstream.breakers ?? createBreakers(),
    },
    active: createActiveConnections(),
    knowledge: createKnowledge(),
    pageTokens: createPageTokens(pageTokenSecret(key)),
    links: before?.links ?? createSessionLinkRedactor(),
    memory: before?.memory ?? createMemory((options.createStore ?? createMemoryStore)()),
  };
}

function createMemory(store: Store): Memory {
  return {
    sealedTokens: createSealedTokens(store),
    idempotency: createIdempotency(store),
    journal: createJournal(store),
    recent: createRecentWrites(store),
  };
}

interface Holder {
  key: string;
  fingerprint: string;
  shared: Shared;
  /** Call when Maton has accepted the key. */
  onAccepted(): void;
}

function accountOf(
  { key, fingerprint, shared, onAccepted }: Holder,
  options: AccountOptions,
): Account {
  const { pageTokens, active, knowledge, memory } = shared;
  const { sealedTokens, idempotency, journal, recent } = memory;
  const own = options.redact ?? createLearningRedactor();
  // Do not search for the program's own key twice.
  const redactKeys = own.knows(key) ? own : joinRedactors(createRedactor([key]), own);
  return {
    fingerprint: fingerprint.slice(0, 12),
    redact: joinRedactors(redactKeys, shared.links),
    redactKeys,
    sealedTokens,
    idempotency,
    journal,
    open({ connection, writes, signals, caller, requestId }) {
      let requests = 0;
      const onSend = () => {
        requests += 1;
      };
      const sending = { ...shared.upstream, key, caller, requestId, onSend };
      const maton = forgettingUnusable(
        tellingAccepted(createMatonHttp(sending), onAccepted),
        active,
      );
      const connections = createConnections(maton, active, shared.links.note);
      let chosen: ChosenConnection | undefined;
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
          bigin ??= createBigin({ maton, connection: resolve, knowledge, recent, signals });
          return bigin;
        },
        connections,
        pageTokens,
        connection: resolve,
        relearn: async () =>
          resolving !== undefined && knowledge.forgetOlder(await resolving, freshMs),
        chosen: () => chosen,
        requests: () => requests,
      };
    },
  };
}

/** Reports when Maton accepted the key. A refusal throws a Failure, so any response means that it did. */
function tellingAccepted(http: MatonHttp, onAccepted: () => void): MatonHttp {
  return {
    async send(request) {
      const answer = await http.send(request);
      onAccepted();
      return answer;
    },
  };
}
