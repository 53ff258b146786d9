import { Failure } from "../shared/failure.ts";

/** Calls at once, of everybody and of one caller: what comes on top is asked to come again. */
const usualBounds = { all: 500, ofOne: 50 };

/** The calls under way in this process: bounded, and waited for when it stops. */
export interface Calls {
  /** Enters a call; the function it answers ends it. Fails where there is no room, or no time any more. */
  begin(caller: string, kind: "read" | "write"): () => void;
  /** Takes no further calls. */
  stop(): void;
  /** Resolves when no call (of the kind) is under way, or after `ms`. */
  idle(ms: number, kind?: "write"): Promise<void>;
}

interface Entry {
  caller: string;
  kind: "read" | "write";
}

export function createCalls(bounds = usualBounds): Calls {
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
        throw busy("Too many calls are under way at once.");
      const entry = { caller, kind };
      entries.add(entry);
      // A turn later, when the transport has written the reply: whoever waits for the end closes the streams.
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
