import type { Writable } from "node:stream";

/** A system call for every line would cost as much as a tenth of a call: so many characters go at once. */
const batchLength = 4096;
/** How long a line waits for others, in milliseconds. */
const batchMs = 100;
/** How many bytes may wait for a reader: hosts are known that never read stderr. */
const mostWaiting = 1024 * 1024;
/** How long the program's end waits for a reader that is late, in milliseconds. */
const lastMs = 300;

export interface Outlet {
  write(line: string): void;
  /** Settles when every line is taken, or when it is clear that nobody reads. */
  ended(): Promise<void>;
}

/**
 * Lines for a stream, several at once, that never hold up the work or the end of the program: a reader that is gone, slow
 * or asleep, and a full disk, cost lines and nothing else.
 *
 * pino's own destination stays in its last write for as long as nobody reads, and the process with it.
 */
export function createOutlet(to: Writable): Outlet {
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  let lost = 0;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting !== "") to.write(waiting);
    waiting = "";
  }

  function countLost(): void {
    if (lost > 0) waiting += leftOut(lost);
    lost = 0;
  }

  // There is no other place to tell of it.
  to.on("error", () => undefined);
  process.once("exit", flush);
  return {
    write(line) {
      if (to.writableLength > mostWaiting) {
        lost += 1;
        return;
      }
      countLost();
      waiting += line;
      if (waiting.length >= batchLength) flush();
      else timer ??= setTimeout(flush, batchMs).unref();
    },
    ended: () =>
      new Promise((resolve) => {
        countLost();
        flush();
        setTimeout(resolve, lastMs);
        to.write("", () => resolve());
      }),
  };
}

function leftOut(lines: number): string {
  const msg = `${lines} lines are left out here: nobody read`;
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), msg })}\n`;
}
