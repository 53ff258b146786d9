import { DateTime } from "luxon";

type Period = "week" | "month" | "quarter" | "year";

/** A first and a last day, both included, as midnights in UTC, where no clock change can move a date. */
export interface Days {
  from: DateTime;
  to: DateTime;
}

/** The named groups of a match. */
export type Groups = Readonly<Record<string, string | undefined>>;
type Read = (groups: Groups, today: DateTime) => Days | undefined;
type Rule = readonly [pattern: RegExp, read: Read];

const numerals = "one two three four five six seven eight nine ten eleven twelve".split(" ");
const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const weekdays = "mon tue wed thu fri sat sun".split(" ");
const shifts: Groups = {
  today: "0",
  yesterday: "-1",
  tomorrow: "1",
  "day after tomorrow": "2",
  "day before yesterday": "-2",
};
const ordinals = ["first", "second", "third", "fourth", "1st", "2nd", "3rd", "4th"];

const anyCount = `(?<count>\\d{1,4}|an?|${numerals.join("|")})`;
const anyUnit = "(?<unit>day|week|fortnight|month|quarter|year)s?";
const anyPeriod = "(?<unit>week|month|quarter|year)";
const anyWhich = "(?<which>this|current|next|last|previous)";
const anyYear = "(?<year>(?:19|20|21)\\d\\d|(?:this|next|last) year)";
const anyMonth =
  "(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const anyWeekday =
  "(?<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)";

/** A weekday alone. The next or the last one can be meant, so no rule reads it (to-write.ts). */
export const plainWeekday = new RegExp(`^(?:on )?${anyWeekday}$`);

// A date in words: a weekday if given, a day with or without its ending, a month, and the year in full.
const dayOfWeek = `(?:${anyWeekday}\\.?(?:, ?| ))?`;
const dayOfMonth = "(?:the )?(?<date>\\d{1,2})(?:st|nd|rd|th)?";
const fullYear = "(?<year>[1-9]\\d{3})";
const gap = "(?: of | ?, ?|[ ./-])";

/**
 * Leading words that do not change the meaning; they are removed. Before "the last week" they stay, so that no rule
 * reads it: it can mean the past seven days or the calendar week.
 */
const lead =
  /^(?!(?:\w+ )?the (?:last|next) (?:week|month|quarter|year)$)(?:(?:in|on|within|over|during|for) )?(?:the )?/;

/**
 * The meaning of each phrase. "next friday" is the first Friday after today, "last friday" the last one before today,
 * "this friday" the Friday of this week. "last week" is the previous calendar week, but "last 2 weeks" ends today, and
 * "next 2 weeks" begins today: "next 7 days" is today and the seven days after it. Weeks run from Monday to Sunday, so
 * "end of this week" is Sunday. A date in words has its year in full.
 */
const rules: readonly Rule[] = [
  rule("(?<date>\\d{4}([-/])\\d\\d\\2\\d\\d)", ({ date = "" }) => {
    return day(DateTime.fromISO(date.replaceAll("/", "-"), { zone: "utc" }));
  }),
  rule(`${dayOfWeek}${dayOfMonth}${gap}${anyMonth}${gap}${fullYear}`, namedDate),
  rule(`${dayOfWeek}${anyMonth}${gap}${dayOfMonth}${gap}${fullYear}`, namedDate),
  rule(`${dayOfWeek}${fullYear}${gap}${anyMonth}${gap}${dayOfMonth}`, namedDate),
  rule(`(?<word>${Object.keys(shifts).join("|")})`, ({ word = "" }, today) => {
    return day(today.plus({ day: Number(shifts[word]) }));
  }),
  rule(`${anyCount} ${anyUnit} ago`, (groups, today) => day(step(today, groups, -1))),
  rule(`in ${anyCount} ${anyUnit}(?: from now)?`, (groups, today) => day(step(today, groups, 1))),
  rule(`${anyCount} ${anyUnit} (?:from (?:now|today)|hence)`, (groups, today) => {
    return day(step(today, groups, 1));
  }),
  rule(`next ${anyWeekday}`, ({ weekday }, today) => {
    return day(today.plus({ day: ((numberOf(weekdays, weekday) - today.weekday + 6) % 7) + 1 }));
  }),
  rule(`(?:last|previous) ${anyWeekday}`, ({ weekday }, today) => {
    return day(today.minus({ day: ((today.weekday - numberOf(weekdays, weekday) + 6) % 7) + 1 }));
  }),
  rule(`this ${anyWeekday}`, ({ weekday }, today) => weekdayIn(today, weekday)),
  rule(`${anyWeekday}(?: of)? ${anyWhich} week`, ({ weekday, which }, today) => {
    return weekdayIn(today.plus({ week: shiftOf(which) }), weekday);
  }),
  rule("(?<which>this|last) weekend", ({ which }, today) => {
    const monday = today.plus({ week: shiftOf(which) }).startOf("week");
    return { from: monday.plus({ day: 5 }), to: monday.plus({ day: 6 }) };
  }),
  rule(`${anyWhich} ${anyPeriod}`, ({ which, unit }, today) => {
    const period = periodNamed(unit);
    return whole(today.plus({ [period]: shiftOf(which) }), period);
  }),
  rule(`(?:last|past) ${anyCount} ${anyUnit}`, (groups, today) => {
    return { from: step(today, groups, -1).plus({ day: 1 }), to: today };
  }),
  rule(`next ${anyCount} ${anyUnit}`, (groups, today) => ({
    from: today,
    to: step(today, groups, 1),
  })),
  rule(`(?:${anyPeriod} to date|(?<letter>[wmqy])td)`, ({ unit, letter }, today) => {
    return { from: today.startOf(periodNamed(unit ?? letter)), to: today };
  }),
  rule(`rest of (?:the |this )?${anyPeriod}`, ({ unit }, today) => {
    return { from: today, to: whole(today, periodNamed(unit)).to };
  }),
  rule("(?<edge>start|beginning|end|first day|last day) of (?:the )?(?<of>.+)", (groups, today) => {
    const { edge = "", of = "" } = groups;
    const span = readDays(/^(?:week|month|quarter|year)$/.test(of) ? `this ${of}` : of, today);
    if (!span || +span.from === +span.to) return undefined;
    return day(/^(?:end|last)/.test(edge) ? span.to : span.from);
  }),
  rule("since (?<start>.+)", ({ start = "" }, today) => {
    const days = readDays(start, today);
    return days && { from: days.from, to: today };
  }),
  rule(anyYear, ({ year }, today) => whole(quarterStart(yearOf(year, today), 1), "year")),
  rule(`${anyMonth}(?: of|,)? ${anyYear}`, ({ month, year }, today) => {
    return whole(DateTime.utc(yearOf(year, today), numberOf(months, month)), "month");
  }),
  rule("(?<month>\\d{4}-\\d\\d)", ({ month = "" }) => {
    return whole(DateTime.fromISO(`${month}-01`, { zone: "utc" }), "month");
  }),
  rule(`q(?<quarter>[1-4])(?: of|,)?[ -]${anyYear}`, ({ quarter, year }, today) => {
    return whole(quarterStart(yearOf(year, today), Number(quarter)), "quarter");
  }),
  rule(`${anyYear}[ -]?q(?<quarter>[1-4])`, ({ quarter, year }, today) => {
    return whole(quarterStart(yearOf(year, today), Number(quarter)), "quarter");
  }),
  rule(
    `(?<nth>${ordinals.join("|")}) quarter(?: of|,)? ${anyYear}`,
    ({ nth = "", year }, today) => {
      return whole(quarterStart(yearOf(year, today), (ordinals.indexOf(nth) % 4) + 1), "quarter");
    },
  ),
  rule("(?<year>\\d{4})-?w(?<week>\\d\\d)", ({ year, week }) => isoWeek(year, week)),
  rule("week (?<week>\\d{1,2})(?: of|,)? (?<year>\\d{4})", ({ year, week }) => isoWeek(year, week)),
];

/**
 * The days that an English phrase or a date means, relative to `today`; undefined for any other text. `text` is in
 * lower case with single spaces. A day that does not exist (31 February) comes back as an invalid DateTime.
 */
export function readDays(text: string, today: DateTime): Days | undefined {
  for (const phrase of new Set([text, text.replace(lead, "")]))
    for (const [pattern, read] of rules) {
      const found = pattern.exec(phrase);
      if (found) return read(found.groups ?? {}, today);
    }
  return undefined;
}

function rule(pattern: string, read: Read): Rule {
  return [new RegExp(`^(?:${pattern})$`), read];
}

function day(date: DateTime): Days {
  return { from: date, to: date };
}

/** A date with its month in letters; undefined if its weekday is wrong. */
function namedDate({ weekday, date, month, year }: Groups): Days | undefined {
  const named = DateTime.utc(Number(year), numberOf(months, month), Number(date));
  const isRightDay = !weekday || numberOf(weekdays, weekday) === named.weekday;
  return isRightDay ? day(named) : undefined;
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

function step(from: DateTime, { count, unit = "" }: Groups, direction: 1 | -1): DateTime {
  const steps = countOf(count) * direction;
  return unit === "fortnight" ? from.plus({ week: 2 * steps }) : from.plus({ [unit]: steps });
}

/** The number that a numeral, an article or digits stand for; 0 for any other word. */
export function countOf(word = ""): number {
  if (/^\d/.test(word)) return Number(word);
  return /^an?$/.test(word) ? 1 : numerals.indexOf(word) + 1;
}

/** The position, from 1, of a name in a list of names cut to three letters. */
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
