import type { BiginRecord, Reading, Row } from "../api/records.ts";
import type { RowOutcome } from "../api/rows.ts";
import type { Field } from "../schema/fields.ts";
import { idIn } from "../values.ts";
import { fieldsIn, holds } from "./compare.ts";
import type { PlannedRow, WritePlan } from "./plan.ts";
import { type Images, lookForDeleted, readAgain } from "./snapshots.ts";

interface Sent {
  rows: readonly PlannedRow[];
  answers: readonly RowOutcome[];
}

/** Reads what was written, and the records whose change is in doubt. */
export async function readBack(
  plan: WritePlan,
  { rows, answers }: Sent,
  signal: AbortSignal,
  reading: Reading,
): Promise<{ images?: Images; note?: string }> {
  const written = answers.flatMap((one) => (one.ok ? one.id : []));
  const doubtful = rows.flatMap(({ id }, at) => (id && isInDoubt(answers[at]) ? id : []));
  const ids = [...new Set([...doubtful, ...written])];
  if (ids.length === 0) return {};
  if (signal.aborted) return { note: "not read back: the time was up" };
  // An upstream that has just lost an answer is asked one thing first.
  const parts = doubtful.length > 0 ? [ids.slice(0, 1), ids.slice(1)] : [ids];
  const { module, fields } = plan;
  if (plan.action === "delete") return lookForDeleted(reading, module, parts);
  return readAgain(reading, { module, fields, rows: plan.rows.map(({ row }) => row) }, parts);
}

function isInDoubt(outcome: RowOutcome | undefined): boolean {
  return outcome?.ok === false && outcome.state === "unknown";
}

const stillThere =
  "Bigin reported it as deleted, but the record is still there: look before you rely on it";

/** What Bigin said was deleted, and is there. It may go yet, so that nobody can say it failed. */
export function inDoubtAfterAll(
  id: string,
  images: Images | undefined,
): Extract<RowOutcome, { ok: false }> | undefined {
  if (!images?.has(id)) return undefined;
  return { ok: false, code: "STILL_THERE", problem: stillThere, state: "unknown" };
}

/**
 * A change in doubt that the record shows to have been carried out is told as done, and a delete that it shows not to
 * have been is in doubt.
 */
export function settled(
  { action, fields }: WritePlan,
  planned: PlannedRow | undefined,
  answer: RowOutcome,
  images: Images | undefined,
): RowOutcome {
  if (answer.ok) return (action === "delete" && inDoubtAfterAll(answer.id, images)) || answer;
  if (!images || !planned?.id || !isInDoubt(answer)) return answer;
  const after = images.get(planned.id);
  if (!wasCarriedOut({ row: planned.row, isDelete: action === "delete", fields }, after))
    return answer;
  const modifiedTime = after && String(after["Modified_Time"]);
  return { ok: true, id: planned.id, action: "update", ...(modifiedTime && { modifiedTime }) };
}

/** A change to a record that was there: the row that was sent, empty of fields for a delete. */
interface Change {
  row: Row;
  isDelete: boolean;
  fields: ReadonlyMap<string, Field>;
}

/**
 * Whether the record, read after a change whose answer was lost, shows that the change was carried out. False leaves it
 * in doubt: it may be under way still, or Bigin may have altered a value.
 */
export function wasCarriedOut(
  { row, isDelete, fields }: Change,
  after: BiginRecord | undefined,
): boolean {
  if (isDelete || !after) return isDelete && !after;
  const sent = fieldsIn(row, fields);
  const team = row["Layout"];
  const isMoved = team === undefined || idIn(team) === idIn(after["Pipeline"]);
  return (
    sent.length > 0 &&
    isMoved &&
    sent.every((field) => holds(field, row[field.apiName], after[field.apiName]))
  );
}
