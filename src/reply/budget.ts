import { rowRanges, runsOf } from "../shared/row-numbers.ts";
import { estimateTokens } from "./tokens.ts";

/** Tokens reserved for the note that the server adds to a reply: which of several connections was used. */
const addedByServer = 60;

/** Estimated tokens of a part of a reply, as JSON. */
export function tokensOf(value: unknown): number {
  return estimateTokens(JSON.stringify(value));
}

/** How many tokens of a reply are left after the parts that it must have. */
export function roomBeside(envelope: unknown, replyTokens: number): number {
  return replyTokens - addedByServer - tokensOf(envelope);
}

/** How many of these items fit into `room` tokens, counted from the first. */
export function fitting(items: readonly unknown[], room: number): number {
  let tokens = 0;
  const over = items.findIndex((item) => {
    tokens += estimateTokens(`${JSON.stringify(item)},`);
    return tokens > room;
  });
  return over === -1 ? items.length : over;
}

/** The items that fit into `room` tokens, but at least the first, so that each page advances. */
export function fittingOrFirst<T>(items: readonly T[], room: number): T[] {
  return items.slice(0, Math.max(1, fitting(items, room)));
}

/** The items that fit into `room` tokens. If some do not, a last item made by `left` says how many. */
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

/** The ranges of row numbers that fit into `room` tokens, but at least the first, and how many rows they cover. */
export function rangesThatFit(
  numbers: readonly number[],
  room: number,
): { rows: string; count: number } {
  const spans = runsOf(numbers);
  const texts = spans.map(([first, last]) => `${first}-${last}`);
  const shown = spans.slice(0, Math.max(1, fitting(texts, room)));
  const count = shown.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return { rows: rowRanges(numbers.slice(0, count)), count };
}

const shortestText = 20;
const tries = 12;

/**
 * Renders with the largest limit on the length of texts, between 20 and `longest` characters, at which the result fits
 * into `room` tokens. All texts share the limit, so the longest are cut first. `fits` is false if even 20 is too much.
 */
export function shortenedToFit<T>(
  render: (longest: number) => T,
  longest: number,
  room: number,
): { shown: T; fits: boolean } {
  const whole = render(longest);
  if (tokensOf(whole) <= room) return { shown: whole, fits: true };
  let best = render(shortestText);
  if (tokensOf(best) > room) return { shown: best, fits: false };
  let [low, high] = [shortestText, longest];
  for (let tried = 0; tried < tries; tried += 1) {
    const middle = Math.round(Math.sqrt(low * high));
    const shown = render(middle);
    if (tokensOf(shown) > room) high = middle;
    else [low, best] = [middle, shown];
  }
  return { shown: best, fits: true };
}
