import type { When } from "./dates.ts";

/** The first and last calendar day of a stretch of time. */
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

/** A stretch of time as it is shown back: one day, from–to, or an instant. */
export function shownWhen(when: When): string {
  const { from, to } = daysOf(when);
  if (when.kind === "instant") return when.iso;
  return from === to ? from : `${from} to ${to}`;
}
