import fc from "fast-check";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { boundsOf, dateIn, periodOf, readWhen, wallTime } from "../../../src/bigin/dates/dates.ts";

const zones = ["America/New_York", "Africa/Nairobi", "Pacific/Auckland", "Asia/Kolkata", "UTC"];
/** A Tuesday, 21:44 in New York, already Wednesday further east. */
const now = new Date("2026-11-25T02:44:00Z");
const shown = (text: string, zone = "America/New_York", at = now) => {
  const when = readWhen(text, zone, at);
  if (when?.kind === "span") return `${when.from} to ${when.to}`;
  return when?.kind === "day" ? when.date : when?.iso;
};

const datesFrom = (min: string, max: string) =>
  fc.date({ min: new Date(min), max: new Date(max), noInvalidDate: true });

test.each([
  ["today", "2026-11-24"],
  ["Yesterday", "2026-11-23"],
  ["tomorrow", "2026-11-25"],
  ["2026-12-24", "2026-12-24"],
  ["next friday", "2026-11-27"],
  ["this friday", "2026-11-27"],
  ["last friday", "2026-11-20"],
  ["3 days ago", "2026-11-21"],
  ["in 2 weeks", "2026-12-08"],
  ["this week", "2026-11-23 to 2026-11-29"],
  ["last week", "2026-11-16 to 2026-11-22"],
  ["this month", "2026-11-01 to 2026-11-30"],
  ["next month", "2026-12-01 to 2026-12-31"],
  ["last 30 days", "2026-10-26 to 2026-11-24"],
  ["next 7 days", "2026-11-24 to 2026-12-01"],
  ["this quarter", "2026-10-01 to 2026-12-31"],
  ["this year", "2026-01-01 to 2026-12-31"],
  ["2027", "2027-01-01 to 2027-12-31"],
  ["Q1 2027", "2027-01-01 to 2027-03-31"],
  ["March 2027", "2027-03-01 to 2027-03-31"],
  ["end of next month", "2026-12-31"],
  ["2026-11-01 to 2026-11-10", "2026-11-01 to 2026-11-10"],
  ["December 24, 2026", "2026-12-24"],
  ["2026-11-24T10:00", "2026-11-24T10:00:00-05:00"],
  ["2026-11-24T10:00:00Z", "2026-11-24T05:00:00-05:00"],
])("%s is %s", (text, meaning) => {
  expect(shown(text)).toBe(meaning);
});

test.each([
  "2026-02-30",
  "smarch",
  "03/04/2026",
  "the day",
  "32 days",
  "",
  "2026-13",
  "at 3",
  "[]",
  "null",
])("%s is refused", (text) => {
  expect(readWhen(text, "UTC", now)).toBeUndefined();
});

/** "5th", "22nd": the day of a month with its ending. */
function ordinal({ day }: DateTime): string {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" } as const;
  const rule = new Intl.PluralRules("en", { type: "ordinal" }).select(day);
  return `${day}${ending[rule === "zero" || rule === "many" ? "other" : rule]}`;
}

/** In luxon's format; NTH is the day with its ending. */
const spellings = [
  "yyyy-MM-dd",
  "yyyy/MM/dd",
  "d MMMM yyyy",
  "d MMM yyyy",
  "d MMM. yyyy",
  "dd-MMM-yyyy",
  "d/MMM/yyyy",
  "d MMMM, yyyy",
  "NTH MMMM yyyy",
  "NTH 'of' MMMM, yyyy",
  "'the' NTH 'of' MMMM yyyy",
  "MMMM d, yyyy",
  "MMMM d yyyy",
  "MMM d, yyyy",
  "MMM. d, yyyy",
  "MMM-dd-yyyy",
  "MMMM NTH, yyyy",
  "MMMM 'the' NTH, yyyy",
  "yyyy MMMM d",
  "yyyy-MMM-dd",
];
const weekdays = ["cccc, ", "cccc ", "ccc ", "ccc, ", "ccc. "];
const inWords = spellings.filter((spelling) => spelling.includes("MMM"));

function spelled(date: DateTime, spelling: string): string {
  return date.setLocale("en").toFormat(spelling.replace("NTH", `'${ordinal(date)}'`));
}

const anyDate = datesFrom("1900-01-01", "2999-12-31").map((date) =>
  DateTime.fromJSDate(date, { zone: "utc" }).startOf("day"),
);

test.each(spellings)("any date written as %s reads as itself", (spelling) => {
  const given = fc.constantFrom("", ...(inWords.includes(spelling) ? weekdays : []));
  fc.assert(
    fc.property(anyDate, given, (date, weekday) => {
      const text = spelled(date, `${weekday}${spelling}`);
      expect(shown(text), text).toBe(date.toISODate());
      expect(shown(`On ${text.toUpperCase()}`), text).toBe(date.toISODate());
    }),
    { numRuns: 60 },
  );
});

test("a weekday that contradicts the date is refused", () => {
  const daysOff = fc.integer({ min: 1, max: 6 });
  const parts = [fc.constantFrom(...weekdays), fc.constantFrom(...inWords)] as const;
  fc.assert(
    fc.property(anyDate, daysOff, ...parts, (date, off, weekday, spelling) => {
      const text = `${spelled(date.plus({ day: off }), weekday)}${spelled(date, spelling)}`;
      expect(shown(text), text).toBeUndefined();
    }),
  );
});

test("a date in words without its full year, or on a day that does not exist, is refused", () => {
  fc.assert(
    fc.property(anyDate, fc.constantFrom(...inWords), (date, spelling) => {
      const withoutYear = spelled(date, spelling.replace(/[ ,/-]*yyyy[ -]?/, ""));
      expect(shown(withoutYear), withoutYear).toBeUndefined();
      const shortYear = spelled(date, spelling.replace("yyyy", "yy"));
      expect(shown(shortYear), shortYear).toBeUndefined();
    }),
  );
  for (const text of ["31 February 2026", "February 29, 2027", "2026 April 31", "0 May 2026"])
    expect(shown(text), text).toBeUndefined();
});

test("today is the day of the organisation, half an hour before and after its midnight", () => {
  for (const zone of zones) {
    const date = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
    for (const at of ["03-08T04", "03-08T05", "11-24T20", "11-24T21"]) {
      const halfPast = new Date(`2026-${at}:30:00Z`);
      expect(shown("today", zone, halfPast)).toBe(date.format(halfPast));
    }
  }
});

test("a date never moves: into its bounds and back, in every zone", () => {
  const days = datesFrom("1971-01-02", "2099-12-30");
  fc.assert(
    fc.property(days, fc.constantFrom(...zones), (day, zone) => {
      const date = day.toISOString().slice(0, 10);
      const when = readWhen(date, zone, now);
      expect(when).toEqual({ kind: "day", date });
      const { from, to } = boundsOf(when ?? { kind: "day", date: "" }, zone);
      expect([dateIn(from, zone), dateIn(to, zone)]).toEqual([date, date]);
      expect(Date.parse(from)).toBeLessThan(Date.parse(to));
      expect(wallTime(to, zone)?.slice(0, 10)).toBe(date);
    }),
  );
});

test("the wall time of an instant is the one its zone shows", () => {
  expect(wallTime("2026-11-24T02:44:23Z", "America/New_York")).toBe("2026-11-23 21:44:23");
  expect(wallTime("2026-07-04T23:30:00-04:00", "America/New_York")).toBe("2026-07-04 23:30");
  expect(wallTime("2026-07-04", "UTC")).toBeUndefined();
  expect(wallTime("nonsense", "UTC")).toBeUndefined();
});

test("a time as Bigin writes it is shown as the same instant in another spelling", () => {
  const clock = datesFrom("1970-01-01T00:00:00Z", "9100-01-01T00:00:00Z");
  const offset = fc.constantFrom("+00:00", "-11:30", "+05:30", "+14:00", "+01:00");
  const zone = fc.constantFrom(...zones, "Europe/Berlin", "Pacific/Apia", "UTC+3", "Nowhere/None");
  fc.assert(
    fc.property(clock, offset, zone, (date, behind, name) => {
      const stored = `${date.toISOString().slice(0, 19)}${behind}`;
      expect(wallTime(stored, name)).toBe(wallTime(stored.replace("T", " "), name));
    }),
    { numRuns: 500 },
  );
});

test("periods sort as their dates do", () => {
  const units = ["day", "week", "month", "quarter", "year"] as const;
  expect(units.map((unit) => periodOf("2026-11-24", unit))).toEqual([
    "2026-11-24",
    "2026-W48",
    "2026-11",
    "2026-Q4",
    "2026",
  ]);
  const days = datesFrom("1990-01-01", "2060-01-01");
  fc.assert(
    fc.property(days, days, fc.constantFrom(...units), (a, b, unit) => {
      const [first, second] = [a, b].map((day) => day.toISOString().slice(0, 10)).toSorted();
      expect(periodOf(first ?? "", unit) <= periodOf(second ?? "", unit)).toBe(true);
    }),
  );
});

test("no text makes it throw", () => {
  const words = fc.array(
    fc.constantFrom(
      "last",
      "next",
      "30",
      "days",
      "friday",
      "of",
      "the",
      "Q1",
      "2027",
      "-",
      "end",
      "to",
      "between",
      "and",
      "at",
      "3pm",
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        words.map((list) => list.join(" ")),
      ),
      fc.constantFrom(...zones),
      (text, zone) => {
        const when = readWhen(text, zone, now);
        if (when) boundsOf(when, zone);
      },
    ),
  );
});
