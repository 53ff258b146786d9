import * as z from "zod";

/** Ids are digit strings; as JSON numbers they would lose their last digits (bigin-api.md §0). */
const idText = (what: string) =>
  z
    .string()
    .regex(
      /^\d{15,19}$/,
      `is not ${what}: an id is a string of 15 to 19 digits, as lists and searches return it`,
    );

export const id = idText("a record id").describe("Record id, 15-19 digits");
export const ids = z.array(idText("a record id")).min(1).max(100).describe("1-100 record ids");

export const module = z
  .string()
  .min(1)
  .describe(
    "Contacts, Accounts (companies), Pipelines (deals), Products, Tasks, Events, Calls, Notes or a custom one",
  );

export const connectionId = z
  .string()
  .min(1)
  .optional()
  .describe("Only needed with several ACTIVE connections");

export const fields = z
  .array(z.string().min(1))
  .min(1)
  .max(50)
  .optional()
  .describe("Field API names, at most 50; default: the main ones");

export const sortBy = z.string().min(1).optional().describe("Field API name");
export const sortOrder = z.enum(["asc", "desc"]).optional().describe("Needs sort_by");
export const page = z
  .int()
  .min(1)
  .max(2000)
  .optional()
  .describe("Reaches the first 2000 records only");
export const perPage = z.int().min(1).max(200).optional().describe("Default 50");
export const pageToken = z
  .string()
  .min(1)
  .optional()
  .describe("From `more`, with all other arguments unchanged");

/**
 * A value Bigin types itself. It is advertised as a string, because hosts want one scalar type per node, but
 * numbers, booleans, null (which clears a field) and objects such as {"id": "…"} are taken too.
 */
export function fieldValue(description: string) {
  return z.unknown().optional().meta({ type: "string", description });
}

/** Rows to write: any field by API name beside the declared ones. */
export function records<S extends z.ZodRawShape>(row: S, description: string) {
  return z.array(z.looseObject(row)).min(1).max(100).describe(description);
}

export const trigger = z
  .array(z.enum(["workflow"]))
  .max(1)
  .optional()
  .describe("Workflows run unless []");

export const defaultPerPage = 50;
/** A page number reaches this many records; beyond it Bigin answers an error (bigin-api.md §1.2). */
const pageWall = 2000;

/** Rules between paging arguments, told before anything is sent. */
export function checkPaging(
  args: {
    page?: number | undefined;
    per_page?: number | undefined;
    page_token?: string | undefined;
    sort_by?: string | undefined;
    sort_order?: string | undefined;
  },
  check: z.core.$RefinementCtx,
): void {
  if (args.page !== undefined && args.page_token !== undefined)
    check.addIssue("Give page or page_token, not both: a token already knows its place.");
  const perPage = args.per_page ?? defaultPerPage;
  if ((args.page ?? 1) * perPage > pageWall)
    check.addIssue(
      `Page ${args.page} of ${perPage} lies beyond record ${pageWall}, where page numbers end: continue with the page_token from \`more\`.`,
    );
  if (args.sort_order !== undefined && args.sort_by === undefined)
    check.addIssue("sort_order needs sort_by: name the field to sort by.");
}
