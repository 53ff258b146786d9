import { RateLimiterMemory } from "rate-limiter-flexible";
import type { Callers } from "./auth.ts";
import { refuse, type Step } from "./respond.ts";

/** Refuses a caller's requests beyond so many a minute, and says when the next is welcome. */
export function limitPace(perMinute: number, callers: Callers): Step {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async (req, res) => {
    const { id = "" } = callers.of(req);
    const spent = await limiter.consume(id).then(
      () => undefined,
      (refused: { msBeforeNext: number } | Error) => refused,
    );
    if (spent === undefined) return true;
    if (spent instanceof Error) throw spent;
    res.setHeader("Retry-After", String(Math.ceil(spent.msBeforeNext / 1000)));
    refuse(res, 429, `Too many requests: at most ${perMinute} a minute for each caller.`);
    return false;
  };
}
