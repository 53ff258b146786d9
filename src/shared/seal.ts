import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** SHA-256 of a JSON value, in hex: the same for equal values, whatever the order of their keys. */
export function digestOf(value: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(value, sortKeys) ?? "")
    .digest("hex");
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Signs short texts, so that they can pass through a client and come back unchanged. */
interface Sealer {
  /** The text with its signature. `context` must be the same when it is opened. */
  seal(text: string, context?: string): string;
  /** The text; undefined if the token was not sealed here, was altered, or belongs to another context. */
  open(token: string, context?: string): string | undefined;
}

/**
 * `macBytes` is the length of the signature. Short ones are useful, because tokens in replies take up an agent's
 * context.
 */
export function createSealer(secret: string | Buffer, macBytes: number): Sealer {
  const sealed = (body: string, context: string) => {
    const mac = createHmac("sha256", secret).update(`${body}\n${context}`).digest();
    return `${body}.${mac.subarray(0, macBytes).toString("base64url")}`;
  };
  return {
    seal: (text, context = "") => sealed(Buffer.from(text).toString("base64url"), context),
    open(token, context = "") {
      const [body = ""] = token.split(".");
      // Compare the texts and not what they decode to: different base64 texts can decode to the same bytes.
      const [given, ours] = [Buffer.from(token), Buffer.from(sealed(body, context))];
      const isOurs = given.length === ours.length && timingSafeEqual(given, ours);
      return isOurs ? Buffer.from(body, "base64url").toString() : undefined;
    },
  };
}
