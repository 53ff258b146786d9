import * as z from "zod";
import { Failure } from "../../shared/failure.ts";
import { type BiginErrorBody, biginErrorSchema, describeError, existingRecord } from "./errors.ts";
import { orAbsent } from "./lenient.ts";

const rowSchema = biginErrorSchema.extend({
  status: z.string(),
  action: orAbsent(z.string()),
  duplicate_field: orAbsent(z.string()),
});
const rowsSchema = z.looseObject({ data: z.array(rowSchema) });

/** The result of one row of a write, from Bigin's response or from the lack of one. */
export type RowResponse =
  | {
      ok: true;
      id: string;
      action?: "insert" | "update";
      duplicateField?: string;
      /** The record's Modified_Time after the write. */
      modifiedTime?: string;
    }
  | {
      ok: false;
      code: string;
      problem: string;
      field?: string;
      existingId?: string;
      /** "unknown": the row may have been written. "not_sent": it was not. Absent: Bigin refused it. */
      state?: "unknown" | "not_sent";
      /** The failure of the whole request, if that is the reason. */
      failure?: Failure;
    };

/**
 * Reads `data[]` of the response to a write; responses with status 200, 201, 207 and 400 have it. `sent` has the ids of
 * the records, undefined for new ones. Throws a Failure if the number of entries or an id differs from what was sent,
 * because then entries cannot be matched to rows.
 */
export function readRows(
  body: unknown,
  sent: readonly (string | undefined)[],
  asked: string,
): RowResponse[] {
  const parsed = rowsSchema.safeParse(body);
  if (!parsed.success || parsed.data.data.length !== sent.length)
    throw unclear(
      `Bigin's response does not say what happened to ${sent.length === 1 ? "the record" : `each of the ${sent.length} records`}.`,
      asked,
    );
  return parsed.data.data.map((entry, at) => {
    const response = responseOf(entry, asked);
    if (response.ok && sent[at] !== undefined && response.id !== sent[at])
      throw unclear("Bigin's response names another record than the one that was sent.", asked);
    return response;
  });
}

function unclear(message: string, asked: string): Failure {
  return new Failure({
    origin: "bigin",
    kind: "malformed",
    message,
    asked,
    mayHaveHappened: true,
  });
}

function responseOf(entry: z.infer<typeof rowSchema>, asked: string): RowResponse {
  const id = textOf(entry.details["id"]);
  if (entry.status !== "success") {
    const field = textOf(entry.details["api_name"]);
    const existing = existingRecord(entry);
    return {
      ok: false,
      code: entry.code,
      problem: describeError(withoutIndex(entry)),
      ...(field && { field }),
      ...(existing && { existingId: existing.id }),
      // Neither "success" nor "error": the row may have been written.
      ...(entry.status !== "error" && { state: "unknown" as const }),
    };
  }
  if (!id) throw unclear("Bigin reported success without the id of the record.", asked);
  const modifiedTime = textOf(entry.details["Modified_Time"]);
  const action = actionOf(entry);
  return {
    ok: true,
    id,
    ...(action && { action }),
    ...(entry.duplicate_field && { duplicateField: entry.duplicate_field }),
    ...(modifiedTime && { modifiedTime }),
  };
}

/** What an upsert did; some responses say it in their message only (docs/reference/bigin-api.md §10.2). */
function actionOf({ action, message }: z.infer<typeof rowSchema>): "insert" | "update" | undefined {
  if (action === "insert" || /\badded\b/.test(message)) return "insert";
  return action === "update" || /\bupdated\b/.test(message) ? "update" : undefined;
}

/**
 * Removes the row number from `json_path` (`$.data[3].Email`), because it counts rows of one request and the caller's
 * rows may have other numbers. A path that only repeats `api_name` is dropped.
 */
function withoutIndex(entry: BiginErrorBody): BiginErrorBody {
  const { json_path, ...details } = entry.details;
  const place = textOf(json_path)?.replace(/^\$\.data\[\d+\]\.?/, "");
  const isNew = place && place !== textOf(details["api_name"]);
  return { ...entry, details: isNew ? { ...details, json_path: place } : details };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The responses for the rows of a request that failed as a whole: "unknown" if it may have been carried out, else
 * "not_sent".
 */
export function responsesToFailure(failure: Failure, count: number): RowResponse[] {
  const state = failure.facts.mayHaveHappened ? "unknown" : "not_sent";
  const problem = failure.message;
  return Array.from({ length: count }, () => {
    return { ok: false, code: failure.facts.kind, problem, state, failure };
  });
}

/** The responses for rows that were never sent. `why` is the end of a sentence, with its full stop. */
export function responsesNotSent(why: string, count: number): RowResponse[] {
  return Array.from({ length: count }, () => {
    return { ok: false, code: "NOT_SENT", problem: `Not sent: ${why}`, state: "not_sent" };
  });
}
