import type { Writable } from "node:stream";

/**
 * Lines are written together once they have this many characters: a system call for each would take a tenth of the time
 * of a tool call.
 */
const batchLength = 4096;
/** Longest time a line waits for others, in milliseconds. */
const batchMs = 100;
/** Maximum number of bytes that wait for a reader: some hosts never read stderr. */
const mostWaiting = 1024 * 1024;
/** Longest time the exit of the program waits for a slow reader, in milliseconds. */
const exitMs = 300;

export interface LogStream {
  write(line: string): void;
  /** Resolves when every line has been written, or after 0.3 s. */
  ended(): Promise<void>;
}

/**
 * Writes log lines to a stream in batches and never delays a call or the exit of the program. If nothing reads the
 * stream or the disk is full, lines are dropped; the next line that is written says how many. pino's own destination
 * retries its last write for as long as nothing reads, and keeps the process alive.
 */
export function createLogStream(to: Writable): LogStream {
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  let dropped = 0;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== "") to.write(waiting);
    waiting = "";
  }

  function countDropped(): void {
    if (dropped > 0) waiting += droppedLine(dropped);
    dropped = 0;
  }

  // An error of the log itself cannot be logged.
  to.on("error", () => undefined);
  process.once("exit", flush);
  return {
    write(line) {
      if (to.writableLength > mostWaiting) {
        dropped += 1;
        return;
      }
      countDropped();
      waiting += line;
      if (waiting.length >= batchLength) flush();
      else timer ??= setTimeout(flush, batchMs).unref();
    },
    ended: () =>
      new Promise((resolve) => {
        countDropped();
        flush();
        setTimeout(resolve, exitMs);
        to.write("", () => resolve());
      }),
  };
}

function droppedLine(lines: number): string {
  const msg = `${lines} log lines were dropped here because stderr was not read`;
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), msg })}\n`;
}
