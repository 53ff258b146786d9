import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson } from "./reply.ts";

/** What is known of the services behind this one. */
export type Readiness = { ready: true } | { ready: false; reason: string };

/** So long an answer is good: readiness is asked often, and each look costs a request upstream. */
const goodForMs = 15_000;

/** Answers `/readyz`: 200 or 503, from a look at upstream that is shared and kept for a while. */
export function answerReady(
  look: () => Promise<Readiness>,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  let kept: { at: number; answer: Promise<Readiness> } | undefined;
  return async (_req, res) => {
    if (!kept || Date.now() - kept.at > goodForMs) kept = { at: Date.now(), answer: look() };
    const answer = await kept.answer;
    answerJson(res, answer.ready ? 200 : 503, answer);
  };
}
