import { badArguments } from "../../shared/failure.ts";
import { cutIn, restored } from "../../shared/reply-marks.ts";
import type { Field } from "../schema/fields.ts";
import { isObject } from "../values.ts";

/**
 * A value whose texts are whole. Replies cut long texts, and agents send them back that way: what was cut off is taken from
 * the record as it is now. Fails if that is not possible, because the rest of the text would be lost.
 */
export function withWholeText(value: unknown, field: Field, before: unknown): unknown {
  const cut = firstCut(value);
  if (cut === undefined) return value;
  const whole = typeof before === "string" ? before : undefined;
  const text =
    typeof value === "string" && whole !== undefined ? restored(value, whole) : undefined;
  if (text !== undefined) return text;
  throw badArguments(
    `${field.label} has a text that a reply cut, at "${cut}", and the rest cannot be taken from the record. Give the whole text: bigin_get_record shows it with this one field in fields, and goes on with text_from.`,
  );
}

function firstCut(value: unknown): string | undefined {
  if (typeof value === "string") return cutIn(value);
  const parts = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  for (const part of parts) {
    const cut = firstCut(part);
    if (cut !== undefined) return cut;
  }
  return undefined;
}
