import type { Tool } from "../src/tool/define.ts";
import connections from "./connections.ts";
import history from "./history.ts";
import metadata from "./metadata.ts";
import recordWrites from "./record-writes.ts";
import records from "./records.ts";
import summaries from "./summaries.ts";

/** All tools, in the order in which agents see them. */
export const tools: readonly Tool[] = [
  ...records,
  ...summaries,
  ...recordWrites,
  ...history,
  ...metadata,
  ...connections,
];
