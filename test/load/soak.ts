import { once } from "node:events";
import { createInterface } from "node:readline";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { measure, startHttp } from "../bench/child.ts";
import type { Measure } from "../bench/programs/meter.ts";
import { createAgent } from "./agent.ts";
import { type Answer, connectHttp, connectStdio, type LoadClient } from "./clients.ts";
import { createLedger } from "./ledger.ts";
import { addRandomFaults } from "./random-faults.ts";

export interface SoakOptions {
  /** The bundled program without limits (test/bench/programs/unlimited.ts). */
  program: string;
  clients: { stdio: number; mcp: number; sse: number };
  rounds: number;
  /** Calls of each client in a round. */
  callsEach: number;
  /** The share of upstream requests that fail, from 0 to 1. */
  faults: number;
  withSlow: boolean;
}

export interface Soaked {
  calls: number;
  /** Calls that returned an error. */
  failed: number;
  /** Calls without a result, with the reason. */
  unanswered: string[];
  requests: number;
  struck: number;
  writes: number;
  inDoubt: number;
  /** Records that differ from what was reported. */
  mistakes: string[];
  /** Bytes in use after each round: of the HTTP server, and of all stdio servers. */
  memory: { http: number[]; stdio: number[] };
  sessionsOpen: number;
  sessionsLeft: number;
}

type Measured = () => Promise<Measure>;

/** Many clients over the three transports read and write at the same time, while some upstream requests fail. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const upstream = await serveSandbox({ port: 0 });
  const env = { MATON_API_URL: upstream.url };
  const started = ["--expose-gc", options.program];
  const server = await startHttp([...started, "http"], env);
  const { clients, rounds, callsEach } = options;
  const processes = await all(clients.stdio, () => connectStdio(started, env));
  const connected: LoadClient[] = [
    ...processes,
    ...(await all(clients.mcp, () => connectHttp("mcp", server.url))),
    ...(await all(clients.sse, () => connectHttp("sse", server.url))),
  ];
  const ofStdio: Measured[] = processes.map(({ pid, stderr }) => {
    const lines = createInterface(stderr);
    return () => measureLine(pid, lines);
  });
  const faults = addRandomFaults(upstream.sandbox, options.faults, { withSlow: options.withSlow });
  const ledger = createLedger();
  const unanswered: string[] = [];
  let [calls, failed] = [0, 0];
  const memory: Soaked["memory"] = { http: [], stdio: [] };
  const callers = connected.map((client, at) => {
    const call = async (name: string, args: Record<string, unknown> = {}) => {
      calls += 1;
      const answer = await client.call(name, args).catch((error: unknown): Answer => {
        unanswered.push(`${name} of client ${at}: ${error}`);
        return { failed: true, text: "The write may have been carried out", reply: {} };
      });
      if (answer.failed) failed += 1;
      return answer;
    };
    return createAgent(at, call, ledger);
  });
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(callers.map((work) => work(callsEach)));
    memory.http.push((await measure(server)).used);
    const used = await Promise.all(ofStdio.map(async (ask) => (await ask()).used));
    memory.stdio.push(used.reduce((sum, one) => sum + one, 0));
  }
  faults.clear();
  const sessionsOpen = (await measure(server)).sessions ?? Number.NaN;
  await Promise.all(connected.map((client) => client.close()));
  const sessionsLeft = await fewestSessions(() => measure(server));
  await server.stop();
  await upstream.close();
  return {
    calls,
    failed,
    unanswered,
    memory,
    sessionsOpen,
    sessionsLeft,
    requests: faults.requests(),
    struck: faults.struck(),
    writes: ledger.writes(),
    inDoubt: ledger.inDoubt(),
    mistakes: ledger.mistakes(upstream.sandbox),
  };
}

async function measureLine(
  pid: number,
  lines: ReturnType<typeof createInterface>,
): Promise<Measure> {
  process.kill(pid, "SIGUSR2");
  for (;;) {
    const [line]: string[] = await once(lines, "line");
    const found = /^measure (.+)$/.exec(line ?? "")?.[1];
    if (found) return JSON.parse(found);
  }
}

/** The number of sessions once it stops falling: a client that hung up is noticed a moment later. */
async function fewestSessions(ask: Measured): Promise<number> {
  let [fewest, stayed] = [Number.POSITIVE_INFINITY, 0];
  while (fewest > 0 && stayed < 50) {
    const { sessions = Number.NaN } = await ask();
    stayed = sessions < fewest ? 0 : stayed + 1;
    fewest = Math.min(fewest, sessions);
  }
  return fewest;
}

/** Opens one after the other: a thousand clients at once would measure the queue of sockets. */
export async function all<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let at = 0; at < count; at += 1) made.push(await make(at));
  return made;
}
