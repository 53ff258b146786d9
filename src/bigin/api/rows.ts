import * as z from "zod";
import { Failure } from "../../shared/failure.ts";
import { type BiginErrorBody, biginErrorSchema, describeError } from "./errors.ts";

const rowSchema = biginErrorSchema.extend({
  status: z.string(),
  action: z.string().nullish(),
  duplicate_field: z.string().nullish(),
});
const rowsSchema = z.looseObject({ data: z.array(rowSchema) });

/** What became of one row of a write, in the order the rows were sent. */
export type RowOutcome =
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
      /** "unknown": it may have been carried out all the same; "not_sent": it surely was not. Refused by Bigin if absent. */
      state?: "unknown" | "not_sent";
      /** Where a failure of the request, not of the row, is behind it. */
      failure?: Failure;
    };

/**
 * Reads `data[]` of a write's answer, whatever its status: 201, 200, 207 and 400 all carry it. `sent` are the ids of the
 * records, undefined for new ones. Another count, or another record than was asked for, is a failure, because then nobody
 * can say which row is meant.
 */
export function readRows(
  body: unknown,
  sent: readonly (string | undefined)[],
  asked: string,
): RowOutcome[] {
  const parsed = rowsSchema.safeParse(body);
  if (!parsed.success || parsed.data.data.length !== sent.length)
    throw unclear(
      `Bigin's answer does not say what became of each of the ${sent.length} records.`,
      asked,
    );
  return parsed.data.data.map((row, at) => {
    const read = outcome(row, asked);
    if (read.ok && sent[at] !== undefined && read.id !== sent[at])
      throw unclear("Bigin's answer names another record than was asked for.", asked);
    return read;
  });
}

function unclear(message: string, asked: string): Failure {
  return new Failure({
    ...{ origin: "bigin", kind: "malformed" },
    ...{ message, asked, mayHaveHappened: true },
  });
}

function outcome(row: z.infer<typeof rowSchema>, asked: string): RowOutcome {
  const id = text(row.details["id"]);
  if (row.status !== "success") {
    const field = text(row.details["api_name"]);
    return {
      ok: false,
      code: row.code,
      problem: describeError(withoutIndex(row)),
      ...(field && { field }),
      ...(row.code === "DUPLICATE_DATA" && id && { existingId: id }),
      // Neither of the two that are documented: it would be rash to call it a refusal.
      ...(row.status !== "error" && { state: "unknown" as const }),
    };
  }
  if (!id) throw unclear("Bigin reported success without a record id.", asked);
  const modifiedTime = text(row.details["Modified_Time"]);
  return {
    ok: true,
    id,
    ...((row.action === "insert" || row.action === "update") && { action: row.action }),
    ...(row.duplicate_field && { duplicateField: row.duplicate_field }),
    ...(modifiedTime && { modifiedTime }),
  };
}

/**
 * Bigin names the place as `$.data[3].Email`, counted within one request: the caller's rows have other numbers, and a
 * field alone stands in `api_name` already.
 */
function withoutIndex(row: BiginErrorBody): BiginErrorBody {
  const { json_path, ...details } = row.details;
  const place = text(json_path)?.replace(/^\$\.data\[\d+\]\.?/, "");
  const isNew = place && place !== text(details["api_name"]);
  return { ...row, details: isNew ? { ...details, json_path: place } : details };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The rows of a request that failed as a whole: refused, or in doubt when it may have been carried out all the same. */
export function outcomesOfFailure(failure: Failure, count: number): RowOutcome[] {
  const state = failure.facts.mayHaveHappened ? "unknown" : "not_sent";
  const problem = failure.message;
  return Array.from({ length: count }, () => {
    return { ok: false, code: failure.facts.kind, problem, state, failure };
  });
}
