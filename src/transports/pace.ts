import type { RequestHandler } from "express";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { Callers } from "./credential.ts";
import { refuse } from "./reply.ts";

/** Refuses a caller's requests beyond so many a minute, and says when the next is welcome. */
export function limitPace(perMinute: number, callers: Callers): RequestHandler {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return async (req, res, next) => {
    const { id = "" } = callers.of(req);
    const spent = await limiter.consume(id).then(
      () => undefined,
      (refused: { msBeforeNext: number } | Error) => refused,
    );
    if (spent === undefined) return next();
    if (spent instanceof Error) return next(spent);
    res.set("Retry-After", String(Math.ceil(spent.msBeforeNext / 1000)));
    refuse(res, 429, `Too many requests: at most ${perMinute} a minute for each caller.`);
  };
}
