import type { When } from "../dates/dates.ts";
import { dayInWords } from "../dates/spans.ts";
import { kindOf } from "../field-types.ts";
import type { Field } from "../schema/fields.ts";
import { isObject } from "../values.ts";
import type { Resolvers } from "../write/field-values.ts";

/** What a text in a row was taken for: a user or a record, or a date, a time or a rule. */
export type Resolved = { field: string; text: string } & (
  | { name: string; id: string }
  | { meaning: string }
);

/** The resolvers; each user and each record that they find is passed to `found`. */
export function noting(
  resolvers: Resolvers,
  { apiName: field }: Field,
  found: (one: Resolved) => void,
): Resolvers {
  const noted = <T extends { id: string; name: string }>(text: string, one: T): T => {
    // If only an id is known, the name is the id.
    if (one.name !== one.id) found({ field, text, name: one.name, id: one.id });
    return one;
  };
  return {
    ...resolvers,
    person: async (text) => noted(text, await resolvers.person(text)),
    personIfAny: async (text) => {
      const person = await resolvers.personIfAny(text);
      return person && noted(text, person);
    },
    record: async (module, text) => noted(text, await resolvers.record(module, text)),
  };
}

const isoLike = /^\d{4}-\d\d-\d\d/;

/** What a text was taken for in a field that holds a date, a time, a reminder or a recurrence. */
export async function timeNoted(
  field: Field,
  given: unknown,
  read: unknown,
  when: (text: string) => Promise<When | { kind: "none" } | undefined>,
): Promise<Resolved | undefined> {
  const meaning = meaningIn(field, read);
  if (typeof given !== "string" || meaning === undefined || isoLike.test(given.trim()))
    return undefined;
  const today = isoLike.test(meaning) ? await when("today") : undefined;
  const shown = today?.kind === "day" ? dayInWords(meaning, today.date) : meaning;
  return { field: field.apiName, text: given, meaning: shown };
}

function meaningIn(field: Field, value: unknown): string | undefined {
  if (isObject(value)) {
    const { ALARM: alarm, RRULE: rule } = value;
    if (typeof rule === "string") return rule;
    return typeof alarm === "string" ? alarm.split("TRIGGER=DATE-TIME:")[1] : undefined;
  }
  const isTime = ["date", "datetime"].includes(kindOf(field));
  return isTime && typeof value === "string" ? value : undefined;
}
