import { strict as chrono } from "chrono-node/en";
import { DateTime } from "luxon";

type Period = "week" | "month" | "quarter" | "year";

/** Whole days, as midnights in UTC: there no change of clocks can move a date. */
export interface Days {
  from: DateTime;
  to: DateTime;
}

export type Words = Readonly<Record<string, string | undefined>>;
type Rule = readonly [pattern: RegExp, read: (words: Words, today: DateTime) => Days | undefined];

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

/** The days that a phrase or a date means, seen from today; undefined when it is none. */
export function readDays(text: string, today: DateTime): Days | undefined {
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

/** The number a word or digits stand for. */
export function countOf(word = ""): number {
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
