import type { Accounts } from "../account/account.ts";
import { startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";
import type { Readiness } from "./health.ts";

const lookMs = 5_000;

/**
 * Whether Maton can be used now: it takes the server's own key and has an ACTIVE connection. Without a key of its own
 * (callers bring theirs) only that Maton answers, if with a refusal.
 */
export async function lookUpstream(look: {
  accounts: Accounts;
  key: (() => Promise<string>) | undefined;
}): Promise<Readiness> {
  const deadline = startDeadline(new AbortController().signal, lookMs);
  const { signal } = deadline;
  try {
    const { accounts, key } = look;
    const account = key ? accounts.own(await key()) : accounts.of("none");
    const { connections } = account.open({
      ...{ connection: undefined, writes: false, signals: { read: signal, write: signal } },
      ...{ caller: "readyz", requestId: "readyz" },
    });
    const active = await connections.list("ACTIVE", signal);
    return active.length > 0
      ? { ready: true }
      : { ready: false, reason: "there is no ACTIVE connection to Bigin" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (!look.key && error.facts.kind === "key_refused") return { ready: true };
    // Who asks shows no credential, and the message may name a file of this machine.
    const reason =
      error.facts.kind === "no_key" ? "the server has no key for Maton" : error.message;
    return { ready: false, reason };
  } finally {
    deadline.stop();
  }
}
