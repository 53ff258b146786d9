import type { RecordReads } from "../api/records.ts";
import type { RowResponse } from "../api/rows.ts";
import { wasCarriedOut } from "./compare.ts";
import type { PlannedRow, WritePlan } from "./plan.ts";
import { lookForDeleted, type ReadBack, readAgain, type Snapshots } from "./snapshots.ts";

interface Sent {
  rows: readonly PlannedRow[];
  responses: readonly RowResponse[];
}

/** Reads the records that were written or may have been. */
export async function readBack(
  plan: WritePlan,
  { rows, responses }: Sent,
  signal: AbortSignal,
  reads: RecordReads,
): Promise<ReadBack> {
  const written = responses.flatMap((one) => (one.ok ? one.id : []));
  const unknown = rows.flatMap(({ id }, at) => (id && isUnknown(responses[at]) ? id : []));
  const ids = [...new Set([...unknown, ...written])];
  if (ids.length === 0) return {};
  if (signal.aborted) return { note: "not read back: the time was up" };
  // After a lost response, one record is read first: the upstream may still be failing.
  const parts = unknown.length > 0 ? [ids.slice(0, 1), ids.slice(1)] : [ids];
  const { module, fields } = plan;
  if (plan.action === "delete") return lookForDeleted(reads, module, parts);
  return readAgain(reads, { module, fields, rows: plan.rows.map(({ row }) => row) }, parts);
}

function isUnknown(response: RowResponse | undefined): boolean {
  return response?.ok === false && response.state === "unknown";
}

const stillThere =
  "Bigin reported it as deleted, but the record is still there: check it before you rely on it";

/**
 * The response for a record that Bigin reported as deleted but that still exists: "unknown", because it may disappear
 * later. Undefined if the record does not exist or was not looked for.
 */
export function deleteDisproved(
  id: string,
  snapshots: Snapshots | undefined,
): Extract<RowResponse, { ok: false }> | undefined {
  if (!snapshots?.has(id)) return undefined;
  return { ok: false, code: "STILL_THERE", problem: stillThere, state: "unknown" };
}

/**
 * Corrects a response by the records that were read back: an unknown change that the record shows becomes done, and a
 * delete whose record still exists becomes unknown.
 */
export function confirmed(
  { action, fields }: WritePlan,
  planned: PlannedRow | undefined,
  response: RowResponse,
  snapshots: Snapshots | undefined,
): RowResponse {
  if (response.ok)
    return (action === "delete" && deleteDisproved(response.id, snapshots)) || response;
  if (!snapshots || !planned?.id || !isUnknown(response)) return response;
  const after = snapshots.get(planned.id);
  if (!wasCarriedOut({ row: planned.row, isDelete: action === "delete", fields }, after))
    return response;
  const modifiedTime = after && String(after["Modified_Time"]);
  return { ok: true, id: planned.id, action: "update", ...(modifiedTime && { modifiedTime }) };
}
