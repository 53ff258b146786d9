type Reply = Readonly<Record<string, unknown>>;

/** A reply that is a table: a list of records, of users, of groups … */
export interface Table {
  columns: readonly string[];
  rows: readonly (readonly unknown[])[];
  /** The rows by column: `records[0].Amount`. */
  records: readonly Reply[];
  /** The arguments to add for the next page; undefined after the last one. */
  more: Reply | undefined;
}

/** One row of a write's reply. */
interface RowResult extends Reply {
  outcome: string;
  id?: string;
  row?: number;
  problem?: string;
}

/** The table in a reply. Throws if there is none. */
export function table(reply: Reply): Table {
  const { columns, rows, more } = reply;
  if (!isList(columns, isText) || !isList(rows, Array.isArray)) throw unexpected("table", reply);
  const records = rows.map((row) =>
    Object.fromEntries(columns.map((name, at) => [name, row[at]] as const)),
  );
  return { columns, rows, records, more: isReply(more) ? more : undefined };
}

/** The values of one column of a table, from the first row to the last. Throws if there is no such column. */
export function column(reply: Reply, name: string): unknown[] {
  const { columns, rows } = table(reply);
  const at = columns.indexOf(name);
  if (at < 0) throw unexpected(`column ${name}`, reply);
  return rows.map((row) => row[at]);
}

/** The record in the reply of bigin_get_record. Throws if there is none. */
export function recordIn(reply: Reply): Reply {
  const { record } = reply;
  if (!isReply(record)) throw unexpected("record", reply);
  return record;
}

/** A part of a reply that is a list of texts. Throws if it is not. */
export function textsIn(reply: Reply, part: string): string[] {
  const { [part]: texts } = reply;
  if (!isList(texts, isText)) throw unexpected(`list of texts ${part}`, reply);
  return texts;
}

/** The rows of a dry run, or of the preview of a confirmation. Throws if there are none. */
export function previewRows(reply: Reply): Reply[] {
  const { rows } = reply;
  if (!isList(rows, isReply)) throw unexpected("preview", reply);
  return rows;
}

/** The ids of the records in a list or a search, in order. Throws if the reply is not one. */
export function listedIds(reply: Reply): string[] {
  return column(reply, "id").map(String);
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

function isReply(value: unknown): value is Reply {
  return typeof value === "object" && value !== null;
}

function isRowResult(value: unknown): value is RowResult {
  return isReply(value) && isText(value["outcome"]);
}

function unexpected(what: string, reply: Reply): Error {
  return new Error(`the reply has no ${what}: ${JSON.stringify(reply).slice(0, 500)}`);
}
