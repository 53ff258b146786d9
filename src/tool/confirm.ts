import type { Effect } from "./define.ts";

export const confirmSettings = ["none", "destructive", "writes"] as const;
/** Which writes need a confirmation (`--confirm`). */
export type Confirm = (typeof confirmSettings)[number];

/** An update of more records than this counts as destructive. */
const fewRecords = 10;

/** Whether a write needs a confirmation before it is sent. */
export function needsConfirmation(effect: Effect, records: number, confirm: Confirm): boolean {
  if (confirm === "none" || effect === "read") return false;
  if (confirm === "writes" || effect === "delete" || effect === "send") return true;
  return effect === "update" && records > fewRecords;
}

/** Whether a tool with this effect can ever need a confirmation, and so takes a confirm_token. */
export function mayNeedConfirmation(effect: Effect, confirm: Confirm): boolean {
  return needsConfirmation(effect, Number.POSITIVE_INFINITY, confirm);
}
