/**
 * Characters of all problems: less than the length to which error messages are cut, so that "And 3 more." is never cut
 * off.
 */
const messageCharacters = 1_800;
/** Characters of one problem, which may quote a long value. */
const problemCharacters = 600;

/** A problem with one row. `row` counts from 0. */
export interface RowProblem {
  row: number;
  sentence: string;
}

/** Runs of consecutive numbers: 1, 2, 3, 7 are [1, 3] and [7, 7]. The numbers must be in ascending order. */
export function runsOf(numbers: readonly number[]): [first: number, last: number][] {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && number === run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

/** Row numbers in ascending order as text: "1-100, 103". */
export function rowRanges(rows: readonly number[]): string {
  return runsOf(rows)
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
    .join(", ");
}

/**
 * Each different sentence once, after the numbers (from 1) of the rows it is about. `rows` is the number of rows of the
 * call. If it is 1, no row numbers are given.
 */
export function sentencesByRows(problems: readonly RowProblem[], rows: number): string[] {
  const rowsOf = new Map<string, Set<number>>();
  for (const { row, sentence } of problems.toSorted((a, b) => a.row - b.row))
    rowsOf.set(sentence, (rowsOf.get(sentence) ?? new Set()).add(row + 1));
  return [...rowsOf].map(([sentence, about]) =>
    rows > 1
      ? `${about.size > 1 ? "Rows" : "Row"} ${rowRanges([...about])}: ${sentence}`
      : sentence,
  );
}

/** All problems of a call with `rows` rows as one error message. The last `unchecked` rows were not checked. */
export function problemsMessage(
  problems: readonly RowProblem[],
  rows: number,
  unchecked = 0,
): string {
  const sentences = sentencesByRows(problems, rows).map(cut);
  const shown = thoseThatFit(sentences);
  const left = sentences.length - shown.length;
  const more = left > 0 ? ` And ${left} more.` : "";
  const last = unchecked === 1 ? "The last row was" : `The last ${unchecked} rows were`;
  const rest = unchecked > 0 ? ` ${last} not checked.` : "";
  return `${shown.join(" ")}${more}${rest}`;
}

function cut(sentence: string): string {
  return sentence.length > problemCharacters
    ? `${sentence.slice(0, problemCharacters)}…`
    : sentence;
}

function thoseThatFit(sentences: readonly string[]): string[] {
  let left = messageCharacters;
  return sentences.filter((sentence) => {
    left -= sentence.length + 1;
    return left > 0;
  });
}
