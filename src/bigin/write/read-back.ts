import { Failure } from "../../shared/failure.ts";
import type { RecordReads, RecordWrites, Row } from "../api/records.ts";
import type { RowResponse } from "../api/rows.ts";
import {
  inOtherFamily,
  linksAsDocumented,
  moduleKey,
  otherLinkName,
} from "../schema/activity-links.ts";
import { isEmpty } from "../values.ts";
import { inChunks, type Sending } from "./chunks.ts";
import { wasCarriedOut } from "./compare.ts";
import type { PlannedRow, WritePlan } from "./plan.ts";
import {
  lookForDeleted,
  type ReadBack,
  readAgain,
  readSnapshots,
  type Snapshots,
} from "./snapshots.ts";

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

/** Links of activities that were written once more, under the other names. */
export interface Relinked {
  /** The records as they are now, with these links under the names that were sent. */
  snapshots: Snapshots | undefined;
  /** Ids of the records that were linked that way. */
  ids: ReadonlySet<string>;
}

interface Relinking extends Sending {
  trigger?: readonly string[] | undefined;
}

/**
 * Where nothing shows by which names activities are linked, an insert uses those of the documentation, and Bigin drops them
 * silently if it has the others (docs/compatibility.md). Records whose links are missing are updated with the other names;
 * nothing is inserted again.
 */
export async function relink(
  plan: WritePlan,
  { rows, responses }: Sent,
  snapshots: Snapshots | undefined,
  how: Relinking,
  { reads, writes }: { reads: RecordReads; writes: Pick<RecordWrites, "update"> },
): Promise<Relinked> {
  const lost = responses.flatMap((response, at): Row[] => {
    const row = rows[at]?.row ?? {};
    const record = response.ok ? snapshots?.get(response.id) : undefined;
    const links = record ? missingLinks(row, record) : [];
    return record && links.length > 0
      ? [{ ...inOtherFamily(pick(row, [...links, moduleKey])), id: record.id }]
      : [];
  });
  if (!plan.schema.linksAssumed || lost.length === 0) return { snapshots, ids: new Set() };
  const write = async () => {
    const { module } = plan;
    const { trigger, signal } = how;
    const update = (rows: readonly Row[]) => writes.update(module, rows, { trigger });
    await inChunks([lost], update, { signal, stopOnError: false });
    const ids = lost.map((row) => String(row["id"]));
    const names = ["Modified_Time", ...lost.flatMap((row) => Object.keys(row))];
    return readSnapshots(reads, module, ids, names);
  };
  // The records exist by now, so no failure may end the call. A link that is still missing is reported as not taken.
  const linked = await write().catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
  });
  if (!linked) return { snapshots, ids: new Set() };
  const renamed = [...linked.values()].map((record) => {
    const known = snapshots?.get(record.id);
    return { ...known, ...inOtherFamily(record), id: record.id };
  });
  const all = new Map([...(snapshots ?? []), ...renamed.map((one) => [one.id, one] as const)]);
  const ids = renamed.filter((one) => linksAsDocumented(one)).map(({ id }) => id);
  return { snapshots: all, ids: new Set(ids) };
}

function missingLinks(row: Row, record: Row): string[] {
  return Object.keys(row).filter(
    (name) => otherLinkName(name) !== undefined && row[name] && isEmpty(record[name]),
  );
}

function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
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
