import { Failure } from "../failure.ts";

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
  // Half of a surrogate pair goes as the sign for a broken character.
  return encodeURIComponent(Buffer.from(name).toString());
}
