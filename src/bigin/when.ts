import { strict as chrono } from "chrono-node/en";
import { DateTime, FixedOffsetZone } from "luxon";

/** A stretch of time in the organisation's zone. Dates are inclusive and `YYYY-MM-DD`. */
export type When =
  | { kind: "day"; date: string }
  | { kind: "span"; from: string; to: string }
  | { kind: "instant"; iso: string };

type Unit = "day" | Period;
type Period = "week" | "month" | "quarter" | "year";

/** Whole days, as midnights in UTC: there no change of clocks can move a date. */
interface Days {
  from: DateTime;
  to: DateTime;
}

type Words = Readonly<Record<string, string | undefined>>;
type Rule = readonly [pattern: RegExp, read: (words: Words, today: DateTime) => Days | undefined];

const LONGEST_TEXT = 100;
const numerals = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdays = "mon tue wed thu fri sat sun".split(" ");
const shifts: Words = {
  today: "0",
  yesterday: "-1",
  tomorrow: "1",
  "day after tomorrow": "2",
  "day before yesterday": "-2",
};
const ordinals = ["first", "second", "third", "fourth", "1st", "2nd", "3rd", "4th"];

const COUNT = `(?<count>\\d{1,4}|an?|${numerals.join("|")})`;
const UNIT = "(?<unit>day|week|fortnight|month|quarter|year)s?";
const PERIOD = "(?<unit>week|month|quarter|year)";
const WHICH = "(?<which>this|current|next|last|previous)";
const YEAR = "(?<year>(?:19|20|21)\\d\\d|(?:this|next|last) year)";
const MONTH =
  "(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const WEEKDAY =
  "(?<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";
const CLOCK =
  "(?:(?<noon>noon)|(?<hour>\\d{1,2})(?::(?<minute>[0-5]\\d)(?::(?<second>[0-5]\\d))?)?(?: ?(?<half>[ap])\\.?m\\.?)?)";

const ISO_TIME =
  /^(?<date>\d{4}-\d\d-\d\d)[t ](?<clock>(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?) ?(?<offset>z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?$/i;
const HOURS =
  /^(?:in (?<ahead>\d{1,4}|an?) (?<unit>hour|minute)s?(?: from now)?|(?<count>\d{1,4}|an?) (?<units>hour|minute)s? (?<way>ago|from now))$/;
const DAY_THEN_CLOCK = new RegExp(`^(?<day>.+?)(?:,| at|,? @)? ${CLOCK}$`);
const CLOCK_THEN_DAY = new RegExp(`^(?:at )?${CLOCK}(?:,| on)? (?<day>.+)$`);
const RANGE = /^(?:from )?(.+?)(?: (?:to|until|till|through|-|–) | ?\.\. ?)(.+)$/;
const BETWEEN = /^between (.+?) and (.+)$/;
/**
 * Small words that change nothing. They do before "the last week", which may be the past seven days or the calendar
 * week: that is left as it is, and so refused.
 */
const LEAD =
  /^(?!(?:\w+ )?the (?:last|next) (?:week|month|quarter|year)$)(?:(?:in|on|within|over|during|for) )?(?:the )?/;

/**
 * What phrases mean. "next friday" is the first one after today, "last friday" the last one before, "this friday" that
 * of the week we are in. "last week" is the calendar week before this one, but "last 2 weeks" are counted back from
 * today and "next 2 weeks" onward, today included: "next 7 days" is today and the seven days after. Weeks run from
 * Monday to Sunday, so "end of this week" is Sunday.
 */
const rules: readonly Rule[] = [
  rule("(?<date>\\d{4}([-/])\\d\\d\\2\\d\\d)", ({ date = "" }) => {
    return day(DateTime.fromISO(date.replaceAll("/", "-"), { zone: "utc" }));
  }),
  rule(`(?<word>${Object.keys(shifts).join("|")})`, ({ word = "" }, today) => {
    return day(today.plus({ day: Number(shifts[word]) }));
  }),
  rule(`${COUNT} ${UNIT} ago`, (words, today) => day(step(today, words, -1))),
  rule(`in ${COUNT} ${UNIT}(?: from now)?`, (words, today) => day(step(today, words, 1))),
  rule(`${COUNT} ${UNIT} (?:from (?:now|today)|hence)`, (words, today) => {
    return day(step(today, words, 1));
  }),
  rule(`next ${WEEKDAY}`, ({ weekday }, today) => {
    return day(today.plus({ day: ((numberOf(weekdays, weekday) - today.weekday + 6) % 7) + 1 }));
  }),
  rule(`(?:last|previous) ${WEEKDAY}`, ({ weekday }, today) => {
    return day(today.minus({ day: ((today.weekday - numberOf(weekdays, weekday) + 6) % 7) + 1 }));
  }),
  rule(`this ${WEEKDAY}`, ({ weekday }, today) => weekdayIn(today, weekday)),
  rule(`${WEEKDAY}(?: of)? ${WHICH} week`, ({ weekday, which }, today) => {
    return weekdayIn(today.plus({ week: shiftOf(which) }), weekday);
  }),
  rule("(?<which>this|last) weekend", ({ which }, today) => {
    const monday = today.plus({ week: shiftOf(which) }).startOf("week");
    return { from: monday.plus({ day: 5 }), to: monday.plus({ day: 6 }) };
  }),
  rule(`${WHICH} ${PERIOD}`, ({ which, unit }, today) => {
    const period = periodNamed(unit);
    return whole(today.plus({ [period]: shiftOf(which) }), period);
  }),
  rule(`(?:last|past) ${COUNT} ${UNIT}`, (words, today) => {
    return { from: step(today, words, -1).plus({ day: 1 }), to: today };
  }),
  rule(`next ${COUNT} ${UNIT}`, (words, today) => ({ from: today, to: step(today, words, 1) })),
  rule(`(?:${PERIOD} to date|(?<letter>[wmqy])td)`, ({ unit, letter }, today) => {
    return { from: today.startOf(periodNamed(unit ?? letter)), to: today };
  }),
  rule(`rest of (?:the |this )?${PERIOD}`, ({ unit }, today) => {
    return { from: today, to: whole(today, periodNamed(unit)).to };
  }),
  rule("(?<edge>start|beginning|end|first day|last day) of (?:the )?(?<of>.+)", (words, today) => {
    const { edge = "", of = "" } = words;
    const span = readDays(/^(?:week|month|quarter|year)$/.test(of) ? `this ${of}` : of, today);
    if (!span || +span.from === +span.to) return undefined;
    return day(/^(?:end|last)/.test(edge) ? span.to : span.from);
  }),
  rule("since (?<start>.+)", ({ start = "" }, today) => {
    const days = readDays(start, today);
    return days && { from: days.from, to: today };
  }),
  rule(YEAR, ({ year }, today) => whole(quarterStart(yearOf(year, today), 1), "year")),
  rule(`${MONTH}(?: of|,)? ${YEAR}`, ({ month, year }, today) => {
    return whole(DateTime.utc(yearOf(year, today), numberOf(months, month)), "month");
  }),
  rule("(?<month>\\d{4}-\\d\\d)", ({ month = "" }) => {
    return whole(DateTime.fromISO(`${month}-01`, { zone: "utc" }), "month");
  }),
  rule(`q(?<quarter>[1-4])(?: of|,)?[ -]${YEAR}`, ({ quarter, year }, today) => {
    return whole(quarterStart(yearOf(year, today), Number(quarter)), "quarter");
  }),
  rule(`${YEAR}[ -]?q(?<quarter>[1-4])`, ({ quarter, year }, today) => {
    return whole(quarterStart(yearOf(year, today), Number(quarter)), "quarter");
  }),
  rule(`(?<nth>${ordinals.join("|")}) quarter(?: of|,)? ${YEAR}`, ({ nth = "", year }, today) => {
    return whole(quarterStart(yearOf(year, today), (ordinals.indexOf(nth) % 4) + 1), "quarter");
  }),
  rule("(?<year>\\d{4})-?w(?<week>\\d\\d)", ({ year, week }) => isoWeek(year, week)),
  rule("week (?<week>\\d{1,2})(?: of|,)? (?<year>\\d{4})", ({ year, week }) => isoWeek(year, week)),
];

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

function readDays(text: string, today: DateTime): Days | undefined {
  for (const words of new Set([text, text.replace(LEAD, "")]))
    for (const [pattern, read] of rules) {
      const found = pattern.exec(words);
      if (found) return read(found.groups ?? {}, today);
    }
  return readNamedDate(text.replace(LEAD, ""));
}

/**
 * A date with its month in letters and its year in full. Nothing relative comes this far: chrono reckons from the
 * clock of the machine, and takes the part of a text it knows for the whole.
 */
function readNamedDate(text: string): Days | undefined {
  const year = /\b\d{4}\b/.exec(text)?.[0];
  if (!year || !new RegExp(`\\b${MONTH}\\b`).test(text)) return undefined;
  const [found, ...more] = chrono.parse(text, { instant: new Date(0), timezone: 0 });
  if (found?.text !== text || more.length > 0 || found.end) return undefined;
  const { start } = found;
  if (!start.isCertain("day") || !start.isCertain("month") || start.isCertain("hour"))
    return undefined;
  const date = DateTime.utc(Number(year), start.get("month") ?? 0, start.get("day") ?? 0);
  if (start.get("year") !== date.year) return undefined;
  return start.isCertain("weekday") && start.get("weekday") !== date.weekday % 7
    ? undefined
    : day(date);
}

function rule(pattern: string, read: Rule[1]): Rule {
  return [new RegExp(`^(?:${pattern})$`), read];
}

function day(date: DateTime): Days {
  return { from: date, to: date };
}

function whole(date: DateTime, period: Period): Days {
  return { from: date.startOf(period), to: date.endOf(period).startOf("day") };
}

function weekdayIn(date: DateTime, weekday: string | undefined): Days {
  return day(date.startOf("week").plus({ day: numberOf(weekdays, weekday) - 1 }));
}

function quarterStart(year: number, quarter: number): DateTime {
  return DateTime.utc(year, quarter * 3 - 2);
}

function isoWeek(year: string | undefined, week: string | undefined): Days {
  const monday = { weekYear: Number(year), weekNumber: Number(week), weekday: 1 as const };
  return whole(DateTime.fromObject(monday, { zone: "utc" }), "week");
}

function step(from: DateTime, { count, unit = "" }: Words, direction: 1 | -1): DateTime {
  const steps = countOf(count) * direction;
  return unit === "fortnight" ? from.plus({ week: 2 * steps }) : from.plus({ [unit]: steps });
}

function countOf(word = ""): number {
  if (/^\d/.test(word)) return Number(word);
  return /^an?$/.test(word) ? 1 : numerals.indexOf(word) + 1;
}

/** The place of a name in a list of names cut to three letters, from 1. */
function numberOf(names: readonly string[], name = ""): number {
  return names.indexOf(name.slice(0, 3)) + 1;
}

function shiftOf(which = ""): number {
  if (which === "next") return 1;
  return which === "last" || which === "previous" ? -1 : 0;
}

function yearOf(word = "", today: DateTime): number {
  return /^\d/.test(word) ? Number(word) : today.year + shiftOf(word.split(" ")[0]);
}

function periodNamed(word = ""): Period {
  const periods = ["week", "month", "quarter"] as const;
  return periods.find((period) => period[0] === word[0]) ?? "year";
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
