import { day, stamp } from "../time.ts";

/** A time of the seed, in milliseconds after the moment a sandbox is created; negative for the past. */
export class RelativeTime {
  readonly offsetMs: number;

  constructor(offsetMs: number) {
    this.offsetMs = offsetMs;
  }
}

/** A day of the seed, in days after the day a sandbox is created. */
export class RelativeDay {
  readonly days: number;

  constructor(days: number) {
    this.days = days;
  }
}

/** The value as Bigin writes it. Values that are not relative stay as they are. */
export function resolveTime(value: unknown, now: number): unknown {
  if (value instanceof RelativeTime) return stamp(now + value.offsetMs);
  if (value instanceof RelativeDay) return day(now, value.days);
  return value;
}
