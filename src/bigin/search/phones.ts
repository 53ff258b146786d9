import { isPhone } from "../values.ts";
import type { ValueSelector } from "./recently-written.ts";

/** The phone number in a selector; a word can be one too. */
export function phoneIn(selector: ValueSelector | undefined): string | undefined {
  if (!selector || "email" in selector) return undefined;
  if ("phone" in selector) return selector.phone;
  return isPhone(selector.word) ? selector.word : undefined;
}
