import { letterPairs } from "./letter-pairs.ts";
import { isSingleToken } from "./single-tokens.ts";

/** Capitals, a word, up to three digits, spaces, ASCII signs, or one other character: about how o200k cuts text. */
const pieces = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d{1,3}| +|[!-/:-@[-`{-~]+|[^\0]|\0/gu;

/**
 * About how many tokens a text costs a model (o200k). Exact counting would need the tokeniser's table, which is larger
 * than the rest of the program. Whatever its script, a text of some length is never counted more than a twentieth too
 * low, so that a reply keeps its budget; rows of English come out a tenth too high at most, other languages higher. A
 * test holds this against the tokeniser.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let index = 0;
  // Every character is in a piece. Matches with their places would be objects, and take twice as long.
  for (const piece of text.match(pieces) ?? []) {
    tokens += costOf(piece, text, index);
    index += piece.length;
  }
  return Math.ceil(tokens);
}

function costOf(piece: string, text: string, index: number): number {
  const code = piece.codePointAt(0) ?? 0;
  if (code > 0x7f) return costOfCharacter(code);
  if (isLower(code)) return costOfWord(piece);
  if (isUpper(code))
    return isLower(piece.charCodeAt(1)) ? costOfWord(piece) : costOfCapitals(piece);
  if (isDigit(code)) return 1;
  const next = text.charCodeAt(index + piece.length);
  return code === 0x20 ? costOfSpaces(piece, next) : costOfSigns(piece, next);
}

/** Words of capitals are seldom tokens of their own. */
function costOfCapitals(word: string): number {
  return Math.max(1, word.length * 0.62);
}

/** A space belongs to the word after it, but not to a number, and not to a letter that is several tokens. */
function costOfSpaces(spaces: string, next: number): number {
  if (spaces.length > 1 || isDigit(next)) return 1;
  return next > 0x7f ? 0.5 : 0.02;
}

/** What stands between the parts of JSON is one token each; so is many a word with the sign before it. */
function costOfSigns(signs: string, next: number): number {
  if (betweenParts.has(signs)) return signs.length > 4 ? 2 : 1;
  return signs.length === 1 && isLower(next) ? 0.75 : Math.max(1, signs.length * 0.715);
}

const betweenParts = new Set(['","', '":"', '":{"', '":["', '"],["', '",', ',"', '"]', '"}']);

/** Words a tokeniser knows are cheap; what nobody can pronounce is not, and least of all at length. */
function costOfWord(word: string): number {
  if (known.has(word)) return 1;
  let tenths = 0;
  for (let at = 1; at < word.length; at += 1)
    tenths += pairCost(word.charCodeAt(at - 1) | 0x20, word.charCodeAt(at));
  const strange = Math.min(0.4, tenths / 10 / (word.length - 1 || 1));
  const cost = 1 + (tenths / 10) * (0.48 + 2.6 * strange);
  return word.length > 16 ? Math.max(cost, word.length * 0.56) : cost;
}

/** Parts of values that are no words. */
const known = new Set(["null", "true", "false", "http", "https", "www"]);

function pairCost(first: number, second: number): number {
  return (letterPairs[first - 0x61]?.charCodeAt(second - 0x61) ?? 0x30) - 0x30;
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isUpper = (code: number) => code >= 0x41 && code <= 0x5a;
const isLower = (code: number) => code >= 0x61 && code <= 0x7a;

/** Where a character of a script costs less than one token a byte: its first character, and the cost from there on. */
const scripts: readonly (readonly [first: number, cost: number])[] = [
  [0x80, 1.2],
  [0xc0, 1.02],
  [0x100, 1.4],
  [0x180, 2],
  [0x370, 1.05],
  [0x3d0, 2],
  [0x400, 0.95],
  [0x450, 1.1],
  [0x460, 2],
  [0x530, 1],
  [0x58b, 2],
  [0x5d0, 0.74],
  [0x5eb, 2],
  [0x620, 0.97],
  [0x64b, 1.5],
  [0x660, 1.02],
  [0x66a, 1.6],
  [0x6dd, 2],
  [0x800, 3],
  [0x900, 1.12],
  [0x970, 1.1],
  [0xa00, 1.15],
  [0xb00, 1.26],
  [0xd80, 1.42],
  [0xe00, 1.08],
  [0xe80, 2],
  [0x1000, 1.32],
  [0x1050, 2],
  [0x10d0, 1.14],
  [0x1100, 3],
  [0x1200, 2.05],
  [0x1380, 3],
  [0x1780, 1.35],
  [0x1800, 3],
  [0x1e00, 1.72],
  [0x1f00, 2.25],
  [0x2000, 1.5],
  [0x2030, 2.1],
  [0x2800, 3],
  [0x3000, 1.4],
  [0x3020, 2.5],
  [0x3040, 1.19],
  [0x3100, 2.1],
  [0x3180, 3],
  [0x4e00, 2.05],
  [0xa000, 3],
  [0xac00, 2.32],
  [0xd7b0, 3],
  [0xff00, 1.45],
  [0xff60, 3],
  [0x10000, 4],
  [0x1d000, 3],
  [0x1f1e6, 2.05],
  [0x1f200, 3],
  [0x1f300, 2.25],
  [0x1f650, 3],
  [0x1f680, 2.3],
  [0x1f700, 3],
  [0x1f900, 2.5],
  [0x1fa00, 3],
  [0x20000, 4],
];

function costOfCharacter(code: number): number {
  if (isSingleToken(code)) return 1;
  let low = 0;
  let high = scripts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((scripts[middle]?.[0] ?? 0) <= code) low = middle;
    else high = middle;
  }
  return scripts[low]?.[1] ?? 4;
}
