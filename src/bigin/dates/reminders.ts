import { badArguments } from "../../shared/failure.ts";
import type { Field } from "../schema/fields.ts";
import { isObject } from "../values.ts";
import { asGiven, type Resolvers, wrong } from "../write/field-values.ts";

// Reminders, recurrence and participants of tasks and events, from plain words to the forms in which Zoho's SDKs for the
// CRM engine write them (docs/reference/bigin-api.md §6). A value that has such a form already is passed on.

const units = ["minute", "hour", "day", "week"] as const;
const before = /^(\d{1,3}|an?) (minute|hour|day|week)s?(?: before)?$/i;
/** When a task's reminder goes off if only a number of days is given. */
const usualClock = "09:00";

/** A task's reminder: a day with a time, or how long before the due date. */
export async function readAlarm(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<unknown> {
  if (isObject(value)) return stored(value, ["ALARM"], field);
  const text = typeof value === "string" ? value.trim() : "";
  const time = before.test(text)
    ? await timeBefore(text, field, resolvers)
    : await resolvers.when(text);
  if (time?.kind === "instant")
    return { ALARM: `FREQ=NONE;ACTION=EMAIL;TRIGGER=DATE-TIME:${time.iso}` };
  throw wrong(
    field,
    'is a day with a time, such as "tomorrow at 9:30", or "1 day before" the due date',
    value,
  );
}

/** A value in the form in which a record shows it, which has these keys. */
function stored(value: Record<string, unknown>, keys: readonly string[], field: Field): unknown {
  if (keys.every((key) => isFilled(value[key]))) return asGiven(value, field);
  throw wrong(field, `is plain words, or has ${keys.join(" and ")} as a record shows it`, value);
}

function isFilled(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && value !== "");
}

async function timeBefore(text: string, field: Field, { begins, when }: Resolvers) {
  const { count, unit } = spanIn(text);
  const due = await begins?.();
  if (due === undefined)
    throw badArguments(
      `${field.label}: "${text}" needs a due date. Set one in the same row, or give a day with a time.`,
    );
  if (unit === "minute" || unit === "hour")
    throw badArguments(
      `${field.label}: a task has a due date without a time, so "${text}" is not a time. Give a day with a time.`,
    );
  const days = count * (unit === "week" ? 7 : 1);
  const date = new Date(`${due.slice(0, 10)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - days);
  return when(`${date.toISOString().slice(0, 10)} ${usualClock}`);
}

/** The reminders of an event: how long before it begins, one or several. */
export function readReminders(value: unknown, field: Field): unknown {
  const list = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (isObject(one)) return stored(one, ["unit", "period"], field);
    if (typeof one === "string" && before.test(one.trim())) {
      const { count, unit } = spanIn(one);
      return { unit: count, period: `${unit}s` };
    }
    throw wrong(field, 'is a time before the start, such as "1 day before"', one);
  });
}

function spanIn(text: string): { count: number; unit: (typeof units)[number] } {
  const [, count = "", word = ""] = before.exec(text.trim()) ?? [];
  const unit = units.find((one) => one === word.toLowerCase()) ?? "day";
  return { count: /^\d/.test(count) ? Number(count) : 1, unit };
}

const frequencies: ReadonlyMap<string, string> = new Map([
  ["day", "DAILY"],
  ["week", "WEEKLY"],
  ["month", "MONTHLY"],
  ["year", "YEARLY"],
]);
const adverbs: ReadonlyMap<string, string> = new Map([
  ["daily", "every day"],
  ["weekly", "every week"],
  ["monthly", "every month"],
  ["yearly", "every year"],
  ["annually", "every year"],
]);
const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const recurring = /^every (?:([1-9]\d?|other) )?([a-z]+?)s?(?: (?:until|till) (.+))?$/;

/**
 * Recurrence in words: "every Monday until June", "every 2 weeks", "monthly until 2027-03-31". A month or a span as the end
 * is included; a month without a year is the next one.
 */
export async function readRecurrence(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<unknown> {
  if (isObject(value)) return stored(value, ["RRULE"], field);
  const rule = typeof value === "string" ? ruleIn(value) : undefined;
  const start = (await resolvers.begins?.())?.slice(0, 10) ?? (await today(resolvers));
  const end = rule?.until === undefined ? undefined : await lastDay(rule.until, start, resolvers);
  if (!rule || (rule.until !== undefined && end === undefined))
    throw wrong(
      field,
      'says how often and until when, such as "every Monday until June" or "every 2 weeks"',
      value,
    );
  const until = end === undefined ? [] : [`UNTIL=${end}`];
  return { RRULE: [...rule.parts, ...until, `DTSTART=${start}`].join(";") };
}

interface Recurrence {
  parts: string[];
  until: string | undefined;
}

function ruleIn(text: string): Recurrence | undefined {
  const [word = "", ...rest] = text.trim().toLowerCase().split(/\s+/);
  const phrase = [adverbs.get(word) ?? word, ...rest].join(" ");
  const [, count = "1", what = "", until] = recurring.exec(phrase) ?? [];
  // "Every other weekday" can mean several things.
  if (what === "weekday" && count !== "1") return undefined;
  const days = daysNamed(what);
  const frequency = days ? "WEEKLY" : frequencies.get(what);
  if (!frequency) return undefined;
  const interval = `INTERVAL=${count === "other" ? 2 : count}`;
  const byDay = days ? [`BYDAY=${days.join(",")}`] : [];
  return { parts: [`FREQ=${frequency}`, interval, ...byDay], until };
}

/** The days of a week that a word names, as RRULE has them: a day, by three letters or more, or "weekday". */
function daysNamed(word: string): string[] | undefined {
  const short = (day: string) => day.slice(0, 2).toUpperCase();
  if (word === "weekday") return weekdays.slice(0, 5).map(short);
  const day = word.length >= 3 && weekdays.find((one) => one.startsWith(word));
  return day ? [short(day)] : undefined;
}

/** The last day of a date, a span or a month that is not before `start`; undefined for any other text. */
async function lastDay(
  text: string,
  start: string,
  { when }: Resolvers,
): Promise<string | undefined> {
  const year = Number(start.slice(0, 4));
  for (const phrase of [text, `${text} ${year}`, `${text} ${year + 1}`]) {
    const end = await when(phrase);
    const day = end?.kind === "day" ? end.date : end?.kind === "span" ? end.to : undefined;
    if (day !== undefined && day >= start) return day;
  }
  return undefined;
}

async function today({ when }: Resolvers): Promise<string> {
  const now = await when("today");
  return now?.kind === "day" ? now.date : "";
}

/** The participants of an event: e-mail addresses, users ("me") and contacts by name or id. */
export async function readParticipants(
  value: unknown,
  field: Field,
  resolvers: Resolvers,
): Promise<unknown[]> {
  const list = Array.isArray(value) ? value : [value];
  return Promise.all(list.map((one) => readParticipant(one, field, resolvers)));
}

async function readParticipant(
  value: unknown,
  field: Field,
  { personIfAny, record }: Resolvers,
): Promise<unknown> {
  if (isObject(value)) return stored(value, ["type", "participant"], field);
  const name = typeof value === "string" ? value.trim() : "";
  if (name === "")
    throw wrong(field, "is a list of e-mail addresses, users and contacts, by name or id", value);
  if (/^[^\s@]+@[^\s@]+$/.test(name)) return { type: "email", participant: name };
  const user = await personIfAny(name);
  if (user) return { type: "user", participant: user.id };
  return { type: "contact", participant: (await record("Contacts", name)).id };
}
