import * as z from "zod";
import type { RowOutcome } from "../bigin/rows.ts";
import { Failure } from "../failure.ts";

const problemsNamed = 10;

/** What a tool that writes records answers: a count for each outcome, and a line for each row. */
export const outcomesOutput = z.looseObject({
  module: z.string(),
  done: z.int().describe("Rows that succeeded"),
  failed: z.int().describe("Rows that failed"),
  results: z
    .array(
      z.looseObject({
        row: z.int().describe("From 1, in the order sent"),
        id: z.string().optional(),
        outcome: z.string(),
        problem: z.string().optional(),
      }),
    )
    .describe("One per row"),
});

/**
 * Reports a write row by row. A mixture is a result, with each row's outcome; when every row failed the call
 * failed, and says so.
 */
export function reportOutcomes(
  module: string,
  outcomes: readonly RowOutcome[],
  word: (outcome: Extract<RowOutcome, { ok: true }>) => string,
): z.input<typeof outcomesOutput> {
  const results = outcomes.map((outcome, at) =>
    outcome.ok
      ? { row: at + 1, id: outcome.id, outcome: word(outcome) }
      : {
          row: at + 1,
          outcome: "failed",
          problem: outcome.problem,
          ...(outcome.existingId && { existing_id: outcome.existingId }),
        },
  );
  const failed = outcomes.filter((outcome) => !outcome.ok).length;
  if (failed === outcomes.length) throw allFailed(module, outcomes);
  return { module, done: outcomes.length - failed, failed, results };
}

function allFailed(module: string, outcomes: readonly RowOutcome[]): Failure {
  const problems = outcomes.flatMap((outcome, at) =>
    outcome.ok ? [] : [outcomes.length > 1 ? `Row ${at + 1}: ${outcome.problem}` : outcome.problem],
  );
  const shown = problems.slice(0, problemsNamed);
  const more = problems.length > shown.length ? ` And ${problems.length - shown.length} more.` : "";
  const first = outcomes.find((outcome) => !outcome.ok);
  return new Failure({
    origin: "bigin",
    kind: "rejected",
    message: `nothing in ${module} was changed. ${shown.join(" ")}${more}`,
    code: first && !first.ok ? first.code : undefined,
  });
}
