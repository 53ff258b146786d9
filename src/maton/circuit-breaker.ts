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
  /**
   * Runs `send`, or throws a Failure at once while the connection is paused. `asked` names the request in the Failure.
   */
  run<T>(connection: string, asked: string, send: () => Promise<T>): Promise<T>;
}

interface Breaker {
  failures: number;
  /** By the monotonic clock: a wall clock that is set back must not prolong the pause. */
  pausedUntil: number;
}

export function createBreakers(): Breakers {
  const breakers = new LRUCache<string, Breaker>(atMost(connectionsRemembered));
  return {
    async run(connection, asked, send) {
      const breaker = breakers.get(connection) ?? { failures: 0, pausedUntil: 0 };
      breakers.set(connection, breaker);
      if (breaker.failures >= failuresInARow) {
        if (performance.now() < breaker.pausedUntil) throw paused(asked);
        // This request tries the connection again; others wait for its result.
        breaker.pausedUntil = performance.now() + pauseMs;
      }
      try {
        const result = await send();
        breaker.failures = 0;
        return result;
      } catch (error) {
        note(breaker, error);
        throw error;
      }
    },
  };
}

function note(breaker: Breaker, error: unknown): void {
  const kind = error instanceof Failure ? error.facts.kind : undefined;
  // A cancelled request says nothing about the connection: the next one may try it.
  if (kind === "cancelled") breaker.pausedUntil = Math.min(breaker.pausedUntil, performance.now());
  else if (kind !== undefined && outages.has(kind)) {
    breaker.failures += 1;
    breaker.pausedUntil = performance.now() + pauseMs;
  } else breaker.failures = 0;
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
