import { DateTime, FixedOffsetZone, IANAZone } from "luxon";
import { countOf, type Days, type Groups, readDays } from "./phrases.ts";

/** A day, a span of days or an instant in the organisation's zone. Dates are `YYYY-MM-DD`; both ends are included. */
export type When =
  | { kind: "day"; date: string }
  | { kind: "span"; from: string; to: string }
  | { kind: "instant"; iso: string };

type Unit = "day" | "week" | "month" | "quarter" | "year";

const longestText = 100;
const clock =
  "(?:(?<noon>noon)|(?<hour>\\d{1,2})(?::(?<minute>[0-5]\\d)(?::(?<second>[0-5]\\d))?)?(?: ?(?<half>[ap])\\.?m\\.?)?)";

export const isoTime =
  /^(?<date>\d{4}-\d\d-\d\d)[t ](?<clock>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?) ?(?<offset>z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$/i;
/**
 * A time as Bigin writes it that needs no further checks: years 1980 to 8999, days 1 to 28. Before 1980 offsets could
 * have seconds, the year 9999 may be 10000 in another zone, and later days do not exist in every month.
 */
const asStored =
  /^(?:19[89]\d|[2-8]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d[+-](?:0\d|1[0-4]):[0-5]\d$/;
const hoursAway =
  /^(?:in (?<ahead>\d{1,4}|an?) (?<unit>hour|minute)s?(?: from now)?|(?<count>\d{1,4}|an?) (?<units>hour|minute)s? (?<way>ago|from now))$/;
export const dayThenClock = new RegExp(`^(?<day>.+?)(?:,| at|,? @)? ${clock}$`);
export const clockThenDay = new RegExp(`^(?:at )?${clock}(?:,| on)? (?<day>.+)$`);
const range = /^(?:from )?(.+?)(?: (?:to|until|till|through|-|–) | ?\.\. ?)(.+)$/;
const between = /^between (.+?) and (.+)$/;

/**
 * Reads a date, a datetime or an English phrase, relative to `now` in `zone`. Undefined for any other text, for dates
 * that do not exist and for anything ambiguous: a date in digits must begin with its year, and a date in words must
 * name it. A datetime without an offset is in `zone`. If clocks are set back and it occurs twice, the earlier instant
 * counts; if clocks skip it, it moves forward.
 */
export function readWhen(text: string, zone: string, now: Date): When | undefined {
  const phrase = phraseOf(text);
  if (phrase.length > longestText) return undefined;
  const local = DateTime.fromJSDate(now, { zone });
  const today = todayIn(zone, now);
  const time = readIso(phrase, zone) ?? readHours(phrase, local) ?? readClock(phrase, zone, today);
  if (time) return { kind: "instant", iso: stamp(time) };
  const days = readDays(phrase, today) ?? readRange(phrase, today);
  if (!days || !isUsable(days.from) || !isUsable(days.to) || days.from > days.to) return undefined;
  const [from, to] = [dateOf(days.from), dateOf(days.to)];
  return from === to ? { kind: "day", date: from } : { kind: "span", from, to };
}

/** A text in lower case with single spaces. */
export function phraseOf(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, " ");
}

/** The day of `now` in the zone, as midnight in UTC. */
export function todayIn(zone: string, now: Date): DateTime {
  const local = DateTime.fromJSDate(now, { zone });
  return DateTime.utc(local.year, local.month, local.day);
}

/** The first and last second of a When in the zone, as ISO datetimes with an offset. */
export function boundsOf(when: When, zone: string): { from: string; to: string } {
  if (when.kind === "instant") return { from: when.iso, to: when.iso };
  const [from, to] = when.kind === "day" ? [when.date, when.date] : [when.from, when.to];
  const after = DateTime.fromISO(to, { zone: "utc" }).plus({ day: 1 });
  const end = firstAt(dateOf(after), zone).minus({ second: 1 });
  return { from: stamp(firstAt(from, zone)), to: stamp(end) };
}

/** The calendar date, in the zone, of an ISO datetime with any offset; undefined for any other text. */
export function dateIn(iso: string, zone: string): string | undefined {
  const time = readIso(iso, zone);
  return time && dateOf(time);
}

/**
 * An ISO datetime with any offset as `2026-11-23 21:44` in the zone, with seconds only when they are not zero;
 * undefined for any other text.
 */
export function wallTime(iso: string, zone: string): string | undefined {
  // Every record holds several times in this form, and making a DateTime for each took 5 % of a call.
  const at = asStored.test(iso) ? Date.parse(iso) : Number.NaN;
  const offset = IANAZone.create(zone).offset(at);
  if (Number.isInteger(offset)) {
    const local = new Date(at + offset * 60_000).toISOString();
    return `${local.slice(0, 10)} ${local.slice(11, local.endsWith(":00.000Z") ? 16 : 19)}`;
  }
  return readIso(iso, zone)
    ?.toISO({ includeOffset: false, suppressSeconds: true, suppressMilliseconds: true })
    ?.replace("T", " ");
}

/** The period of a valid date. Labels sort in order of time: 2026-11-23, 2026-W48, 2026-11, 2026-Q4, 2026. */
export function periodOf(date: string, unit: Unit): string {
  switch (unit) {
    case "day":
      return date;
    case "week":
      return (DateTime.fromISO(date, { zone: "utc" }).toISOWeekDate() ?? date).slice(0, 8);
    case "month":
      return date.slice(0, 7);
    case "quarter":
      return `${date.slice(0, 4)}-Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;
    case "year":
      return date.slice(0, 4);
  }
}

function readIso(text: string, zone: string): DateTime | undefined {
  const { date, clock, offset = "" } = isoTime.exec(text)?.groups ?? {};
  if (!date || !clock) return undefined;
  const iso = `${date}T${clock}${offset.toUpperCase()}`;
  const time = offset ? DateTime.fromISO(iso, { zone }) : firstAt(iso, zone);
  if (!isUsable(time)) return undefined;
  // Most times have whole seconds, and startOf makes luxon compute the zone's offset again.
  return time.millisecond === 0 ? time : time.startOf("second");
}

function readHours(text: string, now: DateTime): DateTime | undefined {
  if (/^(?:right )?now$/.test(text)) return now;
  const { ahead, count, unit, units, way } = hoursAway.exec(text)?.groups ?? {};
  const number = ahead ?? count;
  if (number === undefined) return undefined;
  const minutes = countOf(number) * ((unit ?? units) === "hour" ? 60 : 1);
  return now.plus({ minute: way === "ago" ? -minutes : minutes });
}

function readClock(text: string, zone: string, today: DateTime): DateTime | undefined {
  const local = localClock(text, today);
  return local === undefined ? undefined : firstAt(local, zone);
}

/** A day and a time of day, in either order, as `2026-11-27T15:00:00`. "at 3" is refused: it could be the afternoon. */
export function localClock(text: string, today: DateTime): string | undefined {
  const found = (dayThenClock.exec(text) ?? clockThenDay.exec(text))?.groups;
  const time = found && clockOf(found);
  const days = time && readDays(found?.["day"] ?? "", today);
  if (!days || !isUsable(days.from) || +days.from !== +days.to) return undefined;
  return `${dateOf(days.from)}T${time}`;
}

function clockOf({ noon, hour, minute, second = "00", half }: Groups): string | undefined {
  if (noon) return "12:00:00";
  const digits = Number(hour);
  if (half ? digits < 1 || digits > 12 : digits > 23 || !minute) return undefined;
  const hours = half ? (digits % 12) + (half === "p" ? 12 : 0) : digits;
  return `${String(hours).padStart(2, "0")}:${minute ?? "00"}:${second}`;
}

function readRange(text: string, today: DateTime): Days | undefined {
  const [, first = "", last = ""] = between.exec(text) ?? range.exec(text) ?? [];
  const [from, to] = [readDays(first, today), readDays(last, today)];
  return from && to && { from: from.from, to: to.to };
}

/** The earliest instant that an ISO date or datetime without an offset can mean in the zone. */
function firstAt(iso: string, zone: string): DateTime {
  const time = DateTime.fromISO(iso, { zone });
  return time.getPossibleOffsets()[0] ?? time;
}

function isUsable(date: DateTime): boolean {
  return date.isValid && date.year >= 1 && date.year <= 9999;
}

function dateOf(date: DateTime): string {
  return date.toISODate() ?? "";
}

/**
 * ISO 8601 with an offset. Early offsets had seconds, which ISO 8601 cannot express: they are cut, and the local time
 * moves with them, so that the instant stays the same.
 */
function stamp(time: DateTime): string {
  const offset = FixedOffsetZone.instance(Math.trunc(time.offset));
  const iso = time.setZone(offset).startOf("second").toISO({ suppressMilliseconds: true });
  if (!iso) throw new RangeError("The time or its zone does not exist.");
  return iso.replace(/Z$/, "+00:00");
}

/** True for a zone name that Node knows. Organisations can have no zone, or a name that is not in the IANA list. */
export function isZone(name: string | null | undefined): name is string {
  return typeof name === "string" && IANAZone.isValidZone(name);
}
