import { LRUCache } from "lru-cache";
import { atMost } from "../shared/cache.ts";
import { Failure } from "../shared/failure.ts";

const failuresInARow = 5;
const pauseMs = 10_000;
const connectionsRemembered = 100;

/** Failures that do not depend on the request: no response, no network, or an app that the gateway cannot reach. */
const outages: ReadonlySet<string> = new Set(["timed_out", "unreachable", "unavailable"]);

/** Pauses a connection that has failed five times in a row. After ten seconds one request tries it again. */
export interface Breakers {
  /** Runs `send`, or throws a Failure at once while the connection is paused. */
  run<T>(request: GuardedRequest, send: () => Promise<T>): Promise<T>;
}

interface GuardedRequest {
  connection: string;
  /** Names the request in a Failure. */
  asked: string;
  /** Ends the wait for another request that tries the connection. `send` must then fail at once. */
  signal: AbortSignal;
}

interface Breaker {
  failures: number;
  /** By the monotonic clock: a wall clock that is set back must not prolong the pause. */
  pausedUntil: number;
  /** Ends, without an error, with the request that tries the connection again; undefined if there is none. */
  trial: Promise<void> | undefined;
}

export function createBreakers(): Breakers {
  const breakers = new LRUCache<string, Breaker>(atMost(connectionsRemembered));

  async function send<T>(breaker: Breaker, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      breaker.failures = 0;
      return result;
    } catch (error) {
      note(breaker, error);
      throw error;
    }
  }
  async function run<T>(request: GuardedRequest, work: () => Promise<T>): Promise<T> {
    const { connection, asked, signal } = request;
    const breaker = breakers.get(connection) ?? { failures: 0, pausedUntil: 0, trial: undefined };
    breakers.set(connection, breaker);
    if (breaker.failures < failuresInARow || signal.aborted) return send(breaker, work);
    if (breaker.trial) {
      await endOrAbort(breaker.trial, signal);
      return run(request, work);
    }
    if (performance.now() < breaker.pausedUntil) throw paused(asked);
    const trial = send(breaker, work);
    const end = () => {
      breaker.trial = undefined;
    };
    breaker.trial = trial.then(end, end);
    return trial;
  }
  return { run };
}

function endOrAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve();
    };
    signal.addEventListener("abort", end);
    void work.then(end);
  });
}

/** A cancelled trial says nothing about the connection: the next request may try it. */
function note(breaker: Breaker, error: unknown): void {
  const kind = error instanceof Failure ? error.facts.kind : undefined;
  if (kind === "cancelled") return;
  const isOutage = kind !== undefined && outages.has(kind);
  breaker.failures = isOutage ? breaker.failures + 1 : 0;
  if (isOutage) breaker.pausedUntil = performance.now() + pauseMs;
}

function paused(asked: string): Failure {
  return new Failure({
    origin: "server",
    kind: "unavailable",
    message: `The last ${failuresInARow} requests over this connection failed, so it is paused for ${pauseMs / 1000} s. Nothing was sent.`,
    asked,
    retryAfterS: pauseMs / 1000,
  });
}
