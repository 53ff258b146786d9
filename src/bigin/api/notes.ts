import { badArguments, Failure } from "../../shared/failure.ts";
import { recordsPerPage } from "../limits.ts";
import { moduleKey } from "../schema/activity-links.ts";
import { idIn } from "../values.ts";
import { isRefusal, unlessFailed } from "./batch.ts";
import type { BiginHttp } from "./http.ts";
import type { BiginRecord, RecordReads, RecordWrites, Row, WriteOptions } from "./records.ts";
import { type RowResponse, readRows, responsesNotSent, responsesToFailure } from "./rows.ts";

export const noUpsertOfNotes =
  "Notes cannot be upserted: they have no unique field. Create or update them.";

/** The record that a note belongs to. */
interface Parent {
  module: string;
  id: string;
}

/** The rows with one parent, by their index in the call. */
interface Group {
  parent: Parent;
  places: number[];
}

/**
 * Writes notes. New ones go through the path of their parent, named by `Parent_Id` (an id, or {"id"}) and `$se_module`, and
 * deletes name no parent: both are documented (docs/reference/bigin-api.md §1.12). Updates are divided (docs/compatibility.md):
 * `PUT /Notes/{id}` is tried first, and the parent's path only where that is refused.
 */
export function createNoteWrites(
  http: BiginHttp,
  reads: RecordReads,
  moduleName: (name: string) => Promise<string>,
): RecordWrites {
  const update = createNoteUpdate(http, reads);
  return {
    async insert(_module, rows, options) {
      const parents = await Promise.all(rows.map((row, at) => parentOfRow(row, at, moduleName)));
      const groups = byParent(parents);
      const responses = await inOrder(groups, async ({ parent, places }) => {
        const path = [parent.module, parent.id, "Notes"];
        const own = places.map((at) => withoutParent(rows[at] ?? {}));
        const response = await send(http, "POST", path, own, options);
        const unnamed = own.map(() => undefined);
        return readRows(response, unnamed, `POST ${path.join("/")}`);
      });
      return inRowOrder(groups, responses);
    },
    async update(_module, rows, options) {
      return (await inOrder(rows, (row) => update(row, options))).flat();
    },
    delete: (_module, ids) => deleteNotes(http, ids),
    async upsert() {
      throw badArguments(noUpsertOfNotes);
    },
  };
}

function send(
  http: BiginHttp,
  method: "POST" | "PUT",
  path: readonly string[],
  rows: readonly Row[],
  options: WriteOptions = {},
): Promise<unknown> {
  const body = { data: rows, ...(options.trigger && { trigger: options.trigger }) };
  return http.sendRows({ method, path, body });
}

async function deleteNotes(http: BiginHttp, ids: readonly string[]): Promise<RowResponse[]> {
  const query = { ids: ids.join(",") };
  const response = await http.sendRows({ method: "DELETE", path: ["Notes"], query });
  return readRows(response, ids, "DELETE Notes");
}

function createNoteUpdate(http: BiginHttp, reads: RecordReads) {
  async function throughParent(
    id: string,
    change: Row,
    options?: WriteOptions,
  ): Promise<RowResponse[]> {
    const note = await reads.getOrList("Notes", id, parentFields, parentFields);
    const parent = note && parentIn(note);
    if (!parent) return [withoutPath(note, id)];
    const path = [parent.module, parent.id, "Notes", id];
    const before = await notesOf(reads, parent);
    const response = await send(http, "PUT", path, [change], options).catch((error: unknown) => {
      throw withDoubt(error, parent);
    });
    const [row] = readRows(response, [undefined], `PUT ${path.join("/")}`);
    if (!row?.ok) return row ? [row] : [];
    const added = new Set(addedNotes(before, await notesOf(reads, parent), change));
    if (row.id !== id) added.add(row.id);
    return [added.size === 0 ? row : await removed([...added])];
  }
  /** On one live client this path created a note instead: that note is deleted again. */
  async function removed(added: readonly string[]): Promise<RowResponse> {
    const responses = await unlessFailed(deleteNotes(http, added), []);
    const left = added.filter((_, at) => !responses[at]?.ok);
    const still =
      left.length > 0 ? ` That note could not be deleted again: ${left.join(", ")}.` : "";
    const problem = cannotUpdate(` It made a new one instead.${still}`);
    return { ok: false, code: "NOT_UPDATED", problem };
  }
  return async (row: Row, options?: WriteOptions): Promise<RowResponse[]> => {
    const id = String(row["id"]);
    const change = withoutParent(row);
    try {
      const response = await send(http, "PUT", ["Notes", id], [change], options);
      const [row] = readRows(response, [id], `PUT Notes/${id}`);
      if (row && !isPathRefused(row, change)) return [row];
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    return throughParent(id, change, options);
  };
}

function withoutPath(note: BiginRecord | undefined, id: string): RowResponse {
  if (note) return { ok: false, code: "NOT_UPDATED", problem: cannotUpdate("") };
  return { ok: false, code: "NOT_FOUND", problem: `There is no note ${id}.` };
}

/** The notes of a record; undefined if they cannot be read, or are too many for one page. */
async function notesOf(
  reads: RecordReads,
  { module, id }: Parent,
): Promise<readonly BiginRecord[] | undefined> {
  const params = { fields: ["id", "Note_Title", "Note_Content"], per_page: recordsPerPage };
  const page = await unlessFailed(reads.related(module, id, "Notes", params), undefined);
  return page?.more ? undefined : page?.records;
}

/** Bigin may refuse the path in the response for the row. A row whose value is refused names the field. */
function isPathRefused(row: RowResponse, change: Row): boolean {
  return !row.ok && row.state === undefined && !(row.field !== undefined && row.field in change);
}

/** Notes that are new since `before` and have the values that were sent. */
function addedNotes(
  before: readonly BiginRecord[] | undefined,
  after: readonly BiginRecord[] | undefined,
  change: Row,
): string[] {
  const known = new Set(before?.map((note) => note.id));
  if (!before || !after) return [];
  return after
    .filter((note) => !known.has(note.id))
    .filter((note) => Object.entries(change).every(([name, value]) => note[name] === value))
    .map((note) => note.id);
}

/** Where the path of the parent creates notes, a lost response may mean a second note. */
function withDoubt(error: unknown, { module, id }: Parent): unknown {
  if (!(error instanceof Failure) || !error.facts.mayHaveHappened) return error;
  const message = `${error.message} Look at the notes of ${module} ${id}: a second note with the new text may be there.`;
  return new Failure({ ...error.facts, message }, error.cause);
}

const parentFields = ["Parent_Id", moduleKey];

/**
 * Sends the requests one after the other. Throws a failure if nothing was written before it. A later failure becomes
 * the response for its own rows, so that earlier results are still reported. After it nothing more is sent, unless
 * Bigin only rejected those rows.
 */
async function inOrder<T>(
  items: readonly T[],
  write: (item: T) => Promise<RowResponse[]>,
): Promise<RowResponse[][]> {
  const responses: RowResponse[][] = [];
  let stopped: Failure | undefined;
  for (const item of items) {
    const isPart = responses.flat().some((row) => row.ok);
    const response = stopped ?? (await write(item).catch((error) => keptFailure(error, isPart)));
    if (!(response instanceof Failure)) responses.push(response);
    else if (stopped) responses.push(responsesNotSent(stopped.message, 1));
    else responses.push(responsesToFailure(response, 1));
    if (response instanceof Failure && response.facts.kind !== "rejected") stopped = response;
  }
  return responses;
}

/** Returns the failure if other rows were written before it or its own row may have been; otherwise throws it. */
function keptFailure(error: unknown, isPart: boolean): Failure {
  if (error instanceof Failure && (isPart || error.facts.mayHaveHappened)) return error;
  throw error;
}

/** The responses by row. A group that failed as a whole has one response for all its rows. */
function inRowOrder(
  groups: readonly Group[],
  responses: readonly (readonly RowResponse[])[],
): RowResponse[] {
  const byRow: RowResponse[] = [];
  groups.forEach(({ places }, group) => {
    places.forEach((at, index) => {
      const response = responses[group]?.[index] ?? responses[group]?.[0];
      if (response) byRow[at] = response;
    });
  });
  return byRow;
}

async function parentOfRow(
  row: Row,
  at: number,
  moduleName: (name: string) => Promise<string>,
): Promise<Parent> {
  const id = idIn(row["Parent_Id"]);
  const module = row[moduleKey];
  if (!id || typeof module !== "string")
    throw badArguments(
      `Row ${at + 1}: a note needs its parent: Parent_Id (the record's id) and $se_module (its module, such as "Contacts").`,
    );
  return { module: await moduleName(module), id };
}

/** Undefined if the connection does not show to which record the note belongs. */
function parentIn(note: BiginRecord): Parent | undefined {
  const id = idIn(note["Parent_Id"]);
  const module = note[moduleKey];
  return id && typeof module === "string" ? { module, id } : undefined;
}

function cannotUpdate(what: string): string {
  return `This Bigin cannot update notes.${what} Create a note with the new text and delete this one.`;
}

function withoutParent(row: Row): Row {
  const { Parent_Id: _parent, [moduleKey]: _module, id: _id, ...rest } = row;
  return rest;
}

function byParent(parents: readonly Parent[]): Group[] {
  const groups = new Map<string, Group>();
  parents.forEach((parent, at) => {
    const key = `${parent.module} ${parent.id}`;
    const known = groups.get(key)?.places ?? [];
    groups.set(key, { parent, places: [...known, at] });
  });
  return [...groups.values()];
}
