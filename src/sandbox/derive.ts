import { asText } from "./schema.ts";
import type { StoredRecord } from "./store.ts";

/** Fields Bigin computes from others, by module. */
const DERIVED: Record<string, (record: StoredRecord, now: string) => Record<string, unknown>> = {
  Contacts: (record) => ({
    Full_Name: [record["First_Name"], record["Last_Name"]].map(asText).filter(Boolean).join(" "),
  }),
  Tasks: (record, now) => ({
    Closed_Time: record["Status"] === "Completed" ? (record["Closed_Time"] ?? now) : null,
  }),
  Calls: (record) => ({
    Call_Duration_in_seconds: seconds(asText(record["Call_Duration"])),
    Call_Status: record["Call_Type"] === "Outbound" ? "Attended Dialled" : null,
  }),
};

export function derive(module: string, record: StoredRecord, now: string): StoredRecord {
  return { ...record, ...DERIVED[module]?.(record, now), id: record.id };
}

/** A call's duration is written "mm:ss" or "mm". */
function seconds(text: string): number {
  const [minutes = "0", rest = "0"] = text.split(":");
  return Number(minutes) * 60 + Number(rest) || 0;
}
