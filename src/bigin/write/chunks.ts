import { Failure } from "../../shared/failure.ts";
import { outcomesOfFailure, type RowOutcome } from "../api/rows.ts";

/** What Bigin takes in one request (bigin-api.md §1.4). */
const chunkRows = 100;

export interface Sending {
  /** Aborts when the caller cancels or the call's time is up: then no further chunk is sent. */
  signal: AbortSignal;
  /** No further chunk after one in which a row failed. */
  stopOnError: boolean;
  onSent?(done: number, total: number): void;
}

/**
 * Sends rows a hundred at a time, one request after the other, and gives back an outcome for each row. A request that
 * fails as a whole ends it: its rows are in doubt or were not sent, and nothing that was done before is hidden. When
 * nothing at all was sent the failure is thrown.
 */
export async function inChunks<T>(
  rows: readonly T[],
  send: (chunk: readonly T[]) => Promise<RowOutcome[]>,
  sending: Sending,
): Promise<RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  let stopped: string | undefined;
  for (let at = 0; at < rows.length; at += chunkRows) {
    const chunk = rows.slice(at, at + chunkRows);
    stopped ??= sending.signal.aborted && at > 0 ? whyEnded(sending.signal) : undefined;
    if (stopped !== undefined) {
      outcomes.push(...notSent(chunk.length, stopped));
      continue;
    }
    const answer = await send(chunk).catch((error: unknown) => {
      if (!(error instanceof Failure) || (at === 0 && !error.facts.mayHaveHappened)) throw error;
      const failure = named(error, sending.signal);
      stopped = failure.message.replace(/\.$/, "");
      return outcomesOfFailure(failure, chunk.length);
    });
    outcomes.push(...answer);
    if (sending.stopOnError && answer.some((row) => !row.ok))
      stopped ??= "a row before it failed, and stop_on_error is set";
    if (outcomes.length < rows.length) sending.onSent?.(outcomes.length, rows.length);
  }
  return outcomes;
}

/** What was cut by our own signal says whether it was the caller or the time that ended it. */
function named(failure: Failure, signal: AbortSignal): Failure {
  if (failure.facts.kind !== "cancelled") return failure;
  return new Failure({ ...failure.facts, message: `${whyEnded(signal)}.` });
}

function whyEnded(signal: AbortSignal): string {
  return signal.reason instanceof Error && /no answer within/.test(signal.reason.message)
    ? "the time of one call was up"
    : "the call was cancelled";
}

function notSent(count: number, why: string): RowOutcome[] {
  return Array.from({ length: count }, () => {
    return { ok: false, code: "NOT_SENT", problem: `Not sent: ${why}.`, state: "not_sent" };
  });
}
