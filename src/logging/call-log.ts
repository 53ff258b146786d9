import type { Log } from "./log.ts";

/** One tool call as the log shows it: one line, found by its id in the reply's error and upstream. */
export interface CallLine {
  /** The id of the call, which upstream requests carry too. */
  id: string;
  /** Tells how many requests went upstream, once that can be known. */
  counted(requests: () => number): void;
  /** Writes the line in the next turn of the event loop. `text` is what the agent gets. */
  end(outcome: string, text: string): void;
}

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
      // The answer goes first: to measure it and to write a line can take as long as the rest of a call.
      setImmediate(() => {
        const tokens = countTokens(text);
        log.info({ request: id, tool, outcome, ms, upstream: requests(), tokens }, "call");
      });
    },
  };
}
