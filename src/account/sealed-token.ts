import { randomBytes } from "node:crypto";
import { createSealer, digestOf } from "../shared/seal.ts";
import type { Store } from "./store.ts";

/** The payload of a token, or why the token is not valid for the call. */
export type OpenedToken =
  | { ok: true; payload: string }
  | { ok: false; why: "not_ours" | "other_call" | "expired" | "used" };

/** Short-lived signed tokens that contain a payload and are valid for one call only. */
export interface SealedTokens {
  /** A token for the call that `binding` describes, valid for `ms` milliseconds. */
  seal(binding: unknown, payload: string, ms: number): { token: string; expiresAt: Date };
  /** Opens a token for the call it was made for, without using it up. */
  open(token: string, binding: unknown): Promise<OpenedToken>;
  /** Opens a token and makes it invalid. Of several calls, also at the same time, only one succeeds. */
  spend(token: string, binding: unknown): Promise<OpenedToken>;
  /** Makes all tokens invalid that were made for a call so far, if they are valid for at most `ms`. */
  revoke(binding: unknown, ms: number): Promise<void>;
}

const macBytes = 12;
/** Far more confirmations than a caller can make in the five minutes for which a token is valid. */
const usedKept = 100_000;
const revokedKept = 10_000;

/** The secret is random for each process. So no token outlives the record of which tokens were used. */
export function createSealedTokens(store: Store, now: () => number = Date.now): SealedTokens {
  const sealer = createSealer(randomBytes(32), macBytes);
  const used = store.area<true>("used tokens", { entries: usedKept });
  const revoked = store.area<number>("revoked tokens", { entries: revokedKept });
  let last = 0;
  /**
   * The time in microseconds, never the same twice. It numbers tokens, and tells which were made before a revocation.
   */
  const stamp = () => {
    last = Math.max(last + 1, now() * 1000);
    return last;
  };

  async function read(token: string, binding: unknown) {
    const text = sealer.open(token);
    if (text === undefined) return { ok: false, why: "not_ours" } as const;
    const [until, number, payload, digest] = JSON.parse(text) as [number, number, string, string];
    if (digest !== digestOf(binding)) return { ok: false, why: "other_call" } as const;
    if (until <= now()) return { ok: false, why: "expired" } as const;
    if (number <= ((await revoked.get(digest)) ?? 0)) return { ok: false, why: "used" } as const;
    return { ok: true, payload, number, msLeft: until - now() } as const;
  }
  return {
    seal(binding, payload, ms) {
      const until = now() + ms;
      const token = sealer.seal(JSON.stringify([until, stamp(), payload, digestOf(binding)]));
      return { token, expiresAt: new Date(until) };
    },
    async open(token, binding) {
      const opened = await read(token, binding);
      if (!opened.ok) return opened;
      const isUsed = (await used.get(String(opened.number))) !== undefined;
      return isUsed ? { ok: false, why: "used" } : { ok: true, payload: opened.payload };
    },
    async spend(token, binding) {
      const opened = await read(token, binding);
      if (!opened.ok) return opened;
      const isFirst = await used.add(String(opened.number), true, opened.msLeft);
      return isFirst ? { ok: true, payload: opened.payload } : { ok: false, why: "used" };
    },
    revoke: (binding, ms) => revoked.set(digestOf(binding), stamp(), ms),
  };
}
