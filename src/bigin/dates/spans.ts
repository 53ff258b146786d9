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
