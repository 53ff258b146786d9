import type { Log } from "./log.ts";

/** The log line of one tool call. */
export interface CallLine {
  /** The id of the call: errors in replies and upstream requests carry it too. */
  id: string;
  /** Sets how to count the requests that the call sends upstream; without it the line says 0. */
  counted(requests: () => number): void;
  /** Writes the line. `text` is what the agent reads. */
  end(outcome: string, text: string): void;
}

/** Starts the clock of a call to `tool`. `countTokens` estimates the size of the reply. */
export function beginCall(log: Log, tool: string, countTokens: (text: string) => number): CallLine {
  const started = performance.now();
  const id = crypto.randomUUID().slice(0, 8);
  let requests = () => 0;
  return {
    id,
    counted(count) {
      requests = count;
    },
    end(outcome, text) {
      const ms = Math.round(performance.now() - started);
      // In the next turn of the event loop: counting tokens and writing a line would delay the reply.
      setImmediate(() => {
        const tokens = countTokens(text);
        log.info({ request: id, tool, outcome, ms, upstream: requests(), tokens }, "call");
      });
    },
  };
}
