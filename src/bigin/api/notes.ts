import { badArguments, Failure } from "../../shared/failure.ts";
import { idIn } from "../values.ts";
import type { BiginHttp } from "./http.ts";
import type { BiginRecord, Reading, Row, WriteOptions, Writing } from "./records.ts";
import { outcomesOfFailure, type RowOutcome, readRows } from "./rows.ts";

const parentFields = ["Parent_Id", "$se_module"];

/** The record a note hangs on. */
interface Parent {
  module: string;
  id: string;
}

/**
 * Writing for the module Notes, which Bigin takes through the parent's path only (bigin-api.md §1.12:
 * `PUT /Notes/{id}` is not documented). A new note names its parent with `Parent_Id` (an id, or {"id"}) and
 * `$se_module`; the parent of an existing one is found by reading the note.
 */
export function createNoteWriting(
  http: BiginHttp,
  reading: Reading,
  moduleName: (name: string) => Promise<string>,
): Writing {
  async function send(
    method: "POST" | "PUT" | "DELETE",
    path: readonly string[],
    rows: readonly Row[],
    options: WriteOptions = {},
  ): Promise<RowOutcome[]> {
    const body = { data: rows, ...(options.trigger && { trigger: options.trigger }) };
    const answer = await http.sendRows({ method, path, ...(method !== "DELETE" && { body }) });
    // A note that is there stands at the end of its path.
    const sent = rows.map(() => (method === "POST" ? undefined : path.at(-1)));
    return readRows(answer, sent, `${method} ${path.join("/")}`);
  }
  async function perNote(
    id: string,
    write: (path: readonly string[]) => Promise<RowOutcome[]>,
  ): Promise<RowOutcome[]> {
    const parent = await parentOfNote(reading, id);
    if (!parent) return [{ ok: false, code: "NOT_FOUND", problem: `There is no note ${id}.` }];
    return write([parent.module, parent.id, "Notes", id]);
  }
  return {
    async insert(_module, rows, options) {
      const parents = await Promise.all(rows.map((row, at) => parentOfRow(row, at, moduleName)));
      const groups = byParent(parents);
      const answers = await inOrder(groups, ({ parent, members }) =>
        send(
          "POST",
          [parent.module, parent.id, "Notes"],
          members.map((at) => withoutParent(rows[at] ?? {})),
          options,
        ),
      );
      return inRowOrder(groups, answers);
    },
    async update(_module, rows, options) {
      const answers = await inOrder(rows, (row) =>
        perNote(String(row["id"]), (path) => send("PUT", path, [withoutParent(row)], options)),
      );
      return answers.flat();
    },
    async delete(_module, ids) {
      const answers = await inOrder(ids, (id) => perNote(id, (path) => send("DELETE", path, [{}])));
      return answers.flat();
    },
    async upsert() {
      throw badArguments(
        "Notes cannot be upserted: they have no unique field. Create or update them.",
      );
    },
  };
}

/**
 * One request after the other. A failure before anything was written is the call's failure. A later one is the outcome
 * of its own rows, so that it never hides what was done before; unless Bigin only refused those, the rest is not sent.
 */
async function inOrder<T>(
  items: readonly T[],
  write: (item: T) => Promise<RowOutcome[]>,
): Promise<RowOutcome[][]> {
  const answers: RowOutcome[][] = [];
  let stopped: Failure | undefined;
  for (const item of items) {
    const failure: Failure | undefined = stopped ?? (await failureOf(item));
    if (failure) answers.push(stopped ? notSent(stopped) : outcomesOfFailure(failure, 1));
    if (failure && failure.facts.kind !== "rejected") stopped = failure;
  }
  return answers;

  async function failureOf(item: T): Promise<Failure | undefined> {
    try {
      answers.push(await write(item));
      return undefined;
    } catch (error) {
      const isPart = answers.flat().some((row) => row.ok);
      if (error instanceof Failure && (isPart || error.facts.mayHaveHappened)) return error;
      throw error;
    }
  }
}

function notSent({ message }: Failure): RowOutcome[] {
  const problem = `Not sent: ${message}`;
  return [{ ok: false, code: "NOT_SENT", problem, state: "not_sent" }];
}

/** Spreads the answers of the groups over the rows; a group that failed as a whole has one answer for all. */
function inRowOrder(
  groups: readonly { members: readonly number[] }[],
  answers: readonly (readonly RowOutcome[])[],
): RowOutcome[] {
  const outcomes: RowOutcome[] = [];
  groups.forEach(({ members }, group) => {
    members.forEach((at, index) => {
      const answer = answers[group]?.[index] ?? answers[group]?.[0];
      if (answer) outcomes[at] = answer;
    });
  });
  return outcomes;
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

async function parentOfNote(reading: Reading, id: string): Promise<Parent | undefined> {
  const note = await reading.get("Notes", id, parentFields);
  return note && parentIn(note);
}

function parentIn(note: BiginRecord): Parent {
  const id = idIn(note["Parent_Id"]);
  const module = note["$se_module"];
  if (id && typeof module === "string") return { module, id };
  throw new Failure({
    origin: "bigin",
    kind: "malformed",
    message: "Bigin does not say which record the note hangs on.",
    asked: `GET Notes/${note.id}`,
  });
}

function withoutParent(row: Row): Row {
  const { Parent_Id: _parent, $se_module: _module, ...rest } = row;
  return rest;
}

function byParent(parents: readonly Parent[]): { parent: Parent; members: number[] }[] {
  const groups = new Map<string, { parent: Parent; members: number[] }>();
  parents.forEach((parent, at) => {
    const key = `${parent.module} ${parent.id}`;
    const group = groups.get(key) ?? { parent, members: [] };
    group.members.push(at);
    groups.set(key, group);
  });
  return [...groups.values()];
}
