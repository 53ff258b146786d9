import { badArguments } from "../shared/failure.ts";

/**
 * One segment of a path, percent-encoded. Throws a Failure for an empty name and for "." and "..": URLs read dots as a
 * step up, even when they are encoded, and an empty segment leads to another path.
 */
export function pathSegment(name: string): string {
  if (/^\.{0,2}$/.test(name)) throw badArguments(`"${name}" is not a valid name or id.`);
  return percentEncoded(name);
}

/** Half of a surrogate pair, which JSON can hold and a URL cannot, becomes U+FFFD. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
