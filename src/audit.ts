import { open, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "./failure.ts";

/** Room a line may need; where the disk has less, no write is begun. */
const roomBytes = 1024 * 1024;

/** The audit log: one JSON line per write, appended and never read. */
export interface Audit {
  /** Fails when a line could not be appended now. Asked before anything is sent, because afterwards it is too late. */
  ready(): Promise<void>;
  append(entry: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Appends to `file`, which is created, for its owner alone, when it is not there. */
export function createAudit(file: string): Audit {
  let waiting: Promise<void> = Promise.resolve();
  const write = async (line: string) => {
    const handle = await open(file, "a", 0o600);
    try {
      await handle.appendFile(line);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  };
  return {
    async ready() {
      try {
        await (await open(file, "a", 0o600)).close();
        if (!(await stat(file)).isFile()) return;
        const { bavail, bsize } = await statfs(dirname(file));
        if (bavail * bsize < roomBytes) throw new Error("the disk is full");
      } catch (error) {
        throw unwritable(file, error, "Nothing was sent.");
      }
    },
    append(entry) {
      const line = `${JSON.stringify(entry)}\n`;
      // One after the other, so that no line is torn by another.
      const appended = waiting.then(() => write(line));
      waiting = appended.catch(() => undefined);
      return appended.catch((error: unknown) => {
        throw unwritable(
          file,
          error,
          "The write itself was carried out: look before repeating it.",
        );
      });
    },
  };
}

function unwritable(file: string, error: unknown, consequence: string): Failure {
  const why = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return new Failure(
    {
      origin: "server",
      kind: "audit_failed",
      message: `The audit log ${file} cannot be written${why ? ` (${why})` : ""}. ${consequence}`,
    },
    error,
  );
}
