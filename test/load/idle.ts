import { productFile } from "../bench/bundle.ts";
import { measure, startHttp } from "../bench/child.ts";
import { type Guest, joinHttp } from "./clients.ts";
import { all } from "./soak.ts";

export interface IdleOptions {
  /** The bundled test/bench/programs/metered.ts. */
  meter: string;
  sessions: { sse: number; mcp: number };
}

export interface Idle {
  /** Bytes in use for each session that does nothing, by transport. */
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

/** So many callers share the sessions, because the requests of each are limited. */
const callers = 20;

/**
 * Opens many sessions on the built program, under its own limits, and lets them do nothing. In the end each must answer, and
 * none must be left when it was closed.
 */
export async function idle({ meter, sessions }: IdleOptions): Promise<Idle> {
  const tokens = Array.from({ length: callers }, (_, at) => `token-of-caller-${at}`);
  const server = await startHttp(
    [
      "--expose-gc",
      "--import",
      meter,
      productFile,
      "--transport",
      "http",
      "--port",
      "0",
      "--sandbox",
    ],
    { BIGIN_MCP_AUTH_TOKENS: tokens.join(",") },
  );
  const open = (over: "mcp" | "sse", count: number) =>
    all(count, (at) =>
      joinHttp(over, server.url, { Authorization: `Bearer ${tokens[at % callers]}` }),
    );
  // Whatever is loaded with the first call is no session's.
  const first = await open("mcp", 1);
  const answers = async (guest: Guest) =>
    !(await guest.call("bigin_describe_module", { module: "contacts" })).failed;
  await Promise.all(first.map(answers));
  const before = await measure(server);
  const sse = await open("sse", sessions.sse);
  const withSse = await measure(server);
  const mcp = await open("mcp", sessions.mcp);
  const withBoth = await measure(server);
  const guests = [...first, ...sse, ...mcp];
  const answered: boolean[] = [];
  for (const guest of guests) answered.push(await answers(guest));
  for (const guest of guests) await guest.close();
  let left = 0;
  for (const guest of guests) if (await guest.isOpen()) left += 1;
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
