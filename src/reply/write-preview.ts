import { nameOf, type PlannedRow, sendable, type WritePlan } from "../bigin/write/plan.ts";
import { fitting, shortenedToFit } from "./budget.ts";
import { changesIn } from "./changes.ts";
import type { Planned, ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";
import { briefName, shortened } from "./untrusted-text.ts";
import { createRendererFor } from "./view.ts";

const namesInSummary = 5;
const reservedTokens = 250;
/** Of a text area (bigin-api.md §2.3). */
const longestText = 32_000;
const cutNote = "long texts are cut in this preview only; they are sent whole";

const verbs = { create: "Create", update: "Update", upsert: "Create or update", delete: "Delete" };

/**
 * What the server must know of a planned write: what a person is asked, what a dry run shows, and what a confirmation
 * is bound to. `options` are the switches that change what the write does.
 */
export async function planned(
  plan: WritePlan,
  options: Readonly<Record<string, unknown>>,
  context: ReplyContext,
): Promise<Planned<WritePlan>> {
  const renderer = await createRendererFor(plan.schema, context);
  const rows = sendable(plan);
  return {
    plan,
    records: rows.length,
    summary: summaryOf(plan, briefName),
    told: summaryOf(plan, renderer.name),
    preview: previewOf(plan, renderer, context.replyTokens),
    bound: [
      plan.action,
      plan.module,
      options,
      plan.rows.map(({ row, id, before, held }) => [
        row,
        id,
        before?.["Modified_Time"],
        held?.outcome,
      ]),
    ],
  };
}

/** One sentence a person can decide by: what, how many, which. */
function summaryOf(plan: WritePlan, shown: (name: string) => string): string {
  const rows = sendable(plan);
  const count = `${rows.length} ${rows.length === 1 ? "record" : "records"} of ${plan.module}`;
  const names = rows.slice(0, namesInSummary).map((row) => shown(nameIn(plan, row)));
  const more = rows.length > names.length ? ` and ${rows.length - names.length} more` : "";
  const loss = plan.action === "delete" ? ` ${lossOf(rows)}` : "";
  return `${verbs[plan.action]} ${count}: ${names.join(", ")}${more}.${loss}`;
}

function lossOf(rows: readonly PlannedRow[]): string {
  return rows.every(({ before }) => before)
    ? "bigin_undo_write can create them again, without their notes, attachments and the links other records have to them."
    : "It cannot be undone: this connection cannot read so many records at once beforehand.";
}

function nameIn(plan: WritePlan, { before, row, id }: PlannedRow): string {
  if (before) return nameOf(plan, before);
  const mandatory = plan.schema.fields.find((field) => field.mandatory)?.apiName ?? "";
  const name = row[mandatory] ?? nameOf(plan, row);
  return typeof name === "string" && name !== "" ? name : (id ?? "one without a name");
}

/** The payload as it would go out, and for records that were read what would change, within the reply's budget. */
function previewOf(
  plan: WritePlan,
  renderer: Renderer,
  replyTokens: number,
): Record<string, unknown> {
  const lines = plan.rows.map((row, at) => lineOf(plan, row, at + 1, renderer));
  const fits = fitting(lines, replyTokens - reservedTokens);
  const [first] = fits === 0 ? lines : [];
  const shown = first ? [cutLine(first, replyTokens)] : lines.slice(0, fits);
  const notes = first ? [...plan.notes, cutNote] : plan.notes;
  return {
    module: plan.module,
    rows: shown,
    ...(shown.length < lines.length && { rows_left: lines.length - shown.length }),
    ...(notes.length > 0 && { notes: [...notes] }),
    ...renderer.remarks(),
  };
}

/** A row that is too long by itself, with its longest texts cut. */
function cutLine(line: Line, replyTokens: number): Line {
  const { payload = {} } = line;
  const render = (longest: number): Line => ({
    ...line,
    payload: Object.fromEntries(
      Object.entries(payload).map(([name, value]) => [
        name,
        typeof value === "string" ? shortened(value, longest) : value,
      ]),
    ),
  });
  return shortenedToFit(render, longestText, replyTokens - reservedTokens).shown;
}

interface Line extends Record<string, unknown> {
  payload?: PlannedRow["row"];
}

function lineOf(plan: WritePlan, planned: PlannedRow, at: number, renderer: Renderer): Line {
  const { row, id, before, held } = planned;
  const { id: _, ...payload } = row;
  const name = before && renderer.name(nameOf(plan, before));
  const about = { row: at, ...(id && { id }), ...(name && { name }) };
  if (held) return { ...about, held: held.outcome, existing: held.ids, problem: held.problem };
  if (plan.action === "delete") return about;
  return {
    ...about,
    payload,
    ...(before && { changes: changesIn(plan.fields, row, before, renderer) }),
  };
}
