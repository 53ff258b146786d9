import { constants, type FileHandle, open, statfs } from "node:fs/promises";
import { escapedJson } from "../shared/clean-text.ts";
import { Failure } from "../shared/failure.ts";
import type { Redactor } from "./redact.ts";

/** Bytes that must be free on the disk before a write is sent, as room for its line. */
const roomBytes = 1024 * 1024;

/** Non-blocking: opening a pipe without a reader would otherwise hang every write. */
const toAppend = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** The audit log: one JSON line per write. */
export interface AuditLog {
  /** Rejects with `audit_failed` if a line could not be appended. Called before a write is sent. */
  ready(): Promise<void>;
  /** Rejects with `audit_failed` if the line was not written to the disk. */
  append(entry: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Appends to `file`. A missing file is created, readable by its owner only. */
export function createAuditLog(file: string): AuditLog {
  let lastAppend: Promise<void> = Promise.resolve();
  /** Whether the last line was written only in part, so that the next one must begin with a line break. */
  let isTorn = false;

  async function withFile<T>(use: (handle: FileHandle) => Promise<T>): Promise<T> {
    const handle = await open(file, toAppend, 0o600);
    try {
      return await use(handle);
    } finally {
      await handle.close();
    }
  }
  const write = (line: string) =>
    withFile(async (handle) => {
      // A single write call, so that lines of several processes do not mix.
      const bytes = Buffer.from(isTorn ? `\n${line}` : line);
      const { bytesWritten } = await handle.write(bytes);
      isTorn = bytesWritten < bytes.length && bytesWritten > 0;
      if (bytesWritten < bytes.length) throw new Error("only part of the line was written");
      await handle.datasync();
    });

  return {
    async ready() {
      const problem = await withFile((handle) => problemOf(file, handle)).catch(reasonOf);
      if (problem) throw unwritable(file, problem, { before: true });
    },
    append(entry) {
      // Values are logged in full. Invisible characters are escaped: they could change what a terminal shows.
      const line = `${escapedJson(entry)}\n`;
      const appended = lastAppend.then(() => write(line));
      lastAppend = appended.catch(() => undefined);
      return appended.catch((error: unknown) => {
        throw unwritable(file, reasonOf(error), { before: false });
      });
    },
  };
}

/** The same audit log without secrets, which may also be among the values that were written to a record. */
export function redactedAuditLog(audit: AuditLog, redact: Redactor): AuditLog {
  return {
    ready: () => audit.ready(),
    append(entry) {
      const json = JSON.stringify(entry);
      return audit.append(redact.text(json) === json ? entry : redact.value(JSON.parse(json)));
    },
  };
}

/** Why no line can be appended; undefined if one can. Devices and pipes lose lines, and a full disk cuts them. */
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
  const consequence = before
    ? "Nothing was sent."
    : "The write was sent, but it is not in the audit log.";
  return new Failure({
    origin: "server",
    kind: "audit_failed",
    message: `The audit log ${file} cannot be written: ${reason}. ${consequence}`,
    mayHaveHappened: !before,
  });
}
