import { IANAZone } from "luxon";

/** Whether Node knows a zone by this name: organisations may name none, or one of their own. */
export function isZone(name: string | null | undefined): name is string {
  return typeof name === "string" && IANAZone.isValidZone(name);
}
