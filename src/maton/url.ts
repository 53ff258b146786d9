import { Failure } from "../shared/failure.ts";

/**
 * One segment of a path, whatever stands in it. A URL takes dots alone for a step up, even escaped, and an empty segment
 * is another path: no such name can be asked for.
 */
export function segment(name: string): string {
  if (/^\.{0,2}$/.test(name))
    throw new Failure({
      origin: "caller",
      kind: "bad_arguments",
      message: `"${name}" is no name or id that can be asked for.`,
    });
  return encoded(name);
}

/** Half of a surrogate pair, which JSON can carry and a URL cannot, goes as the sign for a broken character. */
export function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}
