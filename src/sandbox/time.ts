import { DateTime } from "luxon";

/** The organisation's zone: every time Bigin answers with is written in it. */
export const ZONE = "America/New_York";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Offsets change on whole hours, so one look-up serves an hour; asking the zone is slow. */
const offsets = new Map<number, number>();
const OFFSETS_KEPT = 20_000;

export function zoneOffsetMs(ms: number): number {
  const hour = Math.floor(ms / HOUR_MS);
  const known = offsets.get(hour);
  if (known !== undefined) return known;
  const offset = DateTime.fromMillis(ms, { zone: ZONE }).offset * MINUTE_MS;
  if (offsets.size >= OFFSETS_KEPT) offsets.clear();
  offsets.set(hour, offset);
  return offset;
}

/** As Bigin writes a time: no milliseconds, numeric offset of the organisation's zone. */
export function stamp(ms: number): string {
  const offset = zoneOffsetMs(ms);
  const minutes = Math.abs(offset) / MINUTE_MS;
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const sign = offset < 0 ? "-" : "+";
  const local = new Date(ms + offset).toISOString().slice(0, 19);
  return `${local}${sign}${pad(minutes / 60)}:${pad(minutes % 60)}`;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const ISO_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** A day of the calendar: 30 February is none. */
export function isDate(text: string): boolean {
  const [, year = "", month = "", date = ""] = DATE.exec(text) ?? [];
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return (
    year !== "" &&
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(date) >= 1 &&
    Number(date) <= last
  );
}

/** Milliseconds of an ISO time that names its offset; undefined for any other text. */
export function readStamp(text: string): number | undefined {
  if (!ISO_WITH_OFFSET.test(text) || !isDate(text.slice(0, 10))) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The calendar day in the organisation's zone, moved by whole days. */
export const day = (ms: number, shift = 0): string => {
  const date = new Date(ms + zoneOffsetMs(ms));
  date.setUTCDate(date.getUTCDate() + shift);
  return date.toISOString().slice(0, 10);
};

export const monthBounds = (ms: number): [string, string] => {
  const now = DateTime.fromMillis(ms, { zone: ZONE });
  return [now.startOf("month").toISODate() ?? "", now.endOf("month").toISODate() ?? ""];
};
