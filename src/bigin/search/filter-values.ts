import { badArguments } from "../../shared/failure.ts";
import { kindOf, type Operator, operatorsOf, typeOf } from "../field-types.ts";
import { valuesPerFilter } from "../limits.ts";
import { type Field, hasOption } from "../schema/fields.ts";
import { arrayIn, partsOf, valuesIn } from "../value-lists.ts";
import type { Resolvers } from "../write/field-values.ts";

/** Looks up what the words in a filter mean. */
export interface FilterResolvers extends Resolvers {
  /** The name of a team pipeline, as deals hold it. */
  team(name: string): Promise<string>;
  /** Whether some record holds this text in the field. */
  isHeld(field: Field, text: string): Promise<boolean>;
}

const severalTaken: readonly Operator[] = ["in", "not_in", "between"];
const equalities: readonly Operator[] = ["equals", "not_equal"];
/** Operators that compare with one value, so that a list has no meaning. */
const oneTaken: readonly Operator[] = ["greater_than", "greater_equal", "less_than", "less_equal"];

/**
 * The values in the text of a filter. A JSON array is a list for every operator. Other text is a list only for `in`,
 * `not_in` and `between`, and where a field holds several values, as tags do: it is split at its commas, unless the whole
 * text is a value that exists.
 */
export async function filterValues(
  field: Field,
  op: Operator,
  text: string,
  resolvers: FilterResolvers,
): Promise<string[]> {
  const list = listIn(field, text);
  if (list && oneTaken.includes(op))
    throw badArguments(`${field.label} ${op} takes one value, not a list.`);
  const values = list ?? (await textValues(field, op, text, resolvers));
  const filled = values.map((part) => part.trim()).filter(Boolean);
  if (filled.length > valuesPerFilter)
    throw badArguments(
      `The filter on ${field.label} has ${filled.length} values; at most ${valuesPerFilter} are allowed.`,
    );
  if (filled.length > 0) return filled;
  throw badArguments(`The filter on ${field.label} needs at least one value.${emptyHint(field)}`);
}

/** How to find empty fields, if this one can be empty. */
export function emptyHint(field: Field): string {
  return operatorsOf[kindOf(field)].includes("is_empty")
    ? " To find empty fields use is_empty."
    : "";
}

function textValues(
  field: Field,
  op: Operator,
  text: string,
  resolvers: FilterResolvers,
): string[] | Promise<string[]> {
  if (op === "between") return partsOf(text);
  const isList = severalTaken.includes(op) || (typeOf(field).isMany && equalities.includes(op));
  return isList ? valuesIn(text, (whole) => isKnown(field, whole, resolvers)) : [text];
}

/** Whether a text with commas is one value of the field: an option, a name, a date, or what some record holds. */
async function isKnown(field: Field, text: string, resolvers: FilterResolvers): Promise<boolean> {
  // Two numbers would be compared by the digits of the last one.
  if (typeOf(field).selector === "phone") return false;
  switch (kindOf(field)) {
    case "number":
    case "boolean":
      return false;
    case "date":
    case "datetime":
      return (await resolvers.when(text)) !== undefined;
    case "person":
      return (await resolvers.personIfAny(text)) !== undefined;
    case "record":
      return resolvers.isRecord(field.target, text);
    case "choice":
      return hasOption(field, text);
    default:
      return resolvers.isHeld(field, text);
  }
}

/** The values of a JSON array; undefined if the text is not one. */
function listIn(field: Field, text: string): string[] | undefined {
  return arrayIn(text)?.map((one) => {
    if (Number.isInteger(one) && !Number.isSafeInteger(one))
      throw badArguments(
        `The filter on ${field.label} has the number ${one}: numbers this long lose digits unless they are in quotes.`,
      );
    if (["string", "number", "boolean"].includes(typeof one)) return String(one);
    throw badArguments(
      `${shown(one)} is not a value for ${field.label}: list texts or numbers.${emptyHint(field)}`,
    );
  });
}

/** Nested lists are not shown, because one can be too deep for JSON.stringify. */
function shown(value: unknown): string {
  const isShort = !Array.isArray(value) || value.every((one) => typeof one !== "object");
  return value === null || (Array.isArray(value) && isShort)
    ? JSON.stringify(value)
    : "A nested value";
}
