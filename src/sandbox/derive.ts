import { asText } from "./schema.ts";
import type { StoredRecord } from "./store.ts";

/** Fields that Bigin computes from other fields, by module. */
const derivedFields: Record<
  string,
  (record: StoredRecord, now: unknown) => Record<string, unknown>
> = {
  Contacts: (record) => ({
    Full_Name: [record["First_Name"], record["Last_Name"]].map(asText).filter(Boolean).join(" "),
  }),
  Tasks: (record, now) => ({
    Closed_Time: record["Status"] === "Completed" ? (record["Closed_Time"] ?? now) : null,
  }),
  Calls: (record) => ({
    Call_Duration_in_seconds: durationInSeconds(asText(record["Call_Duration"])),
    Call_Status: record["Call_Type"] === "Outbound" ? "Attended Dialled" : null,
  }),
};

/** The record with its computed fields up to date. `now` is what a field stores for the present time. */
export function derive(module: string, record: StoredRecord, now: unknown): StoredRecord {
  return { ...record, ...derivedFields[module]?.(record, now), id: record.id };
}

/** Reads the duration of a call, "mm:ss" or "mm". */
function durationInSeconds(text: string): number {
  const [minutes = "0", seconds = "0"] = text.split(":");
  return Number(minutes) * 60 + Number(seconds) || 0;
}
