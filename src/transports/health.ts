import type { IncomingMessage, ServerResponse } from "node:http";
import type { Accounts } from "../account/account.ts";
import { startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";
import { ownValue } from "../shared/own-value.ts";
import { defaultLimits, type HttpLimits } from "./limits.ts";
import { sendJson } from "./respond.ts";

/** Whether the services behind this one can be used. */
export type Readiness = { ready: true } | { ready: false; reason: string };

/** Serves `/readyz`: 200 or 503. Requests share one check at a time, and its result for a while. */
export function serveReadiness(
  check: () => Promise<Readiness>,
  { readyMs, notReadyMs }: HttpLimits,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  let last: { result: Promise<Readiness>; goodUntil: number } | undefined;

  function startCheck() {
    const current = { result: check(), goodUntil: Number.POSITIVE_INFINITY };
    const keepFor = (ms: number) => {
      current.goodUntil = performance.now() + ms;
    };
    current.result.then(
      ({ ready }) => keepFor(ready ? readyMs : notReadyMs),
      () => keepFor(notReadyMs), // The request that waits for the result reports the error.
    );
    return current;
  }

  return async (_req, res) => {
    if (!last || performance.now() >= last.goodUntil) last = startCheck();
    const result = await last.result;
    sendJson(res, result.ready ? 200 : 503, result);
  };
}

/** `/readyz` is public, and these messages may name a file of this machine, or its proxy. */
const hidden = {
  no_key: "the server has no key for Maton",
  proxy_failed: "the server's proxy does not connect to Maton",
};

/**
 * Checks that Maton accepts the server's own key and has an ACTIVE connection. Without a key (each caller sends one) it only
 * checks that Maton answers, if only to refuse.
 */
export async function checkUpstream(
  accounts: Accounts,
  key: (() => Promise<string>) | undefined,
): Promise<Readiness> {
  const deadline = startDeadline(new AbortController().signal, defaultLimits.upstreamCheckMs);
  const { signal } = deadline;
  try {
    const account = key ? accounts.own(await key()) : accounts.of("none");
    const { connections } = account.open({
      connection: undefined,
      writes: false,
      signals: { read: signal, write: signal },
      caller: "readyz",
      requestId: "readyz",
    });
    const active = await connections.list("ACTIVE", signal);
    if (active.length > 0) return { ready: true };
    return { ready: false, reason: "there is no ACTIVE connection to Bigin" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { kind } = error.facts;
    if (!key && kind === "key_refused") return { ready: true };
    return { ready: false, reason: ownValue(hidden, kind) ?? error.message };
  } finally {
    deadline.stop();
  }
}
