import { type DestinationStream, type Level, pino } from "pino";
import { cleanText, cleanValue } from "../shared/clean-text.ts";
import { type Redactor, sessionLinks } from "./redact.ts";

/** The part of a logger that the program uses. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Logs JSON lines to stderr, because stdout belongs to the protocol. Every line is redacted and contains no invisible
 * characters.
 */
export function createLog(
  level: Level | "silent",
  redact: Redactor = sessionLinks,
  to: DestinationStream = process.stderr,
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => `${safeLine(line.trimEnd(), redact)}\n` },
    },
    to,
  );
}

/**
 * Redacts value by value if something was found: redacting the whole line could remove a quotation mark and break the
 * JSON.
 */
function safeLine(line: string, redact: Redactor): string {
  // JSON escapes control characters, but a terminal that shows the value would obey them.
  const isSafe = !line.includes("\\u") && cleanText(line) === line && redact.text(line) === line;
  return isSafe ? line : JSON.stringify(cleanValue(redact.value(JSON.parse(line))));
}

/** The name, message, stack and code of an error, and the stack of its cause, as fields for the log. */
export function factsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    stack,
    ...("code" in error && { code: error.code }),
    ...(cause instanceof Error && { cause: String(cause.stack) }),
  };
}
