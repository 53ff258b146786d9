import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson } from "./respond.ts";

/** What is known of the services behind this one. */
export type Readiness = { ready: true } | { ready: false; reason: string };

/** So long an answer is good: readiness is asked often, and each look costs a request upstream. */
const goodForMs = 15_000;
/** A bad one is soon out of date: whoever waits for a recovery asks for nothing else. */
const badForMs = 2_000;

/** Answers `/readyz`: 200 or 503, from one look at upstream at a time, which is shared and kept for a while. */
export function answerReady(
  look: () => Promise<Readiness>,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  let kept: { answer: Promise<Readiness>; until: number } | undefined;
  const lookAnew = () => {
    const one = { answer: look(), until: Number.POSITIVE_INFINITY };
    const keep = (ms: number) => {
      one.until = performance.now() + ms;
    };
    one.answer.then(
      ({ ready }) => keep(ready ? goodForMs : badForMs),
      () => keep(badForMs), // whoever asked is told
    );
    return one;
  };
  return async (_req, res) => {
    if (!kept || performance.now() >= kept.until) kept = lookAnew();
    const answer = await kept.answer;
    answerJson(res, answer.ready ? 200 : 503, answer);
  };
}
