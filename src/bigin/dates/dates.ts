import { DateTime, FixedOffsetZone, IANAZone } from "luxon";
import { countOf, type Days, readDays, type Words } from "./phrases.ts";

/** A stretch of time in the organisation's zone. Dates are inclusive and `YYYY-MM-DD`. */
export type When =
  | { kind: "day"; date: string }
  | { kind: "span"; from: string; to: string }
  | { kind: "instant"; iso: string };

type Unit = "day" | "week" | "month" | "quarter" | "year";

const LONGEST_TEXT = 100;
const CLOCK =
  "(?:(?<noon>noon)|(?<hour>\\d{1,2})(?::(?<minute>[0-5]\\d)(?::(?<second>[0-5]\\d))?)?(?: ?(?<half>[ap])\\.?m\\.?)?)";

const ISO_TIME =
  /^(?<date>\d{4}-\d\d-\d\d)[t ](?<clock>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?) ?(?<offset>z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$/i;
/**
 * Before them zones had offsets with seconds, after them a zone may be in a year of five digits; and every month has these
 * days.
 */
const AS_STORED =
  /^(?:19[89]\d|[2-8]\d{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d[+-](?:0\d|1[0-4]):[0-5]\d$/;
const HOURS =
  /^(?:in (?<ahead>\d{1,4}|an?) (?<unit>hour|minute)s?(?: from now)?|(?<count>\d{1,4}|an?) (?<units>hour|minute)s? (?<way>ago|from now))$/;
const DAY_THEN_CLOCK = new RegExp(`^(?<day>.+?)(?:,| at|,? @)? ${CLOCK}$`);
const CLOCK_THEN_DAY = new RegExp(`^(?:at )?${CLOCK}(?:,| on)? (?<day>.+)$`);
const RANGE = /^(?:from )?(.+?)(?: (?:to|until|till|through|-|–) | ?\.\. ?)(.+)$/;
const BETWEEN = /^between (.+?) and (.+)$/;

/**
 * Reads a date, a datetime or an English phrase; undefined when it is none, impossible, or may mean two things: a date
 * in digits must begin with the year, one in words must name it. A datetime without offset is taken in the zone, the
 * first of the two where clocks are set back, moved forward where they skip it.
 */
export function readWhen(text: string, zone: string, now: Date): When | undefined {
  const words = text.trim().toLowerCase().replace(/\s+/g, " ");
  if (words.length > LONGEST_TEXT) return undefined;
  const local = DateTime.fromJSDate(now, { zone });
  const today = DateTime.utc(local.year, local.month, local.day);
  const time = readIso(words, zone) ?? readHours(words, local) ?? readClock(words, zone, today);
  if (time) return { kind: "instant", iso: stamp(time) };
  const days = readDays(words, today) ?? readRange(words, today);
  if (!days || !isUsable(days.from) || !isUsable(days.to) || days.from > days.to) return undefined;
  const [from, to] = [dateOf(days.from), dateOf(days.to)];
  return from === to ? { kind: "day", date: from } : { kind: "span", from, to };
}

/** First and last instant of a When in the zone: the start of its first day, the last second of its last. */
export function boundsOf(when: When, zone: string): { from: string; to: string } {
  if (when.kind === "instant") return { from: when.iso, to: when.iso };
  const [from, to] = when.kind === "day" ? [when.date, when.date] : [when.from, when.to];
  const after = DateTime.fromISO(to, { zone: "utc" }).plus({ day: 1 });
  const end = firstAt(dateOf(after), zone).minus({ second: 1 });
  return { from: stamp(firstAt(from, zone)), to: stamp(end) };
}

/** The calendar date in the zone of an ISO datetime with any offset; undefined when it is none. */
export function dateIn(iso: string, zone: string): string | undefined {
  const time = readIso(iso, zone);
  return time && dateOf(time);
}

/** An ISO datetime with any offset as `2026-11-23 21:44` in the zone, seconds only when not zero. */
export function wallTime(iso: string, zone: string): string | undefined {
  // As Bigin writes times, several in every record: a DateTime for each took a twentieth of a call.
  const at = AS_STORED.test(iso) ? Date.parse(iso) : Number.NaN;
  const offset = IANAZone.create(zone).offset(at);
  if (Number.isInteger(offset)) {
    const local = new Date(at + offset * 60_000).toISOString();
    return `${local.slice(0, 10)} ${local.slice(11, local.endsWith(":00.000Z") ? 16 : 19)}`;
  }
  return readIso(iso, zone)
    ?.toISO({ includeOffset: false, suppressSeconds: true, suppressMilliseconds: true })
    ?.replace("T", " ");
}

/** The period a valid date falls in, in labels that sort as time runs: 2026-11-23, 2026-W48, 2026-11, 2026-Q4, 2026. */
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
  const { date, clock, offset = "" } = ISO_TIME.exec(text)?.groups ?? {};
  if (!date || !clock) return undefined;
  const iso = `${date}T${clock}${offset.toUpperCase()}`;
  const time = offset ? DateTime.fromISO(iso, { zone }) : firstAt(iso, zone);
  if (!isUsable(time)) return undefined;
  // Bigin's have whole seconds, and luxon reckons the zone's offset anew for each step.
  return time.millisecond === 0 ? time : time.startOf("second");
}

function readHours(text: string, now: DateTime): DateTime | undefined {
  if (/^(?:right )?now$/.test(text)) return now;
  const { ahead, count, unit, units, way } = HOURS.exec(text)?.groups ?? {};
  const number = ahead ?? count;
  if (number === undefined) return undefined;
  const minutes = countOf(number) * ((unit ?? units) === "hour" ? 60 : 1);
  return now.plus({ minute: way === "ago" ? -minutes : minutes });
}

/** A day with a time of the clock, on either side of it. Plain "at 3" is refused: it may be the afternoon. */
function readClock(text: string, zone: string, today: DateTime): DateTime | undefined {
  const words = (DAY_THEN_CLOCK.exec(text) ?? CLOCK_THEN_DAY.exec(text))?.groups;
  const clock = words && clockOf(words);
  const days = clock && readDays(words?.["day"] ?? "", today);
  if (!days || !isUsable(days.from) || +days.from !== +days.to) return undefined;
  return firstAt(`${dateOf(days.from)}T${clock}`, zone);
}

function clockOf({ noon, hour, minute, second = "00", half }: Words): string | undefined {
  if (noon) return "12:00:00";
  const digits = Number(hour);
  if (half ? digits < 1 || digits > 12 : digits > 23 || !minute) return undefined;
  const hours = half ? (digits % 12) + (half === "p" ? 12 : 0) : digits;
  return `${String(hours).padStart(2, "0")}:${minute ?? "00"}:${second}`;
}

function readRange(text: string, today: DateTime): Days | undefined {
  const [, first = "", last = ""] = BETWEEN.exec(text) ?? RANGE.exec(text) ?? [];
  const [from, to] = [readDays(first, today), readDays(last, today)];
  return from && to && { from: from.from, to: to.to };
}

/** The first moment that an ISO date or datetime without offset can mean. */
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

/** Early offsets had seconds, which ISO 8601 cannot write: the minutes before them name the same instant. */
function stamp(time: DateTime): string {
  const offset = FixedOffsetZone.instance(Math.trunc(time.offset));
  const iso = time.setZone(offset).startOf("second").toISO({ suppressMilliseconds: true });
  if (!iso) throw new RangeError("The time or its zone does not exist.");
  return iso.replace(/Z$/, "+00:00");
}

/** Whether Node knows a zone by this name: organisations may name none, or one of their own. */
export function isZone(name: string | null | undefined): name is string {
  return typeof name === "string" && IANAZone.isValidZone(name);
}
