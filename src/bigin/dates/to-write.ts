import { DateTime } from "luxon";
import {
  clockThenDay,
  dayThenClock,
  isoTime,
  localClock,
  phraseOf,
  readWhen,
  todayIn,
  type When,
} from "./dates.ts";
import { plainWeekday, readDays } from "./phrases.ts";

/** A day or a time that does not exist, with the reason as the end of a sentence. */
export interface NoSuchTime {
  kind: "none";
  why: string;
}

const dayMinutes = 24 * 60;

/**
 * Like `readWhen`, for values that are written. A plain weekday is the next such day, because people plan ahead: on a Friday
 * "friday" is a week away. A local time that the clocks skip is not moved, and a day that its month does not have is told
 * apart from text that is no date.
 */
export function readWhenToWrite(
  text: string,
  zone: string,
  now: Date,
): When | NoSuchTime | undefined {
  const phrase = withNextWeekday(phraseOf(text));
  const today = todayIn(zone, now);
  const { date, clock, offset } = isoTime.exec(phrase)?.groups ?? {};
  const local = date ? (offset ? undefined : `${date}T${clock}`) : localClock(phrase, today);
  const nearest = local === undefined ? undefined : aroundGap(local, zone);
  if (nearest)
    return {
      kind: "none",
      why: `does not exist, because the clocks in ${zone} skip it: the nearest times are ${nearest.join(" and ")}`,
    };
  const when = readWhen(phrase, zone, now);
  // A day without its year exists in no year if it does not exist in a leap year.
  const texts = [date, dayIn(phrase), phrase].flatMap((one) => (one ? [one, `${one} 2028`] : []));
  const days = texts.map((one) => readDays(one, today));
  const isMissing = days.some((one) => one && !(one.from.isValid && one.to.isValid));
  return when ?? (isMissing ? { kind: "none", why: "names a day that does not exist" } : undefined);
}

/** The phrase with "next" before a plain weekday, with or without a time of day. */
function withNextWeekday(phrase: string): string {
  const day = dayIn(phrase) ?? phrase;
  const { weekday } = plainWeekday.exec(day)?.groups ?? {};
  return weekday === undefined ? phrase : phrase.replace(day, `next ${weekday}`);
}

/** The day in a phrase with a time of day. */
function dayIn(phrase: string): string | undefined {
  return (dayThenClock.exec(phrase) ?? clockThenDay.exec(phrase))?.groups?.["day"];
}

/** The last local time before a gap and the first one after it; undefined if the local time exists. */
function aroundGap(local: string, zone: string): [string, string] | undefined {
  const time = DateTime.fromISO(local, { zone });
  const asked = DateTime.fromISO(local, { zone: "utc" });
  // Luxon moves a time that does not exist forward.
  if (!time.isValid || clockIn(time) === clockIn(asked)) return undefined;
  const { offset } = time;
  let [before, after] = [0, dayMinutes];
  const minute = (count: number) => time.startOf("minute").minus({ minute: dayMinutes - count });
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (minute(middle).offset === offset) after = middle;
    else before = middle;
  }
  return [clockIn(minute(before)), clockIn(minute(after))];
}

function clockIn(time: DateTime): string {
  return time.toFormat("yyyy-MM-dd HH:mm");
}
