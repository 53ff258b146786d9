/** Words, capitals, up to three digits, punctuation, any other character: roughly how o200k splits a text. */
const pieces = /_?[A-Z]?[a-z]+|[A-Z]+|\d{1,3}|[!-/:-@[-`{-~]{1,3}|[^\0-\x7f]| (?=\d)|\s{2,}/gu;

/** Tokens per character outside ASCII. Measured on names, which cost more than prose. */
const scripts: readonly (readonly [below: number, tokens: number])[] = [
  [0x0370, 0.9], // Latin letters with marks
  [0x1200, 0.55], // Greek, Cyrillic, Hebrew, Arabic, the scripts of India, Thai, Georgian
  [0x1e00, 2], // Ethiopic, Khmer and rarer ones
  [0x10000, 1.1], // punctuation, Chinese, Japanese, Korean
  [0x110000, 3.6], // emoji and everything rare
];

/**
 * A factor for safety: an estimate that is too high costs some rows of a page, but one that is too low exceeds the
 * reply's budget.
 */
const safety = 1.1;

/**
 * Estimates how many tokens (o200k) a text costs. An exact count would need the tokenizer's table, which is larger than
 * the rest of this program. On lists in English the estimate is about 1.1 times the count; decision 0009 has more.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const piece of text.match(pieces) ?? []) tokens += tokensOfPiece(piece);
  return Math.ceil(tokens * safety);
}

function tokensOfPiece(piece: string): number {
  const code = piece.codePointAt(0) ?? 0;
  if (code > 0x7f) return scripts.find(([below]) => code < below)?.[1] ?? 0;
  // Not an ASCII letter.
  if (code < 0x41 || (code > 0x5a && code < 0x61) || code > 0x7a) return 1;
  const isCapitals = piece.charCodeAt(1) <= 0x5a;
  return isCapitals ? piece.length * 0.6 : 1 + Math.max(0, piece.length - 5) / 4;
}
