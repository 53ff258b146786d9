import { expect, test } from "vitest";
import { SandboxStore } from "../../src/sandbox/store.ts";
import { connect } from "../support/connect.ts";
import { lasting, simulateTime } from "../support/simulated-time.ts";
import { people, type Reply } from "../support/writes.ts";
import { claims, type Operation, reads, type Told, writes } from "./operations.ts";
import { type Cell, page, rowsOf } from "./table.ts";
import { aimAt, type UpstreamFault, upstreamFaults } from "./upstream-faults.ts";

/** A request and two repeats: three upstream calls where there would be one. */
const repeats = 2;
const callMs = 50_000;
const list = { module: "Contacts", per_page: 1 };
const none: UpstreamFault = { name: "none", does: { kind: "hang" }, times: 0 };

type Scene = Awaited<ReturnType<typeof scene>>;

/** The program and the sandbox of the whole table, in simulated time; each cell starts the program anew. */
async function scene() {
  // Loads in real time what is loaded on first use.
  await (await connect()).call("bigin_list_records", list);
  simulateTime();
  const connected = await connect({ replyTokens: 50_000 });
  // The sandbox's company has fewer contacts than three requests take.
  await ask(connected, "bigin_create_records", {
    module: "Contacts",
    records: people(60, "Extra"),
  });
  return { ...connected, aim: aimAt(connected.sandbox) };
}

async function ask({ client }: Pick<Scene, "client">, tool: string, args: Reply) {
  const { value, ms } = await lasting(client.callTool({ name: tool, arguments: args }));
  const [block] = value.content;
  const text = block?.type === "text" ? block.text : "";
  const told: Told = value.isError ? { failure: text } : { reply: JSON.parse(text) };
  return { told, ms };
}

/** One fault at one operation: what was sent and told, and what can be seen of it in the store. */
async function cell(scene: Scene, operation: Operation, fault: UpstreamFault): Promise<Cell> {
  const { sandbox, sent, aim } = scene;
  const joined = await scene.restart();
  await ask(joined, "bigin_list_records", list);
  if (fault.before) await failing(scene, joined, fault.before);
  const wereThere = new Map(sandbox.store.records("Contacts"));
  const { tool, args, effects } = operation;
  const before = sent.length;
  if (fault.times !== 0) aim.strike(fault, operation.aim);
  const { told, ms } = await ask(joined, tool, args);
  aim.clear();
  const struck = ({ method, url }: Scene["sent"][number]) =>
    method === operation.aim.method && operation.aim.path.test(url.pathname);
  const done = effects();
  const now = sandbox.store.records("Contacts");
  const others = [...wereThere].filter(([id, one]) => now.get(id) !== one).length;
  const cell = {
    fault: fault.name,
    operation: operation.name,
    requests: sent.slice(before).filter(struck).length,
    allRequests: sent.length - before,
    ms,
    told,
    done,
    claimed: done.length > 0 ? claims(told, done.length) : [],
    changed: { others, added: now.size - wereThere.size },
  };
  await goesOn(joined, operation, cell);
  return cell;
}

async function failing({ aim }: Scene, joined: Pick<Scene, "client">, times: number) {
  const gone = { name: "", does: { kind: "reset" as const } };
  aim.strike(gone, { method: "GET", path: /\/users$/, skip: 0 });
  for (let at = 0; at < times; at += 1) await ask(joined, "bigin_list_users", {});
  aim.clear();
}

/** With the fault gone, what was surely not done is done when it is asked for again, and nothing is done twice. */
async function goesOn(joined: Pick<Scene, "client">, operation: Operation, cell: Cell) {
  const label = `${cell.operation}, ${cell.fault}`;
  const wait = /retry_after_s\D+(\d+)/.exec(JSON.stringify(cell.told))?.[1] ?? "0";
  await lasting(new Promise((resolve) => setTimeout(resolve, Number(wait) * 1000)));
  const open = cell.claimed.flatMap((claim, row) => (claim === "not_sent" ? [row] : []));
  const again = cell.claimed.length === 0 ? operation.args : operation.only(open);
  const isNeeded = cell.claimed.length === 0 || open.length > 0;
  const tool = isNeeded ? operation.tool : "bigin_list_records";
  const { told } = await ask(joined, tool, isNeeded ? again : list);
  expect(told.failure, `${label}, then again`).toBeUndefined();
  const wrong = operation.effects().flatMap((times, row) => {
    const wanted = open.includes(row) ? 1 : cell.done[row];
    return times === wanted ? [] : [`row ${row + 1} is done ${times} times, not ${wanted}`];
  });
  expect(wrong, `${label}, after asking again`).toEqual([]);
}

/** Nothing lost, nothing doubled, no false claim, no storm of requests, and words that help. */
function check(cell: Cell, usual: Cell) {
  const label = `${cell.operation}, ${cell.fault}: ${JSON.stringify(cell.told).slice(0, 600)}`;
  expect(cell.requests, label).toBeLessThanOrEqual(usual.requests + repeats);
  expect(cell.ms, label).toBeLessThanOrEqual(callMs);
  const { told, done, claimed, changed } = cell;
  // What is read back after a lost answer was read before, or is of the same number.
  expect(cell.allRequests, label).toBeLessThanOrEqual(2 * usual.allRequests + repeats);
  const isTrue = truthIn(cell);
  const wrong = claimed.flatMap((claim, row) =>
    isTrue(claim, done[row] ?? 0) ? [] : [`row ${row + 1} ${claim}`],
  );
  expect(wrong, label).toEqual([]);
  const count = done.reduce((sum, times) => sum + times, 0);
  const touches = cell.operation === "update" || cell.operation === "delete" ? count : 0;
  const adds = { create: count, upsert: count, delete: 0 - count }[cell.operation] ?? 0;
  expect(changed, label).toEqual({ others: touches, added: adds });
  if (told.failure === undefined) return;
  expect(told.failure, label).toMatch(
    /^(Maton gateway error|Bigin (rejected the request|error)|Network error|Not done|Not found|bigin-mcp error): /,
  );
  expect(told.failure, label).toMatch(/Request: |Not found/);
  expect(told.failure, label).toMatch(/Next: |check before you repeat it|retry_after_s|Not found/);
  expect(told.failure, label).not.toMatch(/SECRET|<html|undefined|\[object/);
}

/** Whether what is said of a row is true in the store. */
function truthIn({ fault, operation, told }: Cell): (claim: string, times: number) => boolean {
  const isWarned = /problem|altered/.test(JSON.stringify(told.reply ?? ""));
  return (claim, times) => {
    if (fault.startsWith("success reported") && times === 0 && operation !== "delete")
      return isWarned;
    if (claim === "unknown") return times <= 1;
    if (claim === "not_sent" || claim === "failed") return times === 0;
    return ["created", "updated", "deleted"].includes(claim) && times === 1;
  };
}

async function section(scene: Scene, operations: Operation[], faults: readonly UpstreamFault[]) {
  const { store } = scene.sandbox;
  if (!(store instanceof SandboxStore)) throw new Error("not the sandbox's own store");
  const found: Cell[] = [];
  const run = async (operation: Operation, fault: UpstreamFault) => {
    const restore = store.snapshot();
    const one = await cell(scene, operation, fault);
    restore();
    return one;
  };
  for (const operation of operations) {
    const usual = await run(operation, none);
    expect(usual.told.failure).toBeUndefined();
    for (const fault of faults) {
      const one = await run(operation, fault);
      check(one, usual);
      found.push(one);
    }
  }
  return rowsOf(found, faults);
}

test("docs/reliability.md has what a run over all faults, reads and writes finds", async () => {
  const running = await scene();
  const { sandbox } = running;
  const onReads = upstreamFaults.filter((fault) => !fault.onWrites);
  // A write that is not repeated meets a lasting fault as it meets one that passes.
  const inMiddle = upstreamFaults.filter(
    ({ name, before }) => !before && !/^(?!429).*for ever/.test(name),
  );
  const text = page({
    reads: await section(running, reads(sandbox), onReads),
    writes: await section(running, writes(sandbox, 3, 0), upstreamFaults),
    chunks: await section(running, writes(sandbox, 201, 1), inMiddle),
  });
  await expect(text).toMatchFileSnapshot("../../docs/reliability.md");
}, 300_000);
