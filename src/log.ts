import { destination, type Level, type Logger, pino } from "pino";

export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/**
 * JSON lines on stderr, because stdout belongs to the protocol. Written beside the work, several at once
 * where there are many; what is not yet written when the process exits, pino writes then.
 */
export function createLog(level: Level | "silent"): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 2, sync: false }),
  );
}
