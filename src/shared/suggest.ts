import { closest, distance } from "fastest-levenshtein";

/** " Did you mean "X"?" when a candidate is close enough to be a slip of the hand, else an empty string. */
export function nearest(given: string, candidates: readonly string[]): string {
  const name = nearestName(given, candidates);
  return name ? ` Did you mean "${name}"?` : "";
}

/** No name is so long. Texts of megabytes would be compared for a minute. */
const longest = 300;

/** The candidate at most a third of its letters away, case and underscores aside. */
function nearestName(given: string, candidates: readonly string[]): string | undefined {
  if (given.length > longest) return undefined;
  const wanted = fold(given);
  const folded = candidates.map(fold);
  // Where the lengths alone are too far apart, nothing need be compared.
  const possible = folded.filter(
    (name) => Math.abs(name.length - wanted.length) <= limitOf(name, wanted),
  );
  if (possible.length === 0) return undefined;
  const best = closest(wanted, possible);
  return distance(wanted, best) <= limitOf(wanted, best)
    ? candidates[folded.indexOf(best)]
    : undefined;
}

function limitOf(one: string, other: string): number {
  return Math.ceil(Math.max(one.length, other.length) / 3);
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, "");
}
