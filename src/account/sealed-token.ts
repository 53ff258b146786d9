import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { digestOf } from "./digest.ts";

/** What is sealed: the time it ends, its number, and whatever must come back unchanged. */
interface Sealed {
  until: number;
  number: number;
  payload: string;
}

export type Opened =
  | ({ ok: true } & Sealed)
  | { ok: false; why: "not_ours" | "other_call" | "expired" | "used" };

/** Short-lived tokens that carry their content in themselves and fit one call only. */
export interface Seals {
  seal(binding: unknown, payload: string, ms: number): { token: string; expiresAt: Date };
  /** Opens a token for the call it was made for; a wrong one spends nothing. */
  open(token: string, binding: unknown): Opened;
  /** Opens a token and makes it worthless for every later call, also one that comes at the same moment. */
  spend(token: string, binding: unknown): Opened;
  /** Makes all tokens worthless that were made for a call so far, and last no longer than `ms`. */
  revoke(binding: unknown, ms: number): void;
}

const macBytes = 12;

/** The secret lives and dies with the process, so that no token outlasts the memory of which ones were used. */
export function createSeals(now: () => number = Date.now): Seals {
  const secret = randomBytes(32);
  let count = 0;
  const used = new Map<number, number>();
  const revoked = new Map<string, { upTo: number; until: number }>();
  const mac = (text: string) =>
    createHmac("sha256", secret).update(text).digest().subarray(0, macBytes).toString("base64url");

  function open(token: string, binding: unknown): Opened {
    const [body = "", own = "", fit = "", ...rest] = token.split("../tool");
    const digest = digestOf(binding);
    if (!isSame(own, mac(body)) || rest.length > 0) return { ok: false, why: "not_ours" };
    if (!isSame(fit, mac(`${body} ${digest}`))) return { ok: false, why: "other_call" };
    const [until, number, payload] = JSON.parse(Buffer.from(body, "base64url").toString()) as [
      number,
      number,
      string,
    ];
    if (until <= now()) return { ok: false, why: "expired" };
    const isSpent = used.has(number) || number <= (revoked.get(digest)?.upTo ?? 0);
    return isSpent ? { ok: false, why: "used" } : { ok: true, until, number, payload };
  }

  function forgetExpired(): void {
    for (const [number, until] of used) if (until <= now()) used.delete(number);
    for (const [digest, { until }] of revoked) if (until <= now()) revoked.delete(digest);
  }
  return {
    seal(binding, payload, ms) {
      const until = now() + ms;
      count += 1;
      const body = Buffer.from(JSON.stringify([until, count, payload])).toString("base64url");
      const token = [body, mac(body), mac(`${body} ${digestOf(binding)}`)].join("../tool");
      return { token, expiresAt: new Date(until) };
    },
    open,
    spend(token, binding) {
      const opened = open(token, binding);
      if (!opened.ok) return opened;
      forgetExpired();
      used.set(opened.number, opened.until);
      return opened;
    },
    revoke(binding, ms) {
      forgetExpired();
      revoked.set(digestOf(binding), { upTo: count, until: now() + ms });
    },
  };
}

function isSame(given: string, ours: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(ours)];
  return left.length === right.length && timingSafeEqual(left, right);
}
