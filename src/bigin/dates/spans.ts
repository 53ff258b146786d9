// This file must not import luxon: tools that only print dates import it, and loading luxon slows every start.
// test/main.test.ts checks this.

import type { When } from "./dates.ts";

/** The first and last calendar day of a When, as `YYYY-MM-DD`. */
export function daysOf(when: When): { from: string; to: string } {
  switch (when.kind) {
    case "day":
      return { from: when.date, to: when.date };
    case "span":
      return { from: when.from, to: when.to };
    case "instant":
      return { from: when.iso.slice(0, 10), to: when.iso.slice(0, 10) };
  }
}

/** A When as replies show it: a day, "2026-11-01 to 2026-11-30", or an instant. */
export function shownWhen(when: When): string {
  const { from, to } = daysOf(when);
  if (when.kind === "instant") return when.iso;
  return from === to ? from : `${from} to ${to}`;
}

const dayMs = 86_400_000;

/** A date or a time with its weekday and its distance from `today`: "2026-12-04 (Friday, in 7 days)". */
export function dayInWords(date: string, today: string): string {
  const day = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
  const weekday = new Date(day).toLocaleDateString("en", { weekday: "long", timeZone: "UTC" });
  return `${date} (${weekday}, ${distance(Math.round((day - Date.parse(today)) / dayMs))})`;
}

function distance(days: number): string {
  if (days === 0) return "today";
  const count = Math.abs(days) === 1 ? "1 day" : `${Math.abs(days)} days`;
  return days > 0 ? `in ${count}` : `${count} ago`;
}
