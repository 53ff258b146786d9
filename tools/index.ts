import type { Tool } from "../src/tool/define.ts";
import connections from "./connections.ts";
import undo from "./history.ts";
import metadata from "./metadata.ts";
import recordWrites from "./record-writes.ts";
import records from "./records.ts";
import summaries from "./summaries.ts";

/** The catalogue, in the order agents see it. */
export const tools: readonly Tool[] = [
  ...records,
  ...summaries,
  ...recordWrites,
  ...undo,
  ...metadata,
  ...connections,
];
