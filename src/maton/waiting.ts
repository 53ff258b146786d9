import { startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";

const pollEveryMs = 2_000; // as often as Maton's own command line does
const shortestLookMs = 1_000;
const passing = new Set(["unavailable", "unreachable", "timed_out", "rate_limited"]);

/**
 * Looks every 2 s until something is no longer PENDING or `seconds` have passed, and gives back its last state. The first
 * look must succeed; a later one that fails in a way that may pass is no reason to stop waiting.
 */
export async function whilePending<T extends { status: string }>(
  look: (signal: AbortSignal) => Promise<T>,
  seconds: number,
  signal: AbortSignal,
  onLook: (waited: number) => void,
): Promise<T> {
  const start = Date.now();
  const left = () => start + seconds * 1000 - Date.now();
  let last = await look(signal);
  while (last.status === "PENDING" && left() > 0) {
    onLook(Math.round((Date.now() - start) / 1000));
    await pause(Math.min(pollEveryMs, left()), signal);
    last = (await lookAgain(look, left(), signal)) ?? last;
  }
  return last;
}

async function lookAgain<T>(
  look: (signal: AbortSignal) => Promise<T>,
  leftMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = startDeadline(signal, Math.max(leftMs, shortestLookMs));
  try {
    return await look(deadline.signal);
  } catch (error) {
    const mayPass = error instanceof Failure && passing.has(error.facts.kind);
    if (signal.aborted || !(mayPass || deadline.expired())) throw error;
    return undefined;
  } finally {
    deadline.stop();
  }
}

/** On the global timer, which tests can move forward; that of node:timers/promises they cannot. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, ms);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
