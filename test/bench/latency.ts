import { connect } from "../support/connect.ts";
import { productFile } from "./bundle.ts";
import { type Child, initializeParams, startChild } from "./child.ts";
import { interleaved } from "./figures.ts";

type Args = Record<string, unknown>;

/** Milliseconds of each round. */
export interface Latency {
  tool: string;
  /** Upstream requests of one call. */
  requests: number;
  /** The upstream requests alone, with `fetch`. */
  bare: number[];
  /** A tool of a bare SDK server that makes these requests and returns the last response. */
  forwarded: number[];
  /** Our tool. */
  called: number[];
}

const warmUp = 100;

/**
 * Calls reading tools over stdio, one call after another, on a sandbox behind a port. Metadata are cached by then, as for
 * all calls but the first in five minutes.
 */
export async function measureLatency(
  files: { floor: string; ours: string },
  rounds: number,
): Promise<Latency[]> {
  const upstream = startChild([productFile, "sandbox", "--port", "0"]);
  const url = await upstream.says(/ at (http:\S+) /);
  const floor = await opened([files.floor]);
  const server = await opened([files.ours], { MATON_API_URL: url });
  const measured: Latency[] = [];
  for (const { name, args } of await readCalls()) {
    const requests = await requestsOf(name, args, url);
    const fetchBare = () =>
      timed(async () => {
        for (const { target, headers } of requests) {
          const response = await fetch(target, { headers });
          if (response.status !== 200) throw new Error(`${target} answered ${response.status}`);
          JSON.parse(await response.text());
        }
      });
    const call = (to: Child, tool: string, given: Args) => () =>
      timed(async () => {
        const reply = await to.request("tools/call", { name: tool, arguments: given });
        if (reply["isError"]) throw new Error(`${tool} failed: ${JSON.stringify(reply)}`);
      });
    const ways = [fetchBare, call(floor, "forward", { requests }), call(server, name, args)];
    await interleaved(warmUp, ways);
    const [bare = [], forwarded = [], called = []] = await interleaved(rounds, ways);
    measured.push({ tool: name, requests: requests.length, bare, forwarded, called });
  }
  await floor.stop();
  await server.stop();
  await upstream.stop();
  return measured;
}

async function opened(args: string[], env: Record<string, string> = {}): Promise<Child> {
  const child = startChild(args, env);
  await child.request("initialize", initializeParams);
  child.notify("notifications/initialized");
  return child;
}

async function readCalls(): Promise<{ name: string; args: Args }[]> {
  const { sandbox } = await connect();
  const [[id, contact] = []] = sandbox.store.records("Contacts");
  return [
    { name: "bigin_get_record", args: { module: "contacts", id } },
    { name: "bigin_list_records", args: { module: "deals", per_page: 20 } },
    {
      name: "bigin_search_records",
      args: {
        module: "contacts",
        filters: [{ field: "last name", op: "equals", value: contact?.["Last_Name"] }],
      },
    },
  ];
}

/** What a call asks upstream once metadata is known, from a run against the same sandbox without a port. */
async function requestsOf(name: string, args: Args, url: string) {
  const { call, sent } = await connect();
  await call(name, args);
  const before = sent.length;
  await call(name, args);
  return sent.slice(before).map((request) => {
    const headers = new Headers(request.headers);
    headers.set("Authorization", "Bearer sandbox");
    const target = `${url}${request.url.pathname}${request.url.search}`;
    return { target, headers: Object.fromEntries(headers) };
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
