import { Agent, request } from "node:http";
import { initializeParams, startHttp } from "./child.ts";
import { interleaved } from "./figures.ts";
import { cpuMsOf } from "./process-figures.ts";

const atOnce = 16;
const path = { older: "/mcp", modern: "/modern" };
const revision = { older: "2025-11-25", modern: "2026-07-28" };
const meta = "io.modelcontextprotocol";

export type Era = keyof typeof revision;

/** Figures of a server in one round. */
export interface Pace {
  callsPerSecond: number;
  /** Processor time of the server alone, without the client and other programs. */
  cpuMsPerCall: number;
}

/**
 * Calls the echo tool of a bare SDK server and of ours in turn, with 16 callers at the same time. Repeats it on several pairs
 * of processes, because two starts of one program differ in speed.
 */
export async function measureThroughput(
  files: { floor: string; ours: string },
  era: Era,
  { pairs, rounds, ms }: { pairs: number; rounds: number; ms: number },
): Promise<{ floor: Pace[]; ours: Pace[] }> {
  const all: { floor: Pace[]; ours: Pace[] } = { floor: [], ours: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const one = await measurePair(files, era, { rounds, ms });
    all.floor.push(...one.floor);
    all.ours.push(...one.ours);
  }
  return all;
}

async function measurePair(
  files: { floor: string; ours: string },
  era: Era,
  { rounds, ms }: { rounds: number; ms: number },
): Promise<{ floor: Pace[]; ours: Pace[] }> {
  const floor = await startHttp([files.floor]);
  const ours = await startHttp([files.ours, "http"], { MATON_API_URL: "http://127.0.0.1:9" });
  const loadFloor = await openLoad(`${floor.url}${path[era]}`, era);
  const loadOurs = await openLoad(`${ours.url}/mcp`, era);
  const runs = [
    () => paceOf(floor.process.pid ?? 0, loadFloor, ms),
    () => paceOf(ours.process.pid ?? 0, loadOurs, ms),
  ];
  await interleaved(2, runs);
  const [ofFloor = [], ofOurs = []] = await interleaved(rounds, runs);
  await floor.stop();
  await ours.stop();
  return { floor: ofFloor, ours: ofOurs };
}

type Load = () => Promise<void>;

async function openLoad(url: string, era: Era): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/json, text/event-stream",
    "Mcp-Protocol-Version": revision[era],
    ...(era === "modern" && { "Mcp-Method": "tools/call", "Mcp-Name": "bigin_get_echo" }),
  };
  const _meta = {
    [`${meta}/protocolVersion`]: revision[era],
    [`${meta}/clientCapabilities`]: {},
    [`${meta}/clientInfo`]: initializeParams.clientInfo,
  };
  const send = (session: object, method: string, params: object) =>
    post(url, agent, { ...headers, ...session }, { jsonrpc: "2.0", id: 1, method, params });
  let session = {};
  if (era === "older") {
    const { id } = await send({}, "initialize", initializeParams);
    session = { "Mcp-Session-Id": id };
  }
  const params = { name: "bigin_get_echo", arguments: { text: "hello" } };
  return async () => {
    const sent = era === "modern" ? { ...params, _meta } : params;
    const { text } = await send(session, "tools/call", sent);
    if (!text.includes('"structuredContent":{"text":"hello"}'))
      throw new Error(`not echoed: ${text}`);
  };
}

function post(
  url: string,
  agent: Agent,
  headers: Record<string, string>,
  message: object,
): Promise<{ id: string; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", agent, headers }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      res.on("end", () => {
        if (res.statusCode === 200) resolve({ id: String(res.headers["mcp-session-id"]), text });
        else reject(new Error(`HTTP ${res.statusCode}: ${text}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(message));
  });
}

async function paceOf(pid: number, load: Load, ms: number): Promise<Pace> {
  const [started, cpuBefore] = [performance.now(), cpuMsOf(pid)];
  let calls = 0;
  const caller = async () => {
    while (performance.now() - started < ms) {
      await load();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const callsPerSecond = (calls / (performance.now() - started)) * 1000;
  return { callsPerSecond, cpuMsPerCall: (cpuMsOf(pid) - cpuBefore) / calls };
}
