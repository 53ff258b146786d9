import * as z from "zod";

/** The items of a list that could be read. */
export interface Listed<T> {
  items: T[];
  /** How many items could not be read and were left out. */
  skipped: number;
}

/**
 * A key that Bigin may leave out, set to null or fill with something else: it then counts as `instead`
 * (docs/reference/bigin-api.md §1.1).
 */
export function orElse<T>(schema: z.ZodType<T>, instead: T) {
  return orAbsent(schema).transform((value) => value ?? instead);
}

/** Like `orElse`, with undefined instead. */
export function orAbsent<T>(schema: z.ZodType<T>) {
  return z
    .unknown()
    .optional()
    .transform((value) => {
      const parsed = schema.safeParse(value);
      return parsed.success ? parsed.data : undefined;
    });
}

/** A list of which unreadable items are left out and counted. Anything that is not a list counts as an empty one. */
export function listOf<T>(item: z.ZodType<T>) {
  return z
    .unknown()
    .optional()
    .transform((value) => readItems(item, Array.isArray(value) ? value : []));
}

export function readItems<T>(item: z.ZodType<T>, list: readonly unknown[]): Listed<T> {
  const items = list.flatMap((one) => {
    const parsed = item.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
  return { items, skipped: list.length - items.length };
}

/** An id: text, or a number that the program can hold exactly. */
export const anId = z.union([z.string().min(1), z.int().transform(String)]);

/** A number, or text that is one. */
export const numeric = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);
