import { closest, distance } from "fastest-levenshtein";

/** " Did you mean "X"?" when a candidate is close enough to be a slip of the hand, else an empty string. */
export function nearest(given: string, candidates: readonly string[]): string {
  const name = nearestName(given, candidates);
  return name ? ` Did you mean "${name}"?` : "";
}

/** The candidate at most a third of its letters away, case and underscores aside. */
function nearestName(given: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const wanted = fold(given);
  const folded = candidates.map(fold);
  const best = closest(wanted, folded);
  const limit = Math.ceil(Math.max(wanted.length, best.length) / 3);
  return distance(wanted, best) <= limit ? candidates[folded.indexOf(best)] : undefined;
}

function fold(text: string): string {
  return text.toLowerCase().replace(/[\s_-]+/g, "");
}
