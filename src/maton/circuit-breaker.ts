import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
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

export function createBreakers(): Breakers {
  const breakers = new LRUCache<string, CircuitBreakerPolicy>(atMost(connectionsRemembered));
  return {
    async run(connection, asked, send) {
      const breaker = breakers.get(connection) ?? createBreaker();
      breakers.set(connection, breaker);
      try {
        return await breaker.execute(send);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw new Failure({
          origin: "server",
          kind: "unavailable",
          message: `The last ${failuresInARow} requests over this connection failed, so it is paused for ${pauseMs / 1000} s. Nothing was sent.`,
          asked,
          retryAfterS: pauseMs / 1000,
        });
      }
    },
  };
}

function createBreaker(): CircuitBreakerPolicy {
  return circuitBreaker(
    handleWhen((error) => error instanceof Failure && outages.has(error.facts.kind)),
    { halfOpenAfter: pauseMs, breaker: new ConsecutiveBreaker(failuresInARow) },
  );
}
