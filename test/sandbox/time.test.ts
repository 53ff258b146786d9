import fc from "fast-check";
import { IANAZone } from "luxon";
import { expect, test } from "vitest";
import { day, monthBounds, readStamp, stamp, zone, zoneOffsetMs } from "../../src/sandbox/time.ts";

const rules = IANAZone.create(zone);
const hourMs = 3_600_000;
const times = fc.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2100, 0) });

test("the offset is the time zone's at every moment, across all changes of the clocks", () => {
  fc.assert(
    fc.property(times, (ms) => {
      expect(zoneOffsetMs(ms)).toBe(rules.offset(ms) * 60_000);
    }),
  );
});

test("the offset changes at the very millisecond the clocks change", () => {
  const spring = Date.parse("2026-03-08T07:00:00Z");
  const autumn = Date.parse("2026-11-01T06:00:00Z");
  expect([spring - 1, spring].map(zoneOffsetMs)).toEqual([-5 * hourMs, -4 * hourMs]);
  expect([autumn - 1, autumn].map(zoneOffsetMs)).toEqual([-4 * hourMs, -5 * hourMs]);
});

test("a time reads back as it was written, to the second", () => {
  fc.assert(
    fc.property(times, (ms) => {
      expect(readStamp(stamp(ms))).toBe(Math.floor(ms / 1000) * 1000);
    }),
  );
});

test("days and months are those of the organisation, not of UTC", () => {
  const newYearInUtc = Date.parse("2027-01-01T04:59:00Z");
  expect(day(newYearInUtc)).toBe("2026-12-31");
  expect(day(newYearInUtc, 1)).toBe("2027-01-01");
  expect(monthBounds(newYearInUtc)).toEqual(["2026-12-01", "2026-12-31"]);
});
