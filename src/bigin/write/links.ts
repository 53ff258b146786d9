import { grantedOr } from "../api/batch.ts";
import type { Reading } from "../api/records.ts";
import { readImages } from "./snapshots.ts";

/** A record that a row points at: which module, which id, and how a fault names the place. */
export interface Link {
  module: string;
  id: string;
  row: number;
  label: string;
}

/**
 * The links that lead nowhere: to a record that was deleted, never was, or is hidden from this user. `checked` is false
 * where the connection may not read the other module, or would need a request for each.
 */
export async function deadLinks(
  reading: Reading,
  links: readonly Link[],
): Promise<{ dead: Link[]; checked: boolean }> {
  const modules = [...new Set(links.map((link) => link.module))];
  const answers = await Promise.all(
    modules.map(async (module) => {
      const ours = links.filter((link) => link.module === module);
      const ids = [...new Set(ours.map((link) => link.id))];
      const images = await grantedOr(readImages(reading, module, ids, ["id"]), undefined);
      return images && ours.filter((link) => !images.has(link.id));
    }),
  );
  return {
    dead: answers.flatMap((answer) => answer ?? []),
    checked: answers.every((answer) => answer !== undefined),
  };
}
