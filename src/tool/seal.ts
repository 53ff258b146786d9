import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { digestOf } from "./digest.ts";

/** What is sealed: the time it ends, a number used once, and whatever must come back unchanged. */
interface Sealed {
  until: number;
  once: string;
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
}

const macBytes = 12;

/** The secret lives and dies with the process, so that no token outlasts the memory of which ones were used. */
export function createSeals(now: () => number = Date.now): Seals {
  const secret = randomBytes(32);
  const used = new Map<string, number>();
  const mac = (text: string) =>
    createHmac("sha256", secret).update(text).digest().subarray(0, macBytes).toString("base64url");

  function open(token: string, binding: unknown): Opened {
    const [body = "", own = "", fit = ""] = token.split(".");
    if (!isSame(own, mac(body))) return { ok: false, why: "not_ours" };
    if (!isSame(fit, mac(`${body} ${digestOf(binding)}`))) return { ok: false, why: "other_call" };
    const [until, once, payload] = JSON.parse(Buffer.from(body, "base64url").toString()) as [
      number,
      string,
      string,
    ];
    if (until <= now()) return { ok: false, why: "expired" };
    return used.has(once) ? { ok: false, why: "used" } : { ok: true, until, once, payload };
  }
  return {
    seal(binding, payload, ms) {
      const until = now() + ms;
      const sealed = [until, randomBytes(6).toString("base64url"), payload];
      const body = Buffer.from(JSON.stringify(sealed)).toString("base64url");
      const token = [body, mac(body), mac(`${body} ${digestOf(binding)}`)].join(".");
      return { token, expiresAt: new Date(until) };
    },
    open,
    spend(token, binding) {
      const opened = open(token, binding);
      if (!opened.ok) return opened;
      for (const [once, until] of used) if (until <= now()) used.delete(once);
      used.set(opened.once, opened.until);
      return opened;
    },
  };
}

function isSame(given: string, ours: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(ours)];
  return left.length === right.length && timingSafeEqual(left, right);
}
