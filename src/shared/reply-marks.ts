import { createHash } from "node:crypto";
import { cleanText } from "./clean-text.ts";

/**
 * What replies add to the texts of records. Agents copy texts from replies into writes, so each mark can be recognised
 * there: the markers around texts of outsiders are removed, and the marks of a cut are replaced by what was cut off, or
 * refused.
 */

const randomCharacters = 4;
const aMarker = / ?\[\/([\da-f]{8})\]|\[([\da-f]{8})\] ?/g;
/** The end of a text that is missing, or its beginning. */
const aTextCut = / ?⟦… (\d+) more characters after (\d+)⟧|⟦after (\d+) of (\d+)⟧ ?/g;
const someLeft = /⟦… \d+ more⟧/;
const anyCut = /⟦(?:… \d+ more(?: characters after \d+)?|after \d+ of \d+)⟧/;

/** A mark of eight characters: a random part, and its checksum, by which it is recognised in later calls. */
export function newMark(): string {
  const random = crypto.randomUUID().slice(0, randomCharacters);
  return random + checksum(random);
}

function checksum(random: string): string {
  return createHash("sha256")
    .update(`reply mark ${random}`)
    .digest("hex")
    .slice(0, randomCharacters);
}

function isOurs(mark: string): boolean {
  return mark.slice(randomCharacters) === checksum(mark.slice(0, randomCharacters));
}

/** The text without the markers of any reply. What only looks like a marker stays. */
export function withoutMarkers(text: string): string {
  const once = text.replace(aMarker, (whole, closing, opening) =>
    isOurs(closing ?? opening) ? "" : whole,
  );
  // Removing one may join the parts of another.
  return once === text ? text : withoutMarkers(once);
}

/** The `longest` characters of a text after the first `from`, with marks that say how many are missing, and where. */
export function cutText(text: string, longest: number, from: number): string {
  const part = text.slice(from);
  const beginning = from > 0 ? `⟦after ${from} of ${text.length}⟧ ` : "";
  if (part.length <= longest) return beginning + part;
  // Never cut between the two halves of a surrogate pair.
  const shown = part.slice(0, longest).replace(/[\ud800-\udbff]$/, "");
  const end = from + shown.length;
  return `${beginning}${shown} ⟦… ${text.length - end} more characters after ${end}⟧`;
}

/** What stands for the items of a list that are not shown. */
export function itemsLeft(count: number): string {
  return `⟦… ${count} more⟧`;
}

/** The first mark of a cut in a text; undefined if there is none. */
export function cutIn(text: string): string | undefined {
  return anyCut.exec(text)?.[0];
}

/**
 * A text with what was cut off, taken from the `whole` text that the record has. Undefined if that is not possible: the
 * record has another text by now, the marks are repeated, or stand for items of a list.
 */
export function restored(text: string, whole: string): string | undefined {
  const marks = [...text.matchAll(aTextCut)];
  // The record itself has such a text: nothing was cut.
  if (marks.length > 0 && marks.every(([mark]) => whole.includes(mark.trim()))) return text;
  const total = cleanText(whole).length;
  const isTrue = marks.every(({ 1: left, 2: after, 3: start, 4: of, index }) =>
    start === undefined
      ? Number(left) + Number(after) === total
      : Number(of) === total && text.slice(0, index).trim() === "",
  );
  const ends = marks.filter(([, , , start]) => start === undefined);
  const isOnce = ends.length <= 1 && marks.length - ends.length <= 1;
  if (!isTrue || !isOnce || someLeft.test(text)) return undefined;
  return text.replace(aTextCut, (_, _left, after, start) =>
    start === undefined
      ? whole.slice(placeOf(whole, Number(after)))
      : whole.slice(0, placeOf(whole, Number(start))),
  );
}

/** The place in `whole` before which it shows `count` characters. Invisible ones are not counted. */
function placeOf(whole: string, count: number): number {
  let shown = 0;
  let place = 0;
  for (const character of whole) {
    if (shown >= count) break;
    shown += cleanText(character).length;
    place += character.length;
  }
  return place;
}
