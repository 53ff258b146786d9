import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from "cockatiel";
import { LRUCache } from "lru-cache";
import { Failure } from "../shared/failure.ts";

const failuresInARow = 5;
const restMs = 10_000;
const connectionsRemembered = 1000;

/** What shows that nobody is there, whatever was asked: silence, a dead line, a gateway without its app. */
const signs = new Set(["timed_out", "unreachable", "unavailable"]);

/** Stops asking a connection that has failed five times in a row, and tries again, with one request, after ten seconds. */
export interface Breakers {
  run<T>(connection: string, asked: string, send: () => Promise<T>): Promise<T>;
}

export function createBreakers(): Breakers {
  const kept = new LRUCache<string, CircuitBreakerPolicy>({ max: connectionsRemembered });
  return {
    async run(connection, asked, send) {
      let breaker = kept.get(connection);
      if (!breaker) {
        breaker = circuitBreaker(
          handleWhen((error) => error instanceof Failure && signs.has(error.facts.kind)),
          { halfOpenAfter: restMs, breaker: new ConsecutiveBreaker(failuresInARow) },
        );
        kept.set(connection, breaker);
      }
      try {
        return await breaker.execute(send);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw new Failure({
          origin: "server",
          kind: "unavailable",
          message: `The last ${failuresInARow} requests over this connection failed, so it is left alone for a moment. Nothing was sent.`,
          asked,
          retryAfterS: restMs / 1000,
        });
      }
    },
  };
}
