import { grantedOr } from "../api/batch.ts";
import type { RecordReads } from "../api/records.ts";
import { readSnapshots } from "./snapshots.ts";

/** A record that a row points at. */
export interface Link {
  module: string;
  id: string;
  /** The place of the row, from 0. */
  row: number;
  /** The label of the field, for an error message. */
  label: string;
}

/**
 * The links to records that were deleted, never existed, or are hidden from this user. `checked` is false if the
 * connection may not read another module, or could only do so with a request for each record.
 */
export async function deadLinks(
  reads: RecordReads,
  links: readonly Link[],
): Promise<{ dead: Link[]; checked: boolean }> {
  const modules = [...new Set(links.map((link) => link.module))];
  const deadByModule = await Promise.all(
    modules.map(async (module) => {
      const ours = links.filter((link) => link.module === module);
      const ids = [...new Set(ours.map((link) => link.id))];
      const found = await grantedOr(readSnapshots(reads, module, ids, ["id"]), undefined);
      return found && ours.filter((link) => !found.has(link.id));
    }),
  );
  return {
    dead: deadByModule.flatMap((dead) => dead ?? []),
    checked: deadByModule.every((dead) => dead !== undefined),
  };
}
