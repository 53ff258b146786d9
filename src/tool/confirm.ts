import type { Effect } from "./define.ts";

export const confirmSettings = ["none", "destructive", "writes"] as const;
/** Which writes need a confirmation (`--confirm`). */
export type Confirm = (typeof confirmSettings)[number];

/** An update of more records than this is taken for destructive (design §9). */
const fewRecords = 10;

/** Whether a write needs a confirmation before it is sent. */
export function needsConfirmation(effect: Effect, records: number, confirm: Confirm): boolean {
  if (confirm === "none" || effect === "read") return false;
  if (confirm === "writes" || effect === "delete" || effect === "send") return true;
  return effect === "update" && records > fewRecords;
}

/** Whether a tool of this effect may ever ask, so that it takes a confirm_token. */
export function mayNeedConfirmation(effect: Effect, confirm: Confirm): boolean {
  return needsConfirmation(effect, Number.POSITIVE_INFINITY, confirm);
}
