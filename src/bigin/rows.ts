import * as z from "zod";
import { Failure } from "../failure.ts";
import { biginErrorSchema, describeError } from "./errors.ts";

const rowSchema = biginErrorSchema.extend({
  status: z.string(),
  action: z.string().nullish(),
  duplicate_field: z.string().nullish(),
});
const rowsSchema = z.looseObject({ data: z.array(rowSchema) });

/** What became of one row of a write, in the order the rows were sent. */
export type RowOutcome =
  | { ok: true; id: string; action?: "insert" | "update"; duplicateField?: string }
  | { ok: false; code: string; problem: string; field?: string; existingId?: string };

/**
 * Reads `data[]` of a write's answer, whatever its status: 201, 200, 207 and 400 all carry it. A count other
 * than `expected` is a failure, because then nobody can say which row is meant.
 */
export function readRows(body: unknown, expected: number, asked: string): RowOutcome[] {
  const parsed = rowsSchema.safeParse(body);
  if (!parsed.success || parsed.data.data.length !== expected)
    throw new Failure({
      origin: "bigin",
      kind: "malformed",
      message: `Bigin's answer does not say what became of each of the ${expected} records.`,
      asked,
      mayHaveHappened: true,
    });
  return parsed.data.data.map((row) => outcome(row, asked));
}

function outcome(row: z.infer<typeof rowSchema>, asked: string): RowOutcome {
  const id = text(row.details["id"]);
  if (row.status !== "success") {
    const field = text(row.details["api_name"]);
    return {
      ok: false,
      code: row.code,
      problem: describeError(row),
      ...(field && { field }),
      ...(row.code === "DUPLICATE_DATA" && id && { existingId: id }),
    };
  }
  if (!id)
    throw new Failure({
      origin: "bigin",
      kind: "malformed",
      message: "Bigin reported success without a record id.",
      asked,
      mayHaveHappened: true,
    });
  return {
    ok: true,
    id,
    ...((row.action === "insert" || row.action === "update") && { action: row.action }),
    ...(row.duplicate_field && { duplicateField: row.duplicate_field }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
