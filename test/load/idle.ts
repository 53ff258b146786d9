import { productFile } from "../bench/bundle.ts";
import { measure, startHttp } from "../bench/child.ts";
import { connectHttp, type LoadClient } from "./clients.ts";
import { all } from "./soak.ts";

export interface IdleOptions {
  /** The bundled test/bench/programs/metered.ts. */
  meter: string;
  sessions: { sse: number; mcp: number };
}

export interface Idle {
  /** Bytes in use per idle session, by transport. */
  bytesEach: { sse: number; mcp: number };
  /** Resident bytes with all sessions open. */
  resident: number;
  /** Sessions that answered a tool call at the end. */
  answered: number;
  /** Sessions that still exist after they were closed. */
  left: number;
  /** Bytes in use after closing, beyond those before the first session. */
  remains: number;
}

/** The sessions are spread over several callers, because each caller has a rate limit. */
const callers = 20;

/**
 * Opens many sessions on the built program, with its own limits, and leaves them idle. Then makes a call on each, closes them,
 * and counts those that still exist.
 */
export async function measureIdle({ meter, sessions }: IdleOptions): Promise<Idle> {
  const tokens = Array.from({ length: callers }, (_, at) => `token-of-caller-${at}`);
  const server = await startHttp(
    [
      "--expose-gc",
      "--import",
      meter,
      productFile,
      ..."--transport http --port 0 --sandbox".split(" "),
    ],
    { BIGIN_MCP_AUTH_TOKENS: tokens.join(",") },
  );
  const open = (over: "mcp" | "sse", count: number) =>
    all(count, (at) =>
      connectHttp(over, server.url, { Authorization: `Bearer ${tokens[at % callers]}` }),
    );
  // What the first call loads does not belong to a session.
  const first = await open("mcp", 1);
  const answers = async (client: LoadClient) =>
    !(await client.call("bigin_describe_module", { module: "contacts" })).failed;
  await Promise.all(first.map(answers));
  const before = await measure(server);
  const sse = await open("sse", sessions.sse);
  const withSse = await measure(server);
  const mcp = await open("mcp", sessions.mcp);
  const withBoth = await measure(server);
  const clients = [...first, ...sse, ...mcp];
  const answered: boolean[] = [];
  for (const client of clients) answered.push(await answers(client));
  for (const client of clients) await client.close();
  let left = 0;
  for (const client of clients) if (await client.isOpen()) left += 1;
  const after = await measure(server);
  await server.stop();
  return {
    bytesEach: {
      sse: (withSse.used - before.used) / sessions.sse,
      mcp: (withBoth.used - withSse.used) / sessions.mcp,
    },
    resident: withBoth.rss,
    answered: answered.filter(Boolean).length - first.length,
    left,
    remains: after.used - before.used,
  };
}
