import { type DestinationStream, type Level, pino } from "pino";
import { clean, cleanText } from "../shared/clean-text.ts";
import { links, type Redactor } from "./redact.ts";

/** The part of a logger that the program uses. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * JSON lines, on stderr because stdout belongs to the protocol. No secret and nothing that cannot be seen gets into one,
 * wherever it came from.
 */
export function createLog(
  level: Level | "silent",
  redact: Redactor = links,
  to: DestinationStream = process.stderr,
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => `${told(line.trimEnd(), redact)}\n` },
    },
    to,
  );
}

/** Text by text where something is found: what is cut out of the line as a whole may take a quotation mark along. */
function told(line: string, redact: Redactor): string {
  // A control character is escaped in the line, and back in a terminal that is shown its value.
  const isPlain = !line.includes("\\u") && cleanText(line) === line && redact.text(line) === line;
  return isPlain ? line : JSON.stringify(clean(redact.value(JSON.parse(line))));
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
