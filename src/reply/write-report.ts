import * as z from "zod";
import type { CarriedOut } from "../bigin/write/carry-out.ts";
import { differenceOf } from "../bigin/write/compare.ts";
import type { PlannedRow, RowResult, WritePlan } from "../bigin/write/plan.ts";
import { duplicateCode, Failure } from "../shared/failure.ts";
import { sentencesByRows } from "../shared/row-numbers.ts";
import { rangesThatFit, tokensOf } from "./budget.ts";
import { reportedChanges } from "./changes.ts";
import { contactsCounted, takesContacts } from "./company-contacts.ts";
import { adviceFor } from "./errors.ts";
import type { Committed, ReplyContext } from "./results.ts";
import { groupRows, type RowReport } from "./row-groups.ts";
import type { Renderer } from "./table.ts";
import { createRendererFor, resolvedInRows } from "./view.ts";

const problemsNamed = 10;
/** The share of a reply that may hold the numbers of the rows to send again. */
const rangesShare = 0.2;

/** The reply of every tool that writes records: a count for each outcome, and one result per row. */
export const writeOutput = z.looseObject({
  module: z.string(),
  done: z.int().describe("Rows that succeeded"),
  failed: z.int().describe("Rows that failed"),
  results: z
    .array(
      z.looseObject({
        row: z.int().describe("From 1, in the order sent"),
        id: z.string().optional(),
        outcome: z.string(),
        problem: z.string().optional(),
      }),
    )
    .describe("One per row. Rows of large writes that plainly succeeded are grouped in ids"),
  write_id: z.string().optional().describe("For bigin_undo_write"),
});

/**
 * Reports a write row by row: what changed (old → new), what Bigin altered or did not take, what failed, and what to send
 * again. If nothing is known to have been written, `failure` is set and reported instead.
 */
export async function reportWrite(
  plan: WritePlan,
  { results, notes }: CarriedOut,
  context: ReplyContext,
): Promise<Committed<z.input<typeof writeOutput>>> {
  const renderer = await createRendererFor(plan.schema, context);
  renderer.noteNames(results.flatMap(({ before, after }) => [before, after]));
  const reports = results.map((result, at) =>
    rowReport(plan, plan.rows[at], result, at + 1, renderer),
  );
  const count = (...outcomes: string[]) =>
    results.filter((result) => outcomes.includes(result.outcome)).length;
  const others = ["unknown", "not_sent", "ambiguous", "exists"].flatMap((outcome) =>
    count(outcome) > 0 ? [[outcome, count(outcome)]] : [],
  );
  const vanished = results.filter((result) => result.vanished).length;
  const notTaken = results.filter((result, at) => isNotTaken(plan, plan.rows[at], result)).length;
  const again = rowsToSendAgain(plan, results, context.replyTokens);
  const resolved = resolvedInRows(plan.resolved, context.replyTokens);
  const reply = {
    module: plan.module,
    done: count("created", "updated", "unchanged", "deleted") - vanished - notTaken,
    failed: count("failed"),
    ...(notTaken > 0 && { not_taken: notTaken }),
    ...(vanished > 0 && { not_found_afterwards: vanished }),
    ...Object.fromEntries(others),
    ...groupRows(reports, context.replyTokens - tokensOf([again, resolved])),
    ...again,
    ...(count("unknown") > 0 && { look_first: checkFirst(plan) }),
    ...nextStep(results),
    ...retryAfter(results),
    ...resolved,
    ...(notes.length > 0 && { notes: [...new Set(notes)] }),
    ...renderer.remarks(),
  };
  const rows = results.map(({ failure: _, ...result }, at) => ({
    ...result,
    row: plan.rows[at]?.row ?? {},
    // Rows already recorded by an earlier attempt are left out, so that undo does not revert them twice.
    ...(plan.rows[at]?.result && { outcome: "exists" as const }),
  }));
  return {
    reply: renderer.settled(reply),
    written: { module: plan.module, rows },
    audit: auditOf(plan, results),
    failure: whyNothingDone(plan, results),
  };
}

function rowReport(
  plan: WritePlan,
  planned: PlannedRow | undefined,
  result: RowResult,
  row: number,
  renderer: Renderer,
): RowReport {
  const report: RowReport = {
    row,
    ...(result.id && { id: result.id }),
    outcome: result.outcome,
    ...(result.problem && { problem: result.problem }),
    ...(result.existing && { existing: [...result.existing] }),
  };
  if (plan.action === "delete" && result.along && takesContacts(result.along))
    return { ...report, contacts_deleted_too: contactsCounted(result.along) };
  if (!planned || !result.after || plan.action === "delete") return report;
  const difference = differenceOf(planned.row, plan.fields, result.before, result.after);
  return { ...report, ...reportedChanges(difference, report, renderer) };
}

/** Whether Bigin reported success for a row, but did not store all of its values. */
function isNotTaken(plan: WritePlan, planned: PlannedRow | undefined, result: RowResult): boolean {
  if (!planned || !result.after || result.vanished || plan.action === "delete") return false;
  const { notTaken } = differenceOf(planned.row, plan.fields, result.before, result.after);
  return notTaken.length > 0;
}

/** The rows to send again: those that failed, once corrected, and those that were not sent, as they are. */
function rowsToSendAgain(plan: WritePlan, results: readonly RowResult[], replyTokens: number) {
  const rows = results.flatMap(({ outcome }, at) =>
    ["failed", "not_sent"].includes(outcome) ? [at] : [],
  );
  if (rows.length === 0) return {};
  const given = rows.map((at) => plan.rows[at]?.given ?? {});
  const ready =
    plan.action === "delete" ? { ids: given.map((row) => row["id"]) } : { records: given };
  if (tokensOf(ready) < replyTokens / 2) return { send_again: ready };
  const numbers = rows.map((at) => at + 1);
  const { rows: shown, count } = rangesThatFit(numbers, replyTokens * rangesShare);
  const more = numbers.length - count;
  return { send_again: { rows: shown, ...(more > 0 && { more_rows: more }) } };
}

function checkFirst(plan: WritePlan): string {
  return `Rows with the outcome "unknown" may have been written. Before you send them again, check with ${lookUp(plan)}.`;
}

/** The call that shows what a write did. */
function lookUp({ action, module }: WritePlan): string {
  return action === "create" || action === "upsert"
    ? `bigin_list_records {"module":"${module}","sort_by":"Created_Time","sort_order":"desc"}`
    : "bigin_get_record";
}

/** What to correct before rows that were not sent can be sent again, such as a key, a grant or a scope. */
function nextStep(results: readonly RowResult[]): { next?: string } {
  const steps = results.flatMap(
    ({ outcome, failure }) =>
      (outcome === "not_sent" && failure && adviceFor(failure.facts, results.length > 1)) || [],
  );
  return steps[0] === undefined ? {} : { next: steps[0] };
}

function retryAfter(results: readonly RowResult[]): { retry_after_s?: number } {
  const wait = results.map((result) => result.failure?.facts.retryAfterS).find((one) => one);
  return wait ? { retry_after_s: wait } : {};
}

/**
 * The failure of a write of which no row is known to have succeeded. Undefined if a row succeeded, or if some rows are
 * unknown and others failed: these are reported row by row.
 */
function whyNothingDone(plan: WritePlan, results: readonly RowResult[]): Failure | undefined {
  const has = (outcome: string) => results.some((result) => result.outcome === outcome);
  const isBad = ({ outcome }: RowResult) => ["failed", "unknown", "not_sent"].includes(outcome);
  if (!results.every(isBad) || (has("unknown") && (has("failed") || has("not_sent"))))
    return undefined;
  if (has("unknown")) return inDoubt(plan, results);
  const problems = problemsIn(results);
  const shown = problems.slice(0, problemsNamed).join(" ");
  const more =
    problems.length > problemsNamed ? ` And ${problems.length - problemsNamed} more.` : "";
  return new Failure({
    origin: "bigin",
    kind: "rejected",
    // The advice for duplicates is another, if there are no other faults.
    ...(results.every(({ code }) => code === duplicateCode) && { code: duplicateCode }),
    message: `Nothing in ${plan.module} was changed. ${shown}${more}`,
    retryAfterS: retryAfter(results).retry_after_s,
  });
}

function inDoubt(plan: WritePlan, results: readonly RowResult[]): Failure | undefined {
  const failure = results[0]?.failure;
  if (!failure) return undefined;
  return new Failure({
    ...failure.facts,
    mayHaveHappened: true,
    message: `${failure.message} To see what was written: ${lookUp(plan)}.`,
  });
}

/** Each problem once, with the numbers of its rows. */
function problemsIn(results: readonly RowResult[]): string[] {
  const faults = results.map(({ problem = "rejected" }, row) => ({ row, sentence: problem }));
  return sentencesByRows(faults, results.length);
}

/** Ids, before and after of each row, for the audit log. */
function auditOf(plan: WritePlan, results: readonly RowResult[]) {
  return {
    module: plan.module,
    outcome: [...new Set(results.map(({ outcome }) => outcome))].join(", "),
    ids: results.flatMap(({ id }) => id ?? []),
    records: results.map(({ id, outcome, before, after, problem, along }, at) => ({
      ...(id && { id }),
      outcome,
      sent: plan.rows[at]?.row,
      ...(before && { before }),
      ...(along && along.count > 0 && { contacts_deleted_too: along.contacts }),
      ...(after && { after }),
      ...(problem && { problem }),
    })),
  };
}
