/** Letters of one alphabet, up to three digits, one of everything else: about how o200k cuts text. */
const pieces = /\p{Script=Latin}+|\p{N}{1,3}|[\p{L}\p{M}]|\s+|[^\p{L}\p{M}\p{N}\s]+/gu;

/**
 * About how many tokens a text costs a model (o200k), erring on the high side. Exact counting would need the
 * tokeniser's table, which is larger than the rest of the program; a test holds this against it.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(pieces)) tokens += costOf(piece);
  return Math.ceil(tokens);
}

function costOf(piece: string): number {
  if (/^\s/.test(piece)) return piece.length > 1 ? 1 : 0.1;
  if (/^\p{Script=Latin}/u.test(piece)) return costOfWord(piece);
  if (/^[\p{L}\p{M}]/u.test(piece)) return 0.9;
  if (/^\p{N}/u.test(piece)) return 1;
  return Math.max(1, piece.length / (/^[",:[\]{}]+$/.test(piece) ? 2.5 : 1.6));
}

/** Words a tokeniser knows are cheap; letters with marks, and letters nobody can pronounce, are not. */
function costOfWord(word: string): number {
  const marked = word.match(/[^A-Za-z]/g)?.length ?? 0;
  const clusters = word.match(/[^aeiouy]{3,}/gi)?.join("").length ?? 0;
  return Math.max(1, word.length / 4.2 + marked + clusters / 7);
}
