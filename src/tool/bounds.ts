import { badArguments } from "../shared/failure.ts";

/** Bigin's longest text holds 32,000 characters, its longest name of anything a hundred. */
const longestText = 100_000;
const longestName = 300;
/** No module has so many fields. */
const namesAtMost = 1_000;
/** A deal's lines with their products stand five deep. */
const deepest = 30;

/** Refuses what no Bigin holds and what costs time to understand: texts of megabytes, and nesting without end. */
export function checkBounds(value: unknown, depth = 0): void {
  if (typeof value === "string") checkLength(value, longestText, "A text");
  if (typeof value !== "object" || value === null) return;
  if (depth === deepest)
    throw badArguments(`The arguments are nested more than ${deepest} levels deep.`);
  const entries = Object.entries(value);
  if (!Array.isArray(value) && entries.length > namesAtMost)
    throw badArguments(
      `An object in the arguments has ${entries.length} names; at most ${namesAtMost} are taken.`,
    );
  for (const [name, item] of entries) {
    checkLength(name, longestName, "A name");
    checkBounds(item, depth + 1);
  }
}

function checkLength(text: string, longest: number, what: string): void {
  if (text.length > longest)
    throw badArguments(
      `${what} in the arguments, "${text.slice(0, 40)}…", has ${text.length} characters; at most ${longest} are taken.`,
    );
}
