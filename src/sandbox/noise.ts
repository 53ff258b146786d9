import { createHash } from "node:crypto";
import { createRandom, type Random } from "./random.ts";
import { isObject, type Json } from "./schema.ts";

/**
 * Of the values of a reply, how many are null, missing, text instead of a number, or text instead of an object or a list;
 * and how many items of a list are null.
 */
const shares = { null: 0.08, missing: 0.04, text: 0.5, wrong: 0.02, item: 0.02 };
/** Keys that tell what an item is. Few organisations lack them, and an item without them cannot be used. */
const essential = new Set(["id", "api_name", "data_type", "actual_value", "name"]);
const essentialShare = 0.1;

/**
 * Metadata as live organisations have them: nearly every key may be null, missing or text (docs/reference/bigin-api.md
 * §1.1). The same seed always gives the same. The list itself and the page information stay.
 */
export function sprinkle(body: unknown, seed: string): unknown {
  const number = createHash("sha256").update(seed).digest().readUInt32BE();
  const random = createRandom(number);
  if (!isObject(body)) return body;
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      Array.isArray(value) ? noisyItems(value, random) : value,
    ]),
  );
}

function noisy(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return noisyItems(value, random);
  if (!isObject(value)) return value;
  const changed: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    const share = essential.has(key) ? essentialShare : 1;
    if (random.chance(shares.missing * share)) continue;
    changed[key] = random.chance(shares.null * share) ? null : asTextAtTimes(inner, random);
  }
  return changed;
}

function noisyItems(items: readonly unknown[], random: Random): unknown[] {
  return items.map((item) => (random.chance(shares.item) ? null : noisy(item, random)));
}

function asTextAtTimes(value: unknown, random: Random): unknown {
  if (typeof value === "object" && value !== null && random.chance(shares.wrong)) return "text";
  if (typeof value !== "number") return noisy(value, random);
  return random.chance(shares.text) ? String(value) : value;
}
