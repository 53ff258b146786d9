import { ranges, spansOf } from "../shared/row-numbers.ts";
import { estimateTokens } from "./tokens.ts";

/** What server.ts may add to a reply: which of several connections was used. */
const added = 60;

/** About how many tokens a part of a reply costs. */
export function tokensOf(value: unknown): number {
  return estimateTokens(JSON.stringify(value));
}

/** What is left of a reply's budget beside the parts that are certain. */
export function roomBeside(envelope: unknown, replyTokens: number): number {
  return replyTokens - added - tokensOf(envelope);
}

/** How many of these items, from the first on, fit. */
export function fitting(items: readonly unknown[], room: number): number {
  let tokens = 0;
  const over = items.findIndex((item) => {
    tokens += tokensOf(item) + 1;
    return tokens > room;
  });
  return over === -1 ? items.length : over;
}

/** The items that fit, but at least the first: a reply that shows nothing leads nowhere. */
export function fittingOrFirst<T>(items: readonly T[], room: number): T[] {
  return items.slice(0, Math.max(1, fitting(items, room)));
}

/** As many items as fit, and a last one that tells how many are missing. */
export function cutTo(
  items: readonly string[],
  room: number,
  left: (count: number) => string,
): string[] {
  const all = fitting(items, room);
  if (all === items.length) return [...items];
  const shown = fitting(items, room - tokensOf(left(items.length)));
  return [...items.slice(0, shown), left(items.length - shown)];
}

/** The ranges of row numbers that fit, the first in any case, and for how many rows they stand. */
export function rangesThatFit(
  numbers: readonly number[],
  room: number,
): { rows: string; count: number } {
  const spans = spansOf(numbers);
  const texts = spans.map(([first, last]) => `${first}-${last}`);
  const shown = spans.slice(0, Math.max(1, fitting(texts, room)));
  const count = shown.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return { rows: ranges(numbers.slice(0, count)), count };
}

const shortestText = 20;
const tries = 12;

/**
 * What `render` makes of the largest limit on the length of texts with which it fits, down to 20 characters. All
 * texts share one limit, so the longest are cut first.
 */
export function shortenedToFit<T>(
  render: (longest: number) => T,
  longest: number,
  room: number,
): { shown: T; fits: boolean; shortened: boolean } {
  const whole = render(longest);
  if (tokensOf(whole) <= room) return { shown: whole, fits: true, shortened: false };
  let best = render(shortestText);
  if (tokensOf(best) > room) return { shown: best, fits: false, shortened: true };
  let [low, high] = [shortestText, longest];
  for (let tried = 0; tried < tries; tried += 1) {
    const middle = Math.round(Math.sqrt(low * high));
    const shown = render(middle);
    if (tokensOf(shown) > room) high = middle;
    else [low, best] = [middle, shown];
  }
  return { shown: best, fits: true, shortened: true };
}
