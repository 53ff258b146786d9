import { closest, distance } from "fastest-levenshtein";

/** No name is longer. Comparing texts of megabytes would take a minute. */
const longestName = 300;

/**
 * ` Did you mean "X"?` with the closest candidate, or an empty string if none is close enough to be a typing mistake.
 */
export function didYouMean(given: string, candidates: readonly string[]): string {
  const name = closestName(given, candidates);
  return name ? ` Did you mean "${name}"?` : "";
}

/** The closest candidate with at most a third of its letters different. Case, spaces, "_" and "-" do not count. */
function closestName(given: string, candidates: readonly string[]): string | undefined {
  if (given.length > longestName) return undefined;
  const wanted = folded(given);
  const names = candidates.map(folded);
  // If the lengths differ too much, the letters need not be compared.
  const possible = names.filter(
    (name) => Math.abs(name.length - wanted.length) <= largestDistance(name, wanted),
  );
  if (possible.length === 0) return undefined;
  const best = closest(wanted, possible);
  return distance(wanted, best) <= largestDistance(wanted, best)
    ? candidates[names.indexOf(best)]
    : undefined;
}

function largestDistance(one: string, other: string): number {
  return Math.ceil(Math.max(one.length, other.length) / 3);
}

function folded(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, "");
}
