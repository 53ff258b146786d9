/**
 * The value of a table for a key that came from outside. Undefined if it is not in the table: every object also inherits
 * keys such as "constructor".
 */
export function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
