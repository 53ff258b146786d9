import { isDone, type Undone, type UndoneChange, type Write } from "../account/journal.ts";
import type { UndoPlan } from "../bigin/write/plan-undo.ts";
import type { UndoneRow, Undone as UndoneRows } from "../bigin/write/undo.ts";
import { fittingOrFirst } from "./budget.ts";
import { changesIn } from "./changes.ts";
import type { Committed, Planned, ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";
import { briefName } from "./untrusted-text.ts";
import { createRendererFor } from "./view.ts";

const reservedTokens = 200;
const namesInSummary = 5;
const idsNamed = 10;
const notRestored =
  "Not restored: the ids, notes and attachments of records created again, and the links other records had to them.";
const lostWithNew =
  "Notes, attachments and links that were added to new records since are deleted with them, also those of other people.";
const words = { restore: "restored", create_again: "created again", delete: "deleted" } as const;
const verbs = { restore: "restore", create_again: "create again", delete: "delete" } as const;
const reverses = ["restore", "create_again", "delete"] as const;

/** An undo as it is planned: a question for a person, a preview, and what a confirmation is bound to. */
export async function describeUndoPlan(
  write: Write,
  plan: UndoPlan,
  context: ReplyContext,
): Promise<Omit<Planned<unknown>, "plan">> {
  const renderer = await createRendererFor(plan.schema, context);
  return {
    records: plan.rows.length,
    summary: summaryOf(write, plan, briefName),
    told: summaryOf(write, plan, renderer.name),
    preview: previewOf(write, plan, renderer, context.replyTokens),
    bound: [write.id, plan.rows.map(({ id, row, now }) => [id, row, now?.["Modified_Time"]])],
  };
}

/** An undo as it was carried out. */
export function reportUndo(
  write: Write,
  plan: UndoPlan,
  { rows, note }: UndoneRows,
  replyTokens: number,
) {
  const results = [...rows.map(resultOf), ...plan.refused.map(refusal)];
  const done = rows.filter((row) => row.outcome === "done");
  const shown = fittingOrFirst(results, replyTokens - reservedTokens);
  const has = (reverse: string) => done.some((row) => row.reverse === reverse);
  const reply = {
    write_id: write.id,
    module: write.module,
    undone: done.length,
    results: shown,
    ...(shown.length < results.length && {
      rows_left: results.length - shown.length,
      see: "bigin_list_writes with the write_id has them all",
    }),
    ...(has("create_again") && { not_restored: notRestored }),
    ...(has("delete") && { lost: lostWithNew }),
    ...(note && { notes: [note] }),
  };
  return { reply, audit: auditOf(write, plan, rows) } satisfies Committed<unknown>;
}

/** What the journal notes about the records of an undo. */
export function undoneChanges(rows: readonly UndoneRow[]): UndoneChange[] {
  return rows.flatMap((row) => {
    const undone = undoneOf(row);
    return undone ? [{ at: row.at, id: row.id, undone, modifiedTime: row.modifiedTime }] : [];
  });
}

function undoneOf({ outcome, reverse, newId }: UndoneRow): Undone | undefined {
  // Never create it another time: the first attempt may have done so, and its answer was lost.
  if (outcome === "unknown" && reverse === "create_again") return { how: "perhaps_recreated" };
  if (outcome !== "done") return undefined;
  if (newId) return { how: "recreated", as: newId };
  return { how: reverse === "delete" ? "deleted" : "restored" };
}

/** How a record was undone, in words. */
export function undoneInWords(undone: Undone): string {
  switch (undone.how) {
    case "recreated":
      return `created again as ${undone.as}`;
    case "perhaps_recreated":
      return "perhaps created again, its answer was lost: look before you create it";
    default:
      return undone.how;
  }
}

/** Why an undo would change nothing. */
export function nothingToUndo(write: Write, { refused }: UndoPlan): string {
  if (refused.length === 0)
    return write.rows.some(isDone)
      ? `${write.id} cannot be undone.`
      : `${write.id} changed nothing, so there is nothing to undo.`;
  const reasons = refused
    .slice(0, idsNamed)
    .map(({ id, problem }) => `${id ?? "A record"} ${problem}.`);
  const more = refused.length > idsNamed ? ` And ${refused.length - idsNamed} more.` : "";
  return `Nothing of ${write.id} can be undone: ${reasons.join(" ")}${more}`;
}

/** Why a write_id is not known. */
export function unknownWrite(id: string, known: readonly Write[]): string {
  const latest = known.slice(0, idsNamed).map((one) => one.id);
  return latest.length > 0
    ? `There is no write "${id}" over this connection. The latest: ${latest.join(", ")}.`
    : `There is no write "${id}": nothing was written over this connection since the server started.`;
}

function resultOf({ id, reverse, outcome, newId, problem, lost }: UndoneRow) {
  return {
    id,
    outcome: outcome === "done" ? words[reverse] : outcome,
    ...(newId && { new_id: newId }),
    ...(problem && { problem }),
    ...(lost.length > 0 && { not_restored: lost.join(", ") }),
  };
}

/** `before` is what the write had made of a record, `sent` what it was put back to. */
function auditOf(write: Write, plan: UndoPlan, rows: readonly UndoneRow[]) {
  const outcomes = rows.map(({ reverse, outcome }) =>
    outcome === "done" ? words[reverse] : outcome,
  );
  return {
    undoes: write.id,
    module: write.module,
    outcome: [...new Set(outcomes)].join(", "),
    ids: rows.map(({ id, newId }) => newId ?? id),
    records: rows.map(({ at, id, newId, problem, after }, index) => ({
      id,
      outcome: outcomes[index],
      ...(newId && { new_id: newId }),
      before: write.rows[at]?.after,
      sent: plan.rows.find((row) => row.at === at)?.row,
      ...(after && { after }),
      ...(problem && { problem }),
    })),
  };
}

function refusal({ id, problem }: UndoPlan["refused"][number]) {
  return { ...(id && { id }), outcome: "left alone", problem };
}

function summaryOf(
  write: Write,
  { rows, refused }: UndoPlan,
  shown: (name: string) => string,
): string {
  const counts = reverses.flatMap((reverse) => {
    const ours = rows.filter((row) => row.reverse === reverse);
    const names = ours.slice(0, namesInSummary).map((row) => shown(row.name));
    const more = ours.length > names.length ? ` and ${ours.length - names.length} more` : "";
    return ours.length > 0 ? [`${verbs[reverse]} ${names.join(", ")}${more}`] : [];
  });
  const left = refused.length > 0 ? ` ${refused.length} records are left alone.` : "";
  const has = (reverse: string) => rows.some((row) => row.reverse === reverse);
  const loss = `${has("delete") ? ` ${lostWithNew}` : ""}${has("create_again") ? ` ${notRestored}` : ""}`;
  return `Undo ${write.id} in ${write.module}: ${counts.join("; ")}.${left}${loss}`;
}

function previewOf(
  write: Write,
  { rows, refused, fields }: UndoPlan,
  renderer: Renderer,
  replyTokens: number,
): Record<string, unknown> {
  const lines = [
    ...rows.map(({ id, name, reverse, row, now }) => ({
      id,
      name: renderer.name(name),
      would: reverse,
      ...(Object.keys(row).length > 0 && { payload: renderer.payload(row) }),
      ...(reverse === "restore" && now && { changes: changesIn(fields, row, now, renderer) }),
    })),
    ...refused.map(refusal),
  ];
  const shown = fittingOrFirst(lines, replyTokens - reservedTokens);
  return {
    write_id: write.id,
    module: write.module,
    rows: shown,
    ...(shown.length < lines.length && { rows_left: lines.length - shown.length }),
    ...renderer.remarks(),
  };
}

export const writeColumns = ["write_id", "at", "tool", "module", "records", "outcome", "undone"];
export const recordColumns = ["row", "id", "outcome", "fields", "undone", "problem"];

/** A row of a table, and its place in it: writes are listed by falling number, records by rising row. */
export interface TableRow {
  at: number;
  cells: unknown[];
}

export function rowOfWrite({ id, at, tool, module, rows }: Write): TableRow {
  const outcomes = [...new Set(rows.map((row) => row.outcome))];
  const counts = outcomes.map(
    (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  const undone = rows.filter((row) => row.undone).length;
  return {
    at: -Number(id.slice(1)),
    cells: [id, at, tool, module, rows.length, counts.join(", "), undone],
  };
}

export function rowsOfRecords({ rows }: Write): TableRow[] {
  return rows.map(({ id, outcome, row, undone, problem }, index) => {
    const fields = Object.keys(row).filter((name) => name !== "id");
    const how = undone ? undoneInWords(undone) : null;
    return {
      at: index + 1,
      cells: [index + 1, id ?? null, outcome, fields.join(", "), how, problem ?? null],
    };
  });
}
