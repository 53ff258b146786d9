import * as z from "zod";
import type { Write } from "../src/account/journal.ts";
import type { UndoPlan } from "../src/bigin/undo/plan.ts";
import { fittingOrFirst } from "../src/reply/budget.ts";
import {
  describeUndoPlan,
  earlierUndo,
  nothingToUndo,
  recordColumns,
  reportUndo,
  rowOfWrite,
  rowsOfRecords,
  undoneChanges,
  unknownWrite,
  writeColumns,
} from "../src/reply/undo-report.ts";
import { badArguments } from "../src/shared/failure.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";

const reservedTokens = 200;

interface Plan {
  write: Write;
  plan: UndoPlan;
}

export default [
  defineTool({
    name: "bigin_list_writes",
    title: "List changes",
    description:
      "Lists the changes made over this connection since the server started, latest first, each with its write_id. Give a write_id to see the records of that change.",
    searchHint:
      "what was changed today, history, log of recent edits; Änderungen, Verlauf; cambios, historial; 修改记录",
    toolset: "records",
    scope: "connection",
    effect: "read",
    paged: true,
    examples: [{}, { write_id: "{write}" }],
    input: z.strictObject({
      write_id: z
        .string()
        .optional()
        .describe("Id of one change, as the write or this list returned it"),
    }),
    output: z.looseObject({
      columns: z.array(z.string()),
      rows: z.array(z.array(z.unknown())),
      more: z.looseObject({ page_token: z.string() }).optional(),
    }),
    async run({ write_id }, context) {
      const { journal, place, replyTokens } = context;
      const isOne = write_id !== undefined;
      const all = isOne
        ? rowsOfRecords(await writeNamed(write_id, context))
        : (await journal.list(await context.connection())).map(rowOfWrite);
      // The token holds the last row shown and not a count, because new writes are added at the front.
      const last = place?.token;
      const left = last === undefined ? all : all.filter(({ at }) => at > Number(last));
      const shown = fittingOrFirst(
        left.map(({ cells }) => cells),
        replyTokens - reservedTokens,
      );
      const token = String(left[shown.length - 1]?.at);
      return {
        columns: isOne ? recordColumns : writeColumns,
        rows: shown,
        ...(shown.length < left.length && {
          more: { page_token: context.pageToken({ page: 1, skip: 0, token }) },
        }),
      };
    },
  }),

  defineTool({
    name: "bigin_undo_write",
    title: "Undo a change",
    description:
      "Undoes (rolls back) one change: old values return, new records are deleted, deleted records are created again under new ids. Records others changed since are left alone. Undo the latest change first.",
    searchHint:
      "revert, restore, take back, mistake; rückgängig machen, Änderung, wiederherstellen; deshacer cambio; 撤销 恢复 修改",
    toolset: "records",
    scope: "connection",
    effect: "delete",
    examples: [{ write_id: "{write}" }],
    input: z.strictObject({
      write_id: z
        .string()
        .describe("Id of the change, as the write or bigin_list_writes returned it"),
    }),
    output: z.looseObject({
      write_id: z.string(),
      module: z.string(),
      undone: z.int().describe("How many records were undone"),
      results: z.array(z.looseObject({ id: z.string().optional(), outcome: z.string() })),
    }),
    async plan({ write_id }, context) {
      const write = await writeNamed(write_id, context);
      const plan = await context.bigin.write.planUndo({
        ...(await context.journal.history(write)),
        module: write.module,
        since: Date.parse(write.at),
        rows: write.rows.map(({ undone, ...row }) => ({
          ...row,
          undone: undone && earlierUndo(undone),
        })),
      });
      if (plan.rows.length === 0) throw badArguments(nothingToUndo(write, plan));
      return { plan: { write, plan }, ...(await describeUndoPlan(write, plan, context)) };
    },
    async commit({ write, plan }: Plan, context) {
      return reportUndo(write, plan, await undo(write, plan, context), context.replyTokens);
    },
  }),
];

/**
 * Carries out the plan and records it in the journal. Fails if another call has undone the write since, or is undoing
 * it.
 */
async function undo(planned: Write, plan: UndoPlan, context: ToolContext) {
  const { journal, bigin, signal, progress } = context;
  const isClaimed = await journal.claim(planned);
  try {
    const write = await journal.get(planned.connection, planned.id);
    if (!isClaimed || plan.rows.some(({ at }) => stateOf(write, at) !== stateOf(planned, at)))
      throw badArguments(
        `Another call is undoing ${planned.id}, or has just undone it. Check with bigin_list_writes before you try again.`,
      );
    const undone = await bigin.write.undo(plan, {
      signal,
      stopOnError: false,
      onSent: (sent, total) => progress(sent, total, `${sent} of ${total} records`),
    });
    await journal.noteUndone(planned, undoneChanges(undone.rows));
    return undone;
  } finally {
    if (isClaimed) await journal.release(planned);
  }
}

/** How far a row was undone. */
function stateOf(write: Write | undefined, at: number): string {
  const row = write?.rows[at];
  return JSON.stringify([row?.undone, row?.along?.contacts.length]);
}

async function writeNamed(id: string, { journal, connection }: ToolContext): Promise<Write> {
  const write = await journal.get(await connection(), id.trim());
  if (write) return write;
  throw badArguments(unknownWrite(id, await journal.list(await connection())));
}
