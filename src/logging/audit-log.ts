import { constants, type FileHandle, open, statfs } from "node:fs/promises";
import { escapedJson } from "../shared/clean-text.ts";
import { Failure } from "../shared/failure.ts";

/** Room a line may need; where the disk has less, no write is begun. */
const roomBytes = 1024 * 1024;

/** Not blocking: a pipe that nobody reads would hold every write up. */
const toAppend = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** The audit log: one JSON line per write, appended and never read. */
export interface Audit {
  /** Fails when a line could not be appended now. Asked before anything is sent, because afterwards it is too late. */
  ready(): Promise<void>;
  append(entry: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Appends to `file`, which is created, for its owner alone, when it is not there. */
export function createAudit(file: string): Audit {
  let waiting: Promise<void> = Promise.resolve();
  /** A line that the disk took only in part; the next one must not be glued to it. */
  let torn = false;

  async function opened<T>(use: (handle: FileHandle) => Promise<T>): Promise<T> {
    const handle = await open(file, toAppend, 0o600);
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  }
  const write = (line: string) =>
    opened(async (handle) => {
      // One write call, so that no line is torn by that of another process.
      const bytes = Buffer.from(torn ? `\n${line}` : line);
      const { bytesWritten } = await handle.write(bytes);
      torn = bytesWritten < bytes.length && bytesWritten > 0;
      if (bytesWritten < bytes.length) throw new Error("only a part of the line fitted");
      await handle.datasync();
    });

  return {
    async ready() {
      const problem = await opened(problemOf.bind(undefined, file)).catch(reasonOf);
      if (problem) throw unwritable(file, problem, { before: true });
    },
    append(entry) {
      // What was written is kept sign by sign, and nothing in it can play with whoever looks at the file.
      const line = `${escapedJson(entry)}\n`;
      const appended = waiting.then(() => write(line));
      waiting = appended.catch(() => undefined);
      return appended.catch((error: unknown) => {
        throw unwritable(file, reasonOf(error), { before: false });
      });
    },
  };
}

/** A device takes no lines, or loses them; on a full disk a line would end in the middle. */
async function problemOf(file: string, handle: FileHandle): Promise<string | undefined> {
  if (!(await handle.stat()).isFile()) return "it is not a regular file";
  const { bavail, bsize } = await statfs(file);
  return bavail * bsize < roomBytes ? "the disk is full" : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error ? String(error.code) : error.message;
}

function unwritable(file: string, reason: string, { before }: { before: boolean }): Failure {
  const consequence = before ? "Nothing was sent." : "What was just sent is not in it.";
  return new Failure({
    origin: "server",
    kind: "audit_failed",
    message: `The audit log ${file} cannot be written: ${reason}. ${consequence}`,
    mayHaveHappened: !before,
  });
}
