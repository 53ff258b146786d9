import * as z from "zod";
import { isDone, type Write } from "../src/account/journal.ts";
import type { UndoPlan } from "../src/bigin/write/plan-undo.ts";
import type { Undone, UndoneRow } from "../src/bigin/write/undo.ts";
import { fittingOrFirst } from "../src/reply/budget.ts";
import { createRendererFor } from "../src/reply/listing.ts";
import type { Renderer } from "../src/reply/table.ts";
import { briefName } from "../src/reply/untrusted-text.ts";
import { changesIn } from "../src/reply/write-preview.ts";
import { badArguments } from "../src/shared/failure.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";
import * as param from "../src/tool/params.ts";

const reservedTokens = 200;
const namesInSummary = 5;
const idsNamed = 10;
const notRestored =
  "Not restored: the ids, notes and attachments of records created again, and the links other records had to them.";
const writeColumns = ["write_id", "at", "tool", "module", "records", "outcome", "undone"];
const recordColumns = ["row", "id", "outcome", "fields", "undone", "problem"];
const lostWithNew =
  "Notes, attachments and links that new records got since go with them, also those of other people.";
const words = { restore: "restored", create_again: "created again", delete: "deleted" } as const;

/** Writes that a call is taking back right now: a second call at the same time would create records twice. */
const under = new WeakSet<Write>();

interface Plan {
  write: Write;
  plan: UndoPlan;
}

export default [
  defineTool({
    name: "bigin_list_writes",
    title: "List writes",
    description:
      "Lists what was written over this connection since the server started, latest first; with write_id its records.",
    toolset: "records",
    effect: "read",
    input: z.strictObject({
      write_id: z.string().optional().describe("Such as w3"),
      page_token: param.pageToken,
      connection_id: param.connectionId,
    }),
    output: z.looseObject({
      columns: z.array(z.string()),
      rows: z.array(z.array(z.unknown())),
      more: z.looseObject({ page_token: z.string() }).optional(),
    }),
    async run({ write_id }, context) {
      const connection = await context.connection();
      const isOne = write_id !== undefined;
      const lines = isOne
        ? rowsOf(await writeNamed(write_id, context))
        : context.journal.list(connection).map(lineOf);
      // The last line shown is named, because new writes come to the front meanwhile.
      const last = context.place?.token;
      const left = last === undefined ? lines : lines.filter(({ at }) => at > Number(last));
      const shown = fittingOrFirst(
        left.map(({ cells }) => cells),
        context.replyTokens - reservedTokens,
      );
      const token = left[shown.length - 1]?.at;
      return {
        columns: isOne ? recordColumns : writeColumns,
        rows: shown,
        ...(shown.length < left.length && {
          more: { page_token: context.bookmark({ page: 1, skip: 0, token: String(token) }) },
        }),
      };
    },
  }),

  defineTool({
    name: "bigin_undo_write",
    title: "Undo a write",
    description:
      "Takes a write back: old values return, new records are deleted, deleted ones created again under new ids. What others changed since is left alone. Latest write first.",
    toolset: "records",
    effect: "delete",
    input: z.strictObject({
      write_id: z.string().describe("From the write's reply"),
      dry_run: param.writing.dry_run,
      connection_id: param.connectionId,
    }),
    output: z.looseObject({
      write_id: z.string(),
      module: z.string(),
      undone: z.int().describe("Records taken back"),
      results: z.array(z.looseObject({ id: z.string().optional(), outcome: z.string() })),
    }),
    async plan({ write_id }, context) {
      const write = await writeNamed(write_id, context);
      const plan = await context.bigin.write.planUndo({
        ...{ module: write.module, rows: write.rows },
        lastSeen: (id) => context.journal.lastSeen(write.connection, id),
        later: (id) => context.journal.laterThan(write, id)?.id,
        wasForeign: (id) => context.journal.wasForeign(write.connection, id),
      });
      if (plan.rows.length === 0) throw badArguments(nothingToUndo(write, plan));
      const renderer = await createRendererFor(plan.schema, context);
      return {
        plan: { write, plan },
        records: plan.rows.length,
        summary: summaryOf(write, plan, briefName),
        told: summaryOf(write, plan, renderer.name),
        preview: previewOf(write, plan, renderer, context.replyTokens),
        bound: [write.id, plan.rows.map(({ id, row, now }) => [id, row, now?.["Modified_Time"]])],
      };
    },
    async commit({ write, plan }: Plan, context) {
      const { rows, note } = await undone(write, plan, context);
      const results = [...rows.map(resultOf), ...plan.refused.map(refusal)];
      const done = rows.filter((row) => row.outcome === "done");
      const again = done.some((row) => row.reverse === "create_again");
      const shown = fittingOrFirst(results, context.replyTokens - reservedTokens);
      const reply = {
        write_id: write.id,
        module: write.module,
        undone: done.length,
        results: shown,
        ...(shown.length < results.length && {
          rows_left: results.length - shown.length,
          see: "bigin_list_writes with the write_id has them all",
        }),
        ...(again && { not_restored: notRestored }),
        ...(done.some((row) => row.reverse === "delete") && { lost: lostWithNew }),
        ...(note && { notes: [note] }),
      };
      return { reply, audit: auditOf(write, plan, rows) };
    },
  }),
];

/**
 * Carries the plan out, and takes note of it before another call may do the same. Between the plan and now another call
 * may have taken the write back, or be about to.
 */
async function undone(write: Write, plan: UndoPlan, context: ToolContext): Promise<Undone> {
  const isTaken = under.has(write) || plan.rows.some(({ at }) => write.rows[at]?.undone);
  if (isTaken)
    throw badArguments(
      `Another call is undoing ${write.id}, or has just undone it. Look with bigin_list_writes before you try again.`,
    );
  under.add(write);
  try {
    const done = await context.bigin.write.undo(plan, {
      signal: context.signal,
      stopOnError: false,
      onSent: (sent, total) => context.progress(sent, total, `${sent} of ${total} records`),
    });
    for (const row of done.rows) noted(write, row, context);
    return done;
  } finally {
    under.delete(write);
  }
}

async function writeNamed(id: string, { journal, connection }: ToolContext): Promise<Write> {
  const write = journal.get(await connection(), id.trim());
  if (write) return write;
  const known = journal
    .list(await connection())
    .slice(0, idsNamed)
    .map((one) => one.id);
  throw badArguments(
    known.length > 0
      ? `There is no write "${id}" over this connection. The latest: ${known.join(", ")}.`
      : `There is no write "${id}": nothing was written over this connection since the server started.`,
  );
}

/** A line of a list, and its place: writes go down by their number, records up by their row. */
interface ListLine {
  at: number;
  cells: unknown[];
}

function lineOf({ id, at, tool, module, rows }: Write): ListLine {
  const outcomes = [...new Set(rows.map((row) => row.outcome))];
  const told = outcomes.map(
    (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
  );
  const undone = rows.filter((row) => row.undone).length;
  return {
    at: -Number(id.slice(1)),
    cells: [id, at.toISOString(), tool, module, rows.length, told.join(", "), undone],
  };
}

function rowsOf({ rows }: Write): ListLine[] {
  return rows.map(({ id, outcome, row, undone, problem }, index) => {
    const names = Object.keys(row).filter((name) => name !== "id");
    return {
      at: index + 1,
      cells: [index + 1, id ?? null, outcome, names.join(", "), undone ?? null, problem ?? null],
    };
  });
}

/**
 * Takes note of what is back, so that earlier writes to the same record can be undone after it. A record that may have
 * been created again, its answer lost, is never created another time.
 */
function noted(write: Write, row: UndoneRow, { journal }: ToolContext): void {
  const written = write.rows[row.at];
  if (!written) return;
  if (row.outcome === "unknown" && row.reverse === "create_again")
    written.undone = "perhaps created again, its answer was lost: look before you create it";
  if (row.outcome !== "done") return;
  written.undone = row.newId ? `created again as ${row.newId}` : words[row.reverse];
  const id = row.newId ?? row.id;
  if (row.modifiedTime) journal.noteSeen(write.connection, id, row.modifiedTime);
  if (row.newId) journal.renamed(write.connection, row.id, row.newId);
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

/** Under `before` what the write had made of a record, under `sent` what it was put back to. */
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
      ...{ id, outcome: outcomes[index], ...(newId && { new_id: newId }) },
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
  const counts = (["restore", "create_again", "delete"] as const).flatMap((reverse) => {
    const ours = rows.filter((row) => row.reverse === reverse);
    const names = ours.slice(0, namesInSummary).map((row) => shown(row.name));
    const more = ours.length > names.length ? ` and ${ours.length - names.length} more` : "";
    const verb = { restore: "restore", create_again: "create again", delete: "delete" }[reverse];
    return ours.length > 0 ? [`${verb} ${names.join(", ")}${more}`] : [];
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
) {
  const lines = [
    ...rows.map(({ id, name, reverse, row, now }) => ({
      ...{ id, name: renderer.name(name), would: reverse },
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

function nothingToUndo(write: Write, { refused }: UndoPlan): string {
  if (refused.length === 0)
    return write.rows.some(isDone)
      ? `${write.id} cannot be undone.`
      : `${write.id} changed nothing, so there is nothing to undo.`;
  const told = refused.slice(0, idsNamed).map(({ id, problem }) => `${id ?? "one"} ${problem}.`);
  const more = refused.length > idsNamed ? ` And ${refused.length - idsNamed} more.` : "";
  return `Nothing of ${write.id} can be undone: ${told.join(" ")}${more}`;
}
