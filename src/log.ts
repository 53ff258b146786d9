import { destination, type Level, type Logger, pino } from "pino";
import { cleanText } from "./clean.ts";
import { links, type Redactor } from "./secrets.ts";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/** A system call for every line would cost as much as a tenth of a call. */
const batchBytes = 4096;
const batchMs = 100;

/**
 * JSON lines on stderr, because stdout belongs to the protocol. Written beside the work, several at once; what is not
 * yet written when the process exits, pino writes then. No secret and nothing that
 * cannot be seen gets into one, wherever it came from.
 */
export function createLog(level: Level | "silent", redact: Redactor = links): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => `${cleanText(redacted(line.trimEnd(), redact))}\n` },
    },
    destination({ fd: 2, sync: false, minLength: batchBytes, periodicFlush: batchMs }),
  );
}

/** Text by text where something is found: what is cut out of the line as a whole may take a quotation mark along. */
function redacted(line: string, redact: Redactor): string {
  return redact.text(line) === line ? line : JSON.stringify(redact.value(JSON.parse(line)));
}

/** What a log may tell of an error: its own words and where it came from, and the same of its cause. */
export function factsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    ...{ type: name, message, stack },
    ...("code" in error && { code: error.code }),
    ...(cause instanceof Error && { cause: String(cause.stack) }),
  };
}
