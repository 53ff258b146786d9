import * as z from "zod";
import { operators } from "../bigin/field-types.ts";
import {
  fieldsPerRequest,
  filtersPerCall,
  idDigits,
  recordsByPageNumber,
  recordsPerPage,
  recordsPerPageByDefault,
  rowsPerCall,
} from "../bigin/limits.ts";

// Parameters that several tools take. A tool overrides a description with `.describe()` if it can say more.

/**
 * Digits of an id. Ids are strings: as JSON numbers they would lose their last digits (docs/reference/bigin-api.md §0).
 */
const digits = new RegExp(`^\\d{${idDigits.least},${idDigits.most}}$`);
const idForm = `a string of ${idDigits.least} to ${idDigits.most} digits`;

const recordId = z
  .string()
  .regex(digits, `is not a record id. A record id is ${idForm}, as lists and searches return it`);

export const id = recordId.describe(
  `Record id of ${idDigits.least}-${idDigits.most} digits, as a list or a search returned it`,
);

/** Lists whose items are the rows of a write: faults in them are reported by row number. */
export const rowLists = z.registry();

/** Texts for which a caller may give a list: it is taken as JSON text. */
export const listsAsText = z.registry();

export const manyIds = z
  .array(recordId)
  .min(1)
  .max(rowsPerCall)
  .describe(`Record ids (1-${rowsPerCall}), as a list or a search returned them`)
  .register(rowLists);

export const module = z
  .string()
  .describe("contacts, companies, deals, products, tasks, events, calls, notes or a custom one");

/** Maton's ids are UUIDs. Characters with a meaning in a path or a header are refused. */
export const connectionId = z
  .string()
  .regex(/^[\w-]{1,100}$/, "is not a connection id. bigin_list_connections returns connection ids");

export const viewId = z
  .string()
  .regex(digits, `is not the id of a view. bigin_describe_module returns the ids: ${idForm}`)
  .optional()
  .describe("Id of a view, as bigin_describe_module returned it, to list only its records");

/** A choice of words, described instead of listed as an enum, which costs twice the tokens (docs/decisions/0007). */
function oneOf<T extends string>(...words: readonly T[]) {
  return z
    .string()
    .refine((word): word is T => isAmong(word, words), `must be ${words.join(" or ")}`);
}

function isAmong(word: string, words: readonly string[]): boolean {
  return words.includes(word);
}

const filterValue = z
  .string()
  .optional()
  .describe('Text, number, name or date (this month), or ["a","b"]')
  .register(listsAsText);

/** A list of filters. Whether an operator suits a field is checked later, when the field is known. */
function filtersWith(ops: string, description: string) {
  const filter = z.strictObject({
    field: z.string().describe("Label or API name"),
    op: z
      .string()
      .refine((op) => isAmong(op, operators), `must be one of ${operators.join(", ")}`)
      .describe(ops),
    value: filterValue,
  });
  return z.array(filter).min(1).max(filtersPerCall).optional().describe(description);
}

export const filters = filtersWith(
  operators.join(", "),
  "Conditions. Overdue tasks: due date less_than today, status not_equal Completed",
);

/** For the other tools, which need not list the operators again. */
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
  .max(fieldsPerRequest)
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
  .max(recordsByPageNumber)
  .optional()
  .describe(`Page number, up to record ${recordsByPageNumber}; then use page_token`);

export const perPage = z
  .int()
  .min(1)
  .max(recordsPerPage)
  .optional()
  .describe(`Records per page, 1-${recordsPerPage}; default ${recordsPerPageByDefault}`);

/**
 * A value that Bigin types itself. It is advertised as a string, because hosts want one scalar type per node, but
 * numbers, booleans, null (which clears a field) and objects such as {"id": "…"} are accepted too.
 */
export function fieldValue(description: string) {
  return z.unknown().optional().meta({ type: "string", description });
}

/** Rows to write. Each may hold any field, by label or API name, in addition to those of `row`. */
export function records<S extends z.ZodRawShape>(row: S, description: string) {
  return z
    .array(z.looseObject(row))
    .min(1)
    .max(rowsPerCall)
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
