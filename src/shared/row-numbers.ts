import { badArguments } from "./failure.ts";

/** Below what any error is cut to, so that what is left out is counted. */
const faultsCharacters = 1_800;
/** Of one fault, which may quote a long value. */
const faultCharacters = 600;

/** What is wrong with a row, counted from 0. */
export interface Fault {
  row: number;
  sentence: string;
}

/** Runs of consecutive numbers, which come in order: 1, 2, 3, 7 are [1, 3] and [7, 7]. */
export function spansOf(numbers: readonly number[]): [first: number, last: number][] {
  const spans: [first: number, last: number][] = [];
  for (const number of numbers) {
    const span = spans.at(-1);
    if (span && number === span[1] + 1) span[1] = number;
    else spans.push([number, number]);
  }
  return spans;
}

/** "1-100, 103" for row numbers in order. */
export function ranges(rows: readonly number[]): string {
  return spansOf(rows)
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
    .join(", ");
}

/** Each sentence once, behind the rows of a call with `rows` rows that it is about, counted from 1. */
export function toldByRows(faults: readonly Fault[], rows: number): string[] {
  const rowsOf = new Map<string, Set<number>>();
  for (const { row, sentence } of faults.toSorted((a, b) => a.row - b.row))
    rowsOf.set(sentence, (rowsOf.get(sentence) ?? new Set()).add(row + 1));
  return [...rowsOf].map(([sentence, at]) =>
    rows > 1 ? `${at.size > 1 ? "Rows" : "Row"} ${ranges([...at])}: ${sentence}` : sentence,
  );
}

/** Refuses a write with all its faults, in the order of its rows; of `unchecked` rows it says that nobody looked. */
export function refuseFaulty(faults: readonly Fault[], rows: number, unchecked = 0): void {
  if (faults.length === 0) return;
  const told = toldByRows(faults, rows).map(cut);
  const shown = within(told, faultsCharacters);
  const more = told.length > shown.length ? ` And ${told.length - shown.length} more.` : "";
  const rest = unchecked > 0 ? ` The last ${unchecked} rows were not checked.` : "";
  throw badArguments(`${shown.join(" ")}${more}${rest}`);
}

function cut(sentence: string): string {
  return sentence.length > faultCharacters ? `${sentence.slice(0, faultCharacters)}…` : sentence;
}

function within(sentences: readonly string[], characters: number): string[] {
  let left = characters;
  return sentences.filter((sentence) => {
    left -= sentence.length + 1;
    return left > 0;
  });
}
