import { Failure } from "../../failure.ts";
import type { BiginRecord, Reading } from "../records.ts";
import type { RowOutcome } from "../rows.ts";
import { type Images, readImages } from "./images.ts";
import type { PlannedRow, WritePlan } from "./plan.ts";
import { wasCarriedOut } from "./settle.ts";

interface Sent {
  rows: readonly PlannedRow[];
  answers: readonly RowOutcome[];
}

/**
 * Reads what was written, and the records whose change is in doubt. Where that fails the write has happened all the
 * same: it is told as not read back.
 */
export async function readBack(
  plan: WritePlan,
  { rows, answers }: Sent,
  signal: AbortSignal,
  reading: Reading,
): Promise<{ images?: Images | undefined; note?: string }> {
  const written = plan.action === "delete" ? [] : answers.flatMap((one) => (one.ok ? one.id : []));
  const doubtful = rows.flatMap(({ id }, at) => (id && isInDoubt(answers[at]) ? id : []));
  const ids = [...new Set([...doubtful, ...written])];
  if (ids.length === 0) return {};
  if (signal.aborted) return { note: "not read back: the time was up" };
  const fields = plan.rows
    .flatMap(({ row }) => Object.keys(row))
    .filter((name) => name !== "Layout");
  const team = plan.fields.has("Pipeline") ? ["Pipeline"] : [];
  const wanted = ["Modified_Time", ...team, ...new Set(fields)];
  // An upstream that has just lost an answer is asked one thing first.
  const parts = doubtful.length > 0 ? [ids.slice(0, 1), ids.slice(1)] : [ids];
  try {
    const images = await readInTurn(reading, plan.module, parts, wanted);
    return images
      ? { images }
      : { note: "not read back: this connection cannot read so many records at once" };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { note: `not read back: ${error.message}` };
  }
}

async function readInTurn(
  reading: Reading,
  module: string,
  parts: readonly string[][],
  fields: readonly string[],
): Promise<Images | undefined> {
  const images = new Map<string, BiginRecord>();
  for (const ids of parts) {
    const some = await readImages(reading, module, ids, fields);
    if (!some) return undefined;
    for (const [id, image] of some) images.set(id, image);
  }
  return images;
}

function isInDoubt(outcome: RowOutcome | undefined): boolean {
  return outcome?.ok === false && outcome.state === "unknown";
}

/** A change in doubt that the record shows to have been carried out is told as done. */
export function settled(
  { action, fields }: WritePlan,
  planned: PlannedRow | undefined,
  answer: RowOutcome,
  images: Images | undefined,
): RowOutcome {
  if (!images || !planned?.id || !isInDoubt(answer)) return answer;
  const after = images.get(planned.id);
  if (!wasCarriedOut({ row: planned.row, isDelete: action === "delete", fields }, after))
    return answer;
  const modifiedTime = after && String(after["Modified_Time"]);
  return { ok: true, id: planned.id, action: "update", ...(modifiedTime && { modifiedTime }) };
}
