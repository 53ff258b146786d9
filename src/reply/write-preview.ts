import { isObject } from "../bigin/values.ts";
import type { CompanyContacts } from "../bigin/write/company-contacts.ts";
import {
  nameInRow,
  nameOf,
  type PlannedRow,
  sendable,
  type WritePlan,
} from "../bigin/write/plan.ts";
import { fitting, shortenedToFit, tokensOf } from "./budget.ts";
import { plannedChanges } from "./changes.ts";
import {
  contactsCounted,
  contactsTaken,
  contactVersions,
  takesContacts,
} from "./company-contacts.ts";
import type { Planned, ReplyContext } from "./results.ts";
import type { Renderer } from "./table.ts";
import { briefName, shortened } from "./untrusted-text.ts";
import { createRendererFor, resolvedInRows } from "./view.ts";

const namesInSummary = 5;
const lossesInSummary = 5;
/** Characters of the items that a list loses. */
const longestLoss = 300;
const reservedTokens = 250;
/** Characters of a text area (docs/reference/bigin-api.md §2.3). */
const longestText = 32_000;
const cutNote = "Long texts are cut in this preview only: they are sent in full.";

const verbs = { create: "Create", update: "Update", upsert: "Create or update", delete: "Delete" };

/**
 * Describes a planned write for the server: the question for the user, the dry run, and what a confirmation is bound
 * to. `options` are the arguments that change what the write does; a confirmation is bound to them too.
 */
export async function describeWritePlan(
  plan: WritePlan,
  options: Readonly<Record<string, unknown>>,
  context: ReplyContext,
): Promise<Planned<WritePlan>> {
  const renderer = await createRendererFor(plan.schema, context);
  const versions = plan.rows.map(({ row, id, before, held }) => [
    row,
    id,
    before?.["Modified_Time"],
    held?.outcome,
  ]);
  const along = [...(plan.along?.values() ?? [])];
  const markedSummary = summaryOf(plan, renderer.name, renderer);
  return {
    plan,
    records: sendable(plan).length + along.reduce((sum, one) => sum + one.count, 0),
    mustConfirm: along.some(takesContacts),
    losesItems: sendable(plan).some(({ losses = [] }) => losses.length > 0),
    summary: summaryOf(plan, briefName, renderer),
    markedSummary,
    deed: deedOf(plan, renderer.name),
    preview: renderer.settled(previewOf(plan, renderer, context.replyTokens), markedSummary),
    bound: [
      plan.action,
      plan.module,
      options,
      versions,
      ...(along.length > 0 ? [along.map(contactVersions)] : []),
    ],
  };
}

/** What is done, to how many records, and the first names. */
function deedOf(plan: WritePlan, nameShown: (name: string) => string): string {
  const rows = sendable(plan);
  const count = `${rows.length} ${rows.length === 1 ? "record" : "records"} of ${plan.module}`;
  const names = rows.slice(0, namesInSummary).map((row) => nameShown(nameIn(plan, row)));
  const more = rows.length > names.length ? ` and ${rows.length - names.length} more` : "";
  return `${verbs[plan.action]} ${count}: ${names.join(", ")}${more}.`;
}

/** The sentences by which a user decides: what is done, and what would be lost. */
function summaryOf(
  plan: WritePlan,
  nameShown: (name: string) => string,
  renderer: Renderer,
): string {
  const rows = sendable(plan);
  const loss = plan.action === "delete" ? ` ${lossOf(rows)}` : "";
  const along = contactsTaken(plan, nameShown).map((sentence) => ` ${sentence}`);
  const lost = itemsLost(plan, rows, nameShown, renderer).map((sentence) => ` ${sentence}`);
  return `${deedOf(plan, nameShown)}${along.join("")}${lost.join("")}${loss}`;
}

/** What rows remove from lists without naming it, in sentences. */
function itemsLost(
  plan: WritePlan,
  rows: readonly PlannedRow[],
  nameShown: (name: string) => string,
  renderer: Renderer,
): string[] {
  const all = rows.flatMap((row) => (row.losses ?? []).map((loss) => ({ row, ...loss })));
  const shown = all.slice(0, lossesInSummary).map(({ row, field, items }) => {
    const gone = renderer.cell(field.apiName, items, longestLoss);
    const text = typeof gone === "string" ? gone : JSON.stringify(gone);
    return `Removes from ${field.label} of ${nameShown(nameIn(plan, row))}: ${text}.`;
  });
  const more = all.length - shown.length;
  return more > 0
    ? [...shown, `Removes items from ${more} more ${more === 1 ? "list" : "lists"}.`]
    : shown;
}

/** The same for one row of a preview. */
function lossesOf({ losses = [] }: PlannedRow, renderer: Renderer): Record<string, unknown> {
  if (losses.length === 0) return {};
  const entries = losses.map(({ field: { apiName }, items }) => [
    apiName,
    renderer.cell(apiName, items, longestLoss),
  ]);
  return { removes: Object.fromEntries(entries) };
}

function lossOf(rows: readonly PlannedRow[]): string {
  const [it, its] = rows.length === 1 ? ["it", "its"] : ["them", "their"];
  return rows.every(({ before }) => before)
    ? `bigin_undo_write can create ${it} again, without ${its} notes, ${its} attachments and the links that other records have to ${it}.`
    : "This cannot be undone, because this connection cannot read this many records before the write.";
}

function nameIn({ schema }: WritePlan, planned: PlannedRow): string {
  return nameInRow(schema, planned) ?? planned.id ?? "one without a name";
}

/** The payload as it would be sent, and what it would change in the records that were read, within the budget. */
function previewOf(
  plan: WritePlan,
  renderer: Renderer,
  replyTokens: number,
): Record<string, unknown> {
  renderer.noteNames(plan.rows.flatMap(({ before, row }) => [before, withNames(row, plan)]));
  const previews = plan.rows.map((row, at) => rowPreview(plan, row, at + 1, renderer));
  const resolved = resolvedInRows(plan.resolved, replyTokens);
  const room = replyTokens - tokensOf(resolved);
  const fits = fitting(previews, room - reservedTokens);
  const [first] = fits === 0 ? previews : [];
  const shown = first ? [withTextsCut(first, room)] : previews.slice(0, fits);
  const notes = first ? [...plan.notes, cutNote] : plan.notes;
  return {
    module: plan.module,
    rows: shown,
    ...(shown.length < previews.length && { rows_left: previews.length - shown.length }),
    ...resolved,
    ...(notes.length > 0 && { notes: [...notes] }),
    ...renderer.remarks(),
  };
}

function alongPreview(along: CompanyContacts | undefined): Record<string, unknown> {
  if (!along || !takesContacts(along)) return {};
  return {
    contacts_deleted_too: contactsCounted(along),
    deals_left: along.deals ?? "not known",
  };
}

interface RowPreview extends Record<string, unknown> {
  payload?: PlannedRow["row"];
}

/** Cuts the longest texts of a row that alone does not fit. */
function withTextsCut(preview: RowPreview, replyTokens: number): RowPreview {
  const render = (longest: number): RowPreview => {
    const payload = Object.entries(preview.payload ?? {}).map(([name, value]) => [
      name,
      typeof value === "string" ? shortened(value, longest) : value,
    ]);
    return { ...preview, payload: Object.fromEntries(payload) };
  };
  return shortenedToFit(render, longestText, replyTokens - reservedTokens).shown;
}

function rowPreview(
  plan: WritePlan,
  planned: PlannedRow,
  at: number,
  renderer: Renderer,
): RowPreview {
  const { row, id, before, held } = planned;
  const { id: _, ...payload } = row;
  const name = before && renderer.name(nameOf(plan, before));
  const about = { row: at, ...(id && { id }), ...(name && { name }) };
  if (held) return { ...about, held: held.outcome, existing: held.ids, problem: held.problem };
  if (plan.action === "delete") return { ...about, ...alongPreview(plan.along?.get(id ?? "")) };
  return {
    ...about,
    payload,
    ...(before && {
      changes: plannedChanges(plan.fields, withNames(row, plan), before, renderer),
    }),
    ...lossesOf(planned, renderer),
  };
}

/** The row with the names of the users and records that were found for it. */
function withNames(row: PlannedRow["row"], { resolved = [] }: WritePlan): PlannedRow["row"] {
  const names = new Map(resolved.flatMap((one) => ("id" in one ? [[one.id, one.name]] : [])));
  const named = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(named);
    if (!isObject(value)) return value;
    const name = typeof value["id"] === "string" ? names.get(value["id"]) : undefined;
    const parts = Object.entries(value).map(([key, part]) => [key, named(part)]);
    return { ...Object.fromEntries(parts), ...(name !== undefined && { name }) };
  };
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, named(value)]));
}
