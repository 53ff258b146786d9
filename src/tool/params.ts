import * as z from "zod";
import { operators } from "../bigin/field-types.ts";
import { defaultPerPage, pageWall } from "../reply/record-list.ts";

/** Ids are digit strings; as JSON numbers they would lose their last digits (bigin-api.md §0). */
const idText = (what: string) =>
  z
    .string()
    .regex(
      /^\d{15,19}$/,
      `is not ${what}: an id is a string of 15 to 19 digits, as lists and searches return it`,
    );

/** An enum is written out as a pattern of words: its JSON form costs twice as much. */
const oneOf = <T extends string>(...words: readonly T[]) =>
  z
    .string()
    .refine((word): word is T => words.some((one) => one === word), `must be ${words.join(" or ")}`)
    .describe(words.join(" or "));

export const id = idText("a record id").describe(
  "Record id of 15-19 digits, as a list or a search returned it",
);
/** Rows and ids one call takes; Bigin gets them a hundred at a time. */
const rowsAtMost = 500;

/** Lists whose items are the rows of a write: faults in them are reported by row number. */
export const rowLists = z.registry();

export const manyIds = z
  .array(idText("a record id"))
  .min(1)
  .max(rowsAtMost)
  .describe("Record ids (1-500), as a list or a search returned them")
  .register(rowLists);

export const module = z
  .string()
  .describe("contacts, companies, deals, products, tasks, events, calls, notes or a custom one");

/** Maton's ids are UUIDs. Anything that could mean more than a name in a path or a header is refused. */
export const connectionId = z
  .string()
  .regex(/^[\w-]{1,100}$/, "is not a connection id: take it from bigin_list_connections");

export const viewId = z
  .string()
  .regex(/^\d{15,19}$/, "is not the id of a view: 15 to 19 digits, from bigin_describe_module")
  .optional()
  .describe("Id of a view, as bigin_describe_module returned it, to list only its records");

const comparisons = operators.join(", ");

/** Checked again, with the field's type, when the field is known. */
const filter = (op: string) =>
  z.strictObject({
    field: z.string().describe("Label or API name"),
    op: z
      .string()
      .refine((name) => operators.some((one) => one === name), `must be one of ${comparisons}`)
      .describe(op),
    value: z
      .string()
      .optional()
      .describe("Text, number, name or date (today, this month); several as a,b"),
  });

const filtersWith = (op: string, description: string) =>
  z.array(filter(op)).min(1).max(25).optional().describe(description);

export const filters = filtersWith(
  comparisons,
  "Conditions. Overdue tasks: due date less_than today, status not_equal Completed",
);
/** For tools beside the search, whose operators need no second list. */
export const sameFilters = filtersWith(
  "Operator, as in bigin_search_records",
  "Conditions that records must meet, such as stage equals Closed Won",
);

export const match = oneOf("all", "any")
  .optional()
  .describe("all (default) or any filters must match");

export const fields = z
  .array(z.string().min(1))
  .min(1)
  .max(50)
  .optional()
  .describe("Fields to show, by label or API name");

export const sortBy = z
  .string()
  .min(1)
  .optional()
  .describe("Field to sort by, such as Modified Time");
export const sortOrder = oneOf("asc", "desc").optional().describe("asc or desc (default)");
export const page = z
  .int()
  .min(1)
  .max(2000)
  .optional()
  .describe("Page number, up to record 2000; then use page_token");
export const perPage = z
  .int()
  .min(1)
  .max(200)
  .optional()
  .describe("Records per page, 1-200; default 50");

/**
 * A value Bigin types itself. It is advertised as a string, because hosts want one scalar type per node, but
 * numbers, booleans, null (which clears a field) and objects such as {"id": "…"} are taken too.
 */
export function fieldValue(description: string) {
  return z.unknown().optional().meta({ type: "string", description });
}

/** Rows to write: any field by API name beside the declared ones. */
export function records<S extends z.ZodRawShape>(row: S, description: string) {
  return z
    .array(z.looseObject(row))
    .min(1)
    .max(rowsAtMost)
    .describe(description)
    .register(rowLists);
}

export const trigger = z
  .array(z.enum(["workflow"]))
  .max(1)
  .optional()
  .describe("Workflows run by default; [] prevents that");

export const stopOnError = z
  .boolean()
  .optional()
  .describe("Stop after a request of 100 rows in which a row failed");
export const unmodifiedSince = z
  .string()
  .optional()
  .describe("Refuse records that changed after this time, such as the Modified_Time you read");
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
