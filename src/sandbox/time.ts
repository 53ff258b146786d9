import { DateTime } from "luxon";

/** The organisation's zone: every time Bigin answers with is written in it. */
export const ZONE = "America/New_York";

/** As Bigin writes a time: no milliseconds, numeric offset of the organisation's zone. */
export function stamp(ms: number): string {
  const text = DateTime.fromMillis(ms, { zone: ZONE })
    .startOf("second")
    .toISO({ suppressMilliseconds: true });
  return text ?? "";
}

const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

/** Milliseconds of an ISO time that names its offset; undefined for any other text. */
export function readStamp(text: string): number | undefined {
  if (!ISO_WITH_OFFSET.test(text)) return undefined;
  const parsed = DateTime.fromISO(text);
  return parsed.isValid ? parsed.toMillis() : undefined;
}

export const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && DateTime.fromISO(text, { zone: "utc" }).isValid;

/** The calendar day in the organisation's zone, moved by whole days. */
export const day = (ms: number, shift = 0): string =>
  DateTime.fromMillis(ms, { zone: ZONE }).plus({ days: shift }).toISODate() ?? "";

export const monthBounds = (ms: number): [string, string] => {
  const now = DateTime.fromMillis(ms, { zone: ZONE });
  return [now.startOf("month").toISODate() ?? "", now.endOf("month").toISODate() ?? ""];
};

export const zoneOffsetMs = (ms: number): number =>
  DateTime.fromMillis(ms, { zone: ZONE }).offset * 60_000;
