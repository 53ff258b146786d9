/** The median of many measurements, and the bounds of the middle half. */
export interface Figure {
  median: number;
  low: number;
  high: number;
}

export function figureOf(values: readonly number[]): Figure {
  return { median: at(values, 0.5), low: at(values, 0.25), high: at(values, 0.75) };
}

/** The value below which this share of the values lies, from 0 to 1. */
export function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below = Number.NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place % 1);
}

/** "12.3 (11.9–13.0)": the median and the middle half. */
export function shown({ median, low, high }: Figure, unit: string): string {
  return `${short(median)} ${unit} (${short(low)}–${short(high)})`;
}

export function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}

export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...rest] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rest.map(line)].join("\n");
}

/** Runs each in turn, over and over, so that noise of the machine affects all of them. */
export async function interleaved<T>(
  rounds: number,
  runs: readonly (() => Promise<T>)[],
): Promise<T[][]> {
  const results: T[][] = runs.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [at, run] of runs.entries()) results[at]?.push(await run());
  return results;
}
