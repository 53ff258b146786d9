import { badArguments, Failure } from "../../shared/failure.ts";
import { idIn } from "../values.ts";
import type { BiginHttp } from "./http.ts";
import type { BiginRecord, RecordReads, RecordWrites, Row, WriteOptions } from "./records.ts";
import { type RowResponse, readRows, responsesNotSent, responsesToFailure } from "./rows.ts";

export const noUpsertOfNotes =
  "Notes cannot be upserted: they have no unique field. Create or update them.";

const parentFields = ["Parent_Id", "$se_module"];

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
 * Writes notes through the path of their parent, the only documented one (docs/reference/bigin-api.md §1.12). A new
 * note names its parent with `Parent_Id` (an id, or {"id"}) and `$se_module`; an existing note is read to find its
 * parent.
 */
export function createNoteWrites(
  http: BiginHttp,
  reads: RecordReads,
  moduleName: (name: string) => Promise<string>,
): RecordWrites {
  async function send(
    method: "POST" | "PUT" | "DELETE",
    path: readonly string[],
    rows: readonly Row[],
    options: WriteOptions = {},
  ): Promise<RowResponse[]> {
    const body = { data: rows, ...(options.trigger && { trigger: options.trigger }) };
    const response = await http.sendRows({ method, path, ...(method !== "DELETE" && { body }) });
    // The path of an existing note ends with its id.
    const sent = rows.map(() => (method === "POST" ? undefined : path.at(-1)));
    return readRows(response, sent, `${method} ${path.join("/")}`);
  }
  async function toNote(
    id: string,
    write: (path: readonly string[]) => Promise<RowResponse[]>,
  ): Promise<RowResponse[]> {
    const parent = await parentOfNote(reads, id);
    if (!parent) return [{ ok: false, code: "NOT_FOUND", problem: `There is no note ${id}.` }];
    return write([parent.module, parent.id, "Notes", id]);
  }
  return {
    async insert(_module, rows, options) {
      const parents = await Promise.all(rows.map((row, at) => parentOfRow(row, at, moduleName)));
      const groups = byParent(parents);
      const responses = await inOrder(groups, ({ parent, places }) =>
        send(
          "POST",
          [parent.module, parent.id, "Notes"],
          places.map((at) => withoutParent(rows[at] ?? {})),
          options,
        ),
      );
      return inRowOrder(groups, responses);
    },
    async update(_module, rows, options) {
      const responses = await inOrder(rows, (row) =>
        toNote(String(row["id"]), (path) => send("PUT", path, [withoutParent(row)], options)),
      );
      return responses.flat();
    },
    async delete(_module, ids) {
      const responses = await inOrder(ids, (id) =>
        toNote(id, (path) => send("DELETE", path, [{}])),
      );
      return responses.flat();
    },
    async upsert() {
      throw badArguments(noUpsertOfNotes);
    },
  };
}

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
  const module = row["$se_module"];
  if (!id || typeof module !== "string")
    throw badArguments(
      `Row ${at + 1}: a note needs its parent: Parent_Id (the record's id) and $se_module (its module, such as "Contacts").`,
    );
  return { module: await moduleName(module), id };
}

async function parentOfNote(reads: RecordReads, id: string): Promise<Parent | undefined> {
  const note = await reads.get("Notes", id, parentFields);
  return note && parentIn(note);
}

function parentIn(note: BiginRecord): Parent {
  const id = idIn(note["Parent_Id"]);
  const module = note["$se_module"];
  if (id && typeof module === "string") return { module, id };
  throw new Failure({
    origin: "bigin",
    kind: "malformed",
    message: "Bigin's response does not name the record that the note belongs to.",
    asked: `GET Notes/${note.id}`,
  });
}

function withoutParent(row: Row): Row {
  const { Parent_Id: _parent, $se_module: _module, ...rest } = row;
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
