import { DateTime, IANAZone } from "luxon";

/** The organisation's time zone. Bigin returns every time in it. */
export const zone = "America/New_York";

const minuteMs = 60_000;

const rules = IANAZone.create(zone);

/** Up to one change of the clocks, in milliseconds. */
interface Period {
  readonly before: number;
  readonly after: number;
  readonly changesAt: number;
}

/** Looking up the zone is slow, so it is done once for every 30 days. */
const periodMs = 30 * 24 * 60 * minuteMs;
const periods = new Map<number, Period>();
const periodsKept = 10_000;

/** Offset of the organisation's zone from UTC; negative west of Greenwich. */
export function zoneOffsetMs(ms: number): number {
  const nth = Math.floor(ms / periodMs);
  let period = periods.get(nth);
  if (!period) {
    if (periods.size >= periodsKept) periods.clear();
    period = periodFrom(nth * periodMs);
    periods.set(nth, period);
  }
  return ms < period.changesAt ? period.before : period.after;
}

function periodFrom(start: number): Period {
  let unchanged = start;
  let changesAt = start + periodMs;
  const before = rules.offset(start);
  const after = rules.offset(changesAt - 1);
  while (before !== after && changesAt - unchanged > 1) {
    const middle = Math.floor((unchanged + changesAt) / 2);
    if (rules.offset(middle) === before) unchanged = middle;
    else changesAt = middle;
  }
  return { before: before * minuteMs, after: after * minuteMs, changesAt };
}

/** A time as Bigin writes it: no milliseconds, with the offset of the organisation's zone. */
export function stamp(ms: number): string {
  const offset = zoneOffsetMs(ms);
  const local = new Date(ms + offset).toISOString().slice(0, 19);
  return local + (suffixes.get(offset) ?? offsetSuffix(offset));
}

/** Suffixes by offset, such as "-05:00". */
const suffixes = new Map<number, string>();

function offsetSuffix(offset: number): string {
  const minutes = Math.abs(offset) / minuteMs;
  const pad = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const suffix = `${offset < 0 ? "-" : "+"}${pad(minutes / 60)}:${pad(minutes % 60)}`;
  suffixes.set(offset, suffix);
  return suffix;
}

const datePattern = /^(\d{4})-(\d\d)-(\d\d)$/;
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** True for a YYYY-MM-DD that exists in the calendar. */
export function isDate(text: string): boolean {
  const [, year = "", month = "", date = ""] = datePattern.exec(text) ?? [];
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return (
    year !== "" &&
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(date) >= 1 &&
    Number(date) <= last
  );
}

/** Milliseconds of an ISO time with an offset; undefined for any other text. */
export function readStamp(text: string): number | undefined {
  if (!timePattern.test(text) || !isDate(text.slice(0, 10))) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The calendar day in the organisation's zone, shifted by whole days. */
export function day(ms: number, shift = 0): string {
  const date = new Date(ms + zoneOffsetMs(ms));
  date.setUTCDate(date.getUTCDate() + shift);
  return date.toISOString().slice(0, 10);
}

/** The first and the last day of the month in the organisation's zone. */
export function monthBounds(ms: number): [first: string, last: string] {
  const now = DateTime.fromMillis(ms, { zone });
  return [now.startOf("month").toISODate() ?? "", now.endOf("month").toISODate() ?? ""];
}
