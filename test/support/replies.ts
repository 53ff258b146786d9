type Reply = Readonly<Record<string, unknown>>;

/** A reply that is a table: a list of records, of users, of groups … */
export interface Table {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
}

/** One row of a write's reply. */
export interface RowResult extends Reply {
  outcome: string;
  id?: string;
  row?: number;
  problem?: string;
}

/** The columns and rows of a reply. Throws if it is not a table. */
export function table(reply: Reply): Table {
  const { columns, rows } = reply;
  if (!isList(columns, isText) || !isList(rows, Array.isArray)) throw unexpected("table", reply);
  return { columns, rows };
}

/** The values of one column of a table, from the first row to the last. Throws if there is no such column. */
export function column(reply: Reply, name: string): unknown[] {
  const { columns, rows } = table(reply);
  const at = columns.indexOf(name);
  if (at < 0) throw unexpected(`column ${name}`, reply);
  return rows.map((row) => row[at]);
}

/** The rows of a write's reply that are shown one by one. Throws if it has none. */
export function results(reply: Reply): RowResult[] {
  const { results: rows } = reply;
  if (!isList(rows, isRowResult)) throw unexpected("list of results", reply);
  return rows;
}

/** The ids in a write's reply, row by row. */
export function idsOf(reply: Reply): string[] {
  return results(reply).flatMap(({ id }) => id ?? []);
}

/** The id by which a write can be undone. Throws if the reply has none. */
export function writeIdOf(reply: Reply): string {
  const { write_id } = reply;
  if (!isText(write_id)) throw unexpected("write_id", reply);
  return write_id;
}

function isList<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isRowResult(value: unknown): value is RowResult {
  return typeof value === "object" && value !== null && "outcome" in value && isText(value.outcome);
}

function unexpected(what: string, reply: Reply): Error {
  return new Error(`the reply has no ${what}: ${JSON.stringify(reply).slice(0, 500)}`);
}
