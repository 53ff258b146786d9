import { isDone, type Undone, type UndoneChange, type Write } from "../account/journal.ts";
import { isBack, type UndoneContact } from "../bigin/undo/contacts.ts";
import type { UndoPlan } from "../bigin/undo/plan.ts";
import type { UndoneRow, Undone as UndoneRows } from "../bigin/undo/undo.ts";
import { fittingOrFirst } from "./budget.ts";
import { plannedChanges } from "./changes.ts";
import type { Committed, Planned, ReplyContext } from "./results.ts";
import { seeAllRows } from "./row-groups.ts";
import type { Renderer } from "./table.ts";
import { briefName } from "./untrusted-text.ts";
import { createRendererFor } from "./view.ts";

const reservedTokens = 200;
const namesInSummary = 5;
const idsNamed = 10;
const notRestored =
  "Records that are created again get new ids and lose their notes, their attachments and the links that other records had to them.";
const contactsNext =
  "Call bigin_undo_write with this write_id again to create the contacts that are missing.";
const contactsLost =
  "The company had more contacts than could be read before it was deleted. They cannot be created again.";
const lostWithNew =
  "Deleting records also deletes the notes, attachments and links that anyone has added to them since.";
const pastVerbs = {
  restore: "restored",
  create_again: "created again",
  create_contacts: "contacts created again",
  delete: "deleted",
} as const;
const verbs = {
  restore: "restore",
  create_again: "create again",
  create_contacts: "create the missing contacts of",
  delete: "delete",
} as const;
const reverses = ["restore", "create_again", "create_contacts", "delete"] as const;

/** Describes a planned undo for the server: the question for the user, the preview, what a confirmation is bound to. */
export async function describeUndoPlan(
  write: Write,
  plan: UndoPlan,
  context: ReplyContext,
): Promise<Omit<Planned<unknown>, "plan">> {
  const renderer = await createRendererFor(plan.schema, context);
  const markedSummary = summaryOf(write, plan, renderer.name);
  return {
    records: plan.rows.length,
    summary: summaryOf(write, plan, briefName),
    markedSummary,
    deed: deedOf(write, plan, renderer.name),
    preview: renderer.settled(previewOf(write, plan, renderer, context.replyTokens), markedSummary),
    bound: [
      write.id,
      plan.rows.map(({ id, row, now, contacts = [], contactsGone }) => [
        id,
        row,
        now?.["Modified_Time"],
        ...(contacts.length > 0 ? [contactsGone, contacts.map((contact) => contact.id)] : []),
      ]),
    ],
  };
}

/** Reports an undo record by record. */
export function reportUndo(
  write: Write,
  plan: UndoPlan,
  { rows, notes }: UndoneRows,
  replyTokens: number,
) {
  const results = [...rows.map(resultOf), ...plan.refused.map(refusedResult)];
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
      see: seeAllRows,
    }),
    ...(has("create_again") && { not_restored: notRestored }),
    ...(has("delete") && { lost: lostWithNew }),
    ...(hasFailedContacts(rows) && { next: contactsNext }),
    ...(plan.rows.some((row) => row.hadMoreContacts) && { contacts_lost: contactsLost }),
    ...(notes.length > 0 && { notes }),
  };
  return { reply, audit: auditOf(write, plan, rows) } satisfies Committed<unknown>;
}

/** The records that an undo changed, or may have changed, for the journal. */
export function undoneChanges(rows: readonly UndoneRow[]): UndoneChange[] {
  return rows.flatMap((row) => {
    const undone = undoneOf(row);
    const { at, id, modifiedTime, contacts = [] } = row;
    return [
      ...(undone ? [{ at, id, undone, modifiedTime }] : []),
      ...contacts
        .filter(({ outcome }) => isBack(outcome))
        .map(
          ({ id, newId, modifiedTime }): UndoneChange => ({
            at,
            id,
            isContact: true,
            undone: newId ? { how: "recreated", as: newId } : { how: "restored" },
            modifiedTime,
          }),
        ),
    ];
  });
}

function undoneOf({ outcome, reverse, newId }: UndoneRow): Undone | undefined {
  // The record must not be created again: this attempt may have done so, but its response was lost.
  if (outcome === "unknown" && reverse === "create_again") return { how: "perhaps_recreated" };
  if (outcome !== "done") return undefined;
  if (newId) return { how: "recreated", as: newId };
  return { how: reverse === "delete" ? "deleted" : "restored" };
}

/** What planning another undo needs to know of an earlier one. */
export function earlierUndo(undone: Undone) {
  return {
    inWords: undoneInWords(undone),
    as: undone.how === "recreated" ? undone.as : undefined,
    isDoubtful: undone.how === "perhaps_recreated",
  };
}

/** How a record was undone, in words. */
export function undoneInWords(undone: Undone): string {
  switch (undone.how) {
    case "recreated":
      return `created again as ${undone.as}`;
    case "perhaps_recreated":
      return "perhaps created again (the response was lost): check before you create it";
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
  return `Nothing in ${write.id} can be undone: ${reasons.join(" ")}${more}`;
}

/** Why there is no write with this write_id. */
export function unknownWrite(id: string, known: readonly Write[]): string {
  const latest = known.slice(0, idsNamed).map((one) => one.id);
  return latest.length > 0
    ? `There is no write "${id}" on this connection. The latest writes are ${latest.join(", ")}.`
    : `There is no write "${id}": nothing has been written on this connection since the server started.`;
}

function resultOf({ id, reverse, outcome, newId, problem, lost, contacts = [] }: UndoneRow) {
  const count = (outcome: string) => contacts.filter((one) => one.outcome === outcome).length;
  const created = count("created");
  const linked = count("linked");
  const bad = contacts.filter((one) => !isBack(one.outcome) || one.lost.length > 0);
  return {
    id,
    outcome: outcome === "done" ? pastVerbs[reverse] : outcome,
    ...(newId && { new_id: newId }),
    ...(problem && { problem }),
    ...(lost.length > 0 && { not_restored: lost.join(", ") }),
    ...(contacts.length > 0 && { contacts_created_again: created }),
    ...(linked > 0 && { contacts_linked_again: linked }),
    ...(created + linked < contacts.length && {
      contacts_not_restored: contacts.length - created - linked,
    }),
    ...(bad.length > 0 && { contact_problems: bad.slice(0, idsNamed).map(contactProblem) }),
  };
}

function contactProblem({ id, newId, name, outcome, problem, lost }: UndoneContact) {
  const what = lost.length > 0 ? `not restored: ${lost.join(", ")}` : problem;
  return { id: newId ?? id, name: briefName(name), outcome, problem: what };
}

/** Contacts that perhaps exist are not among them: as long as they cannot be read, another undo is refused. */
function hasFailedContacts(rows: readonly UndoneRow[]): boolean {
  return rows.some((row) => row.contacts?.some(({ outcome }) => outcome === "failed"));
}

/** For the audit log: `before` is the record as the write left it, `sent` what it was set back to. */
function auditOf(write: Write, plan: UndoPlan, rows: readonly UndoneRow[]) {
  const outcomes = rows.map(({ reverse, outcome }) =>
    outcome === "done" ? pastVerbs[reverse] : outcome,
  );
  return {
    undoes: write.id,
    module: write.module,
    outcome: [...new Set(outcomes)].join(", "),
    ids: rows.map(({ id, newId }) => newId ?? id),
    records: rows.map(({ at, id, newId, problem, after, contacts = [] }, index) => ({
      id,
      outcome: outcomes[index],
      ...(newId && { new_id: newId }),
      ...(contacts.length > 0 && { contacts_created_again: contacts }),
      before: write.rows[at]?.after,
      sent: plan.rows.find((row) => row.at === at)?.row,
      ...(after && { after }),
      ...(problem && { problem }),
    })),
  };
}

function refusedResult({ id, problem }: UndoPlan["refused"][number]) {
  return { ...(id && { id }), outcome: "left alone", problem };
}

function deedOf(write: Write, { rows }: UndoPlan, nameShown: (name: string) => string): string {
  const counts = reverses.flatMap((reverse) => {
    const ours = rows.filter((row) => row.reverse === reverse);
    const names = ours.slice(0, namesInSummary).map((row) => nameShown(row.name));
    const more = ours.length > names.length ? ` and ${ours.length - names.length} more` : "";
    return ours.length > 0 ? [`${verbs[reverse]} ${names.join(", ")}${more}`] : [];
  });
  return `Undo ${write.id} in ${write.module}: ${counts.join("; ")}.`;
}

function summaryOf(write: Write, plan: UndoPlan, nameShown: (name: string) => string): string {
  const { rows, refused } = plan;
  const left = refused.length > 0 ? ` Left as they are: ${refused.length}.` : "";
  const has = (reverse: string) => rows.some((row) => row.reverse === reverse);
  const loss = `${has("delete") ? ` ${lostWithNew}` : ""}${has("create_again") ? ` ${notRestored}` : ""}`;
  return `${deedOf(write, plan, nameShown)}${left}${loss}`;
}

function previewOf(
  write: Write,
  { rows, refused, fields }: UndoPlan,
  renderer: Renderer,
  replyTokens: number,
): Record<string, unknown> {
  renderer.noteNames(rows.map(({ now }) => now));
  const lines = [
    ...rows.map(({ id, name, reverse, row, now, contacts = [] }) => ({
      id,
      name: renderer.name(name),
      would: reverse,
      ...(Object.keys(row).length > 0 && { payload: renderer.payload(row) }),
      ...(contacts.length > 0 && { contacts_created_again: contacts.length }),
      ...(reverse === "restore" && now && { changes: plannedChanges(fields, row, now, renderer) }),
    })),
    ...refused.map(refusedResult),
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
