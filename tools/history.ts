import * as z from "zod";
import type { Write } from "../src/account/journal.ts";
import { inTurn, unlessFailed } from "../src/bigin/api/batch.ts";
import type { UndoPlan } from "../src/bigin/undo/plan.ts";
import { nameInRow } from "../src/bigin/write/plan.ts";
import { fittingOrFirst } from "../src/reply/budget.ts";
import {
  describeUndoPlan,
  earlierUndo,
  nothingToUndo,
  reportUndo,
  undoneChanges,
  undoneInWords,
  unknownWrite,
} from "../src/reply/undo-report.ts";
import { briefName, createMarkers, type Markers } from "../src/reply/untrusted-text.ts";
import { badArguments } from "../src/shared/failure.ts";
import { defineTool, type ToolContext } from "../src/tool/define.ts";

const reservedTokens = 200;
/** Names of records in the row of a write. */
const namesInRow = 3;

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
      const { place, replyTokens } = context;
      const markers = createMarkers(true);
      const { columns, rows, ...about } =
        write_id === undefined
          ? await tableOfWrites(markers, context)
          : await tableOfRecords(await writeNamed(write_id, context), markers, context);
      // The token holds the last row shown and not a count, because new writes are added at the front.
      const last = place?.token;
      const left = last === undefined ? rows : rows.filter(({ at }) => at > Number(last));
      const shown = fittingOrFirst(
        left.map(({ cells }) => cells),
        replyTokens - reservedTokens,
      );
      const token = String(left[shown.length - 1]?.at);
      return markers.settled({
        columns,
        rows: shown,
        ...about,
        ...markers.remark(),
        ...(shown.length < left.length && {
          more: { page_token: context.pageToken({ page: 1, skip: 0, token }) },
        }),
      });
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

/** A table of bigin_list_writes. `at` increases from row to row; writes are listed latest first. */
interface WritesTable {
  columns: string[];
  rows: { at: number; cells: unknown[] }[];
  /** The zone of the times. */
  times?: string;
}

async function tableOfWrites(markers: Markers, context: ToolContext): Promise<WritesTable> {
  const { understand } = context.bigin;
  // Imported late, because it imports luxon.
  const { wallTime } = await import("../src/bigin/dates/dates.ts");
  const { zoneNamed } = await import("../src/reply/table.ts");
  const zone = await understand.zone();
  const writes = await context.journal.list(await context.connection());
  const rows = await inTurn(writes, async (write) => {
    const { id, at, tool, module, rows } = write;
    const outcomes = [...new Set(rows.map((row) => row.outcome))];
    const counts = outcomes.map(
      (outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`,
    );
    const names = await namesOf(write, markers, context, namesInRow);
    const known = names.filter((name) => name !== null);
    const more = rows.length - known.length;
    const shown = known.join(", ") + (more > 0 && known.length > 0 ? ` and ${more} more` : "");
    const undone = rows.filter((row) => row.undone).length;
    const time = wallTime(at, zone) ?? at;
    const cells = [id, time, tool, module, rows.length, shown, counts.join(", "), undone];
    return { at: -Number(id.slice(1)), cells };
  });
  return {
    columns: ["write_id", "at", "tool", "module", "records", "names", "outcome", "undone"],
    rows,
    times: zoneNamed(zone, await understand.isZoneKnown()),
  };
}

async function tableOfRecords(
  write: Write,
  markers: Markers,
  context: ToolContext,
): Promise<WritesTable> {
  const names = await namesOf(write, markers, context, write.rows.length);
  const rows = write.rows.map(({ id, outcome, row, undone, problem }, index) => {
    const fields = Object.keys(row)
      .filter((name) => name !== "id")
      .join(", ");
    const how = undone ? undoneInWords(undone) : null;
    const name = names[index] ?? null;
    const cells = [index + 1, id ?? null, name, outcome, fields, how, problem ?? null];
    return { at: index + 1, cells };
  });
  return { columns: ["row", "id", "name", "outcome", "fields", "undone", "problem"], rows };
}

/** The names of the first records of a write; null for those that have none. */
async function namesOf(
  { module, rows }: Write,
  markers: Markers,
  { bigin }: ToolContext,
  most: number,
): Promise<(string | null)[]> {
  // A name only adds to the reply: it is left out where the fields cannot be read.
  const schema = await unlessFailed(bigin.understand.schema(module), undefined);
  const display = schema?.fields.find((field) => field.display);
  return rows.slice(0, most).map((row) => {
    const name = schema && nameInRow(schema, row);
    return name === undefined ? null : markers.text(display, briefName(name));
  });
}
