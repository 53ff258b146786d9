import type { Log } from "../../src/logging/log.ts";

/** A log that keeps how calls ended: "ok", or who failed and how, for example "network/timed_out". */
export function keptOutcomes() {
  const outcomes: string[] = [];
  const log: Log = {
    debug() {},
    info(fields, message) {
      if (message === "call" && "outcome" in fields) outcomes.push(String(fields.outcome));
    },
    warn() {},
    error() {},
  };
  return {
    log,
    /** The outcome of the latest call. Its line is written one turn of the event loop after the reply. */
    async last(): Promise<string> {
      await new Promise((resolve) => setImmediate(resolve));
      return outcomes.at(-1) ?? "none";
    },
  };
}
