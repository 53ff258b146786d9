import * as z from "zod";
import type { Page } from "../bigin/records.ts";
import { moreOf, tableOf } from "./render.ts";

/** What every list of records answers. */
export const pageOutput = z.looseObject({
  module: z.string(),
  columns: z.array(z.string()),
  rows: z.array(z.array(z.unknown())).describe("A row per record, cells in the order of columns"),
  more: z
    .looseObject({ page_token: z.string().optional(), page: z.int().optional() })
    .optional()
    .describe("Add to the same arguments for the next page"),
});

export function pageReply(
  module: string,
  page: Page,
  fields: readonly string[],
  keepEmpty: boolean,
): z.input<typeof pageOutput> {
  const more = moreOf(page);
  return { module, ...tableOf(page.records, fields, keepEmpty), ...(more && { more }) };
}
