import { TimeUp } from "../../shared/deadline.ts";
import { Failure } from "../../shared/failure.ts";
import { chunksOf } from "../api/batch.ts";
import { type RowResponse, responsesNotSent, responsesToFailure } from "../api/rows.ts";
import { rowsPerRequest } from "../limits.ts";

/** How rows are sent, and when to stop. */
export interface Sending {
  /** Aborts when the caller cancels or the call's time is up. Then no more rows are sent. */
  signal: AbortSignal;
  /** Sends no more rows after a request in which a row failed. */
  stopOnError: boolean;
  /** Called after every request but the last. */
  onSent?(done: number, total: number): void;
}

/**
 * Sends rows a hundred at a time, one request after the other, and returns a response for each row. Rows of different
 * parts are never in one request. After a request
 * that fails as a whole nothing more is sent; its rows are "unknown" or "not_sent". Throws the failure only if nothing
 * can have been written.
 */
export async function inChunks<T>(
  parts: readonly (readonly T[])[],
  send: (chunk: readonly T[]) => Promise<RowResponse[]>,
  sending: Sending,
): Promise<RowResponse[]> {
  const all: RowResponse[] = [];
  const total = parts.flat().length;
  let stopped: string | undefined;
  for (const chunk of parts.flatMap((rows) => chunksOf(rows, rowsPerRequest))) {
    if (sending.signal.aborted && all.length > 0) stopped ??= whyAborted(sending.signal);
    if (stopped !== undefined) {
      all.push(...responsesNotSent(`${stopped}.`, chunk.length));
      continue;
    }
    const result = await send(chunk).catch((error) => keptFailure(error, all.length, sending));
    const isFailure = result instanceof Failure;
    const responses = isFailure ? responsesToFailure(result, chunk.length) : result;
    stopped = isFailure ? result.message.replace(/\.$/, "") : whyStopped(responses, sending);
    all.push(...responses);
    if (all.length < total) sending.onSent?.(all.length, total);
  }
  return all;
}

function whyStopped(
  responses: readonly RowResponse[],
  { stopOnError }: Sending,
): string | undefined {
  const hasFailed = stopOnError && responses.some((row) => !row.ok);
  return hasFailed ? "a row before it failed, and stop_on_error is set" : undefined;
}

/**
 * Returns the failure if other rows were sent before it or its own may have been written; otherwise throws it. The
 * message says why the request was aborted.
 */
function keptFailure(error: unknown, sentBefore: number, { signal }: Sending): Failure {
  if (!(error instanceof Failure) || (sentBefore === 0 && !error.facts.mayHaveHappened))
    throw error;
  return error.facts.kind === "cancelled"
    ? new Failure({ ...error.facts, message: `${whyAborted(signal)}.` })
    : error;
}

function whyAborted(signal: AbortSignal): string {
  return signal.reason instanceof TimeUp ? "the time of one call was up" : "the call was cancelled";
}
