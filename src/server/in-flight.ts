import { Failure } from "../shared/failure.ts";

/** Maximum number of calls in progress, in total and of one caller. Further calls are refused as "busy". */
const usualBounds = { all: 500, ofOne: 50 };

/** The calls in progress in this process. Their number is limited, and a process that stops waits for them. */
export interface CallsInFlight {
  /** Registers a call and returns the function that ends it. Fails if there is no room, or the process is stopping. */
  begin(caller: string, kind: "read" | "write"): () => void;
  /** Takes no further calls. */
  stop(): void;
  /** Resolves when no call (of the kind) is in progress, or after `ms`. */
  idle(ms: number, kind?: "write"): Promise<void>;
}

interface Entry {
  caller: string;
  kind: "read" | "write";
}

export function createCallsInFlight(bounds = usualBounds): CallsInFlight {
  const entries = new Set<Entry>();
  const waiting = new Set<() => void>();
  let stopped = false;
  const busy = (message: string) =>
    new Failure({ origin: "server", kind: "busy", message, retryAfterS: stopped ? undefined : 1 });
  return {
    begin(caller, kind) {
      if (stopped) throw busy("The server is stopping and takes no further calls.");
      const ofOne = [...entries].filter((entry) => entry.caller === caller).length;
      if (entries.size >= bounds.all || ofOne >= bounds.ofOne)
        throw busy("Too many calls are in progress at once.");
      const entry = { caller, kind };
      entries.add(entry);
      // Ends one turn later, when the transport has written the reply, because the streams are closed after the last
      // call.
      return () =>
        void setImmediate(() => {
          entries.delete(entry);
          for (const look of waiting) look();
        });
    },
    stop: () => {
      stopped = true;
    },
    idle(ms, kind) {
      const isIdle = () => ![...entries].some((entry) => !kind || entry.kind === kind);
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        const look = () => isIdle() && end();
        const timer = setTimeout(end, ms);
        waiting.add(look);
        look();
      });
    },
  };
}
