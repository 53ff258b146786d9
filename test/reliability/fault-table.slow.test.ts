import { expect, test } from "vitest";
import { SandboxStore } from "../../src/sandbox/store.ts";
import { connect } from "../support/connect.ts";
import { keptOutcomes } from "../support/outcomes.ts";
import { lasting, simulateTime } from "../support/simulated-time.ts";
import { people, type Reply } from "../support/writes.ts";
import { claims, type Operation, type Result, reads, writes } from "./operations.ts";
import { sideTable } from "./side-requests.ts";
import { type Cell, page, rowsOf } from "./table.ts";
import { aimAt, faultsOfEachKind, type UpstreamFault, upstreamFaults } from "./upstream-faults.ts";

/** A request and two retries. */
const retries = 2;
const callMs = 50_000;
const list = { module: "Contacts", per_page: 1 };
const none: UpstreamFault = { name: "none", does: { kind: "hang" }, times: 0 };

type Scene = Awaited<ReturnType<typeof createScene>>;

/** The sandbox of the whole table, in simulated time. The program is started anew for each cell. */
async function createScene() {
  // Loads in real time what is loaded on first use.
  await (await connect()).call("bigin_list_records", list);
  simulateTime();
  const { log, last } = keptOutcomes();
  const connected = await connect({ replyTokens: 50_000, log });
  // The sandbox has fewer contacts than three requests take.
  await ask(connected, "bigin_create_records", {
    module: "Contacts",
    records: people(60, "Extra"),
  });
  return { ...connected, aim: aimAt(connected.sandbox), lastOutcome: last };
}

async function ask({ client }: Pick<Scene, "client">, tool: string, args: Reply) {
  const { value, ms } = await lasting(client.callTool({ name: tool, arguments: args }));
  const [block] = value.content;
  const text = block?.type === "text" ? block.text : "";
  const result: Result = value.isError ? { failure: text } : { reply: JSON.parse(text) };
  return { result, ms };
}

/** One fault at one operation: what was sent, what the reply says, and what happened in the store. */
async function runCell(scene: Scene, operation: Operation, fault: UpstreamFault): Promise<Cell> {
  const { sandbox, sent, aim } = scene;
  const joined = await scene.restart();
  await ask(joined, "bigin_list_records", list);
  if (fault.before) await failBefore(scene, joined, fault.before);
  const contactsBefore = new Map(sandbox.store.records("Contacts"));
  const { tool, args, effects } = operation;
  const sentBefore = sent.length;
  if (fault.times !== 0) aim.strike(fault, operation.aim);
  const { result, ms } = await ask(joined, tool, args);
  const outcome = await scene.lastOutcome();
  aim.clear();
  const isStruck = ({ method, url }: Scene["sent"][number]) =>
    method === operation.aim.method && operation.aim.path.test(url.pathname);
  const done = effects();
  const now = sandbox.store.records("Contacts");
  const others = [...contactsBefore].filter(([id, one]) => now.get(id) !== one).length;
  const cell = {
    fault: fault.name,
    operation: operation.name,
    requests: sent.slice(sentBefore).filter(isStruck).length,
    allRequests: sent.length - sentBefore,
    ms,
    result,
    outcome,
    done,
    claimed: done.length > 0 ? claims(result, done.length) : [],
    changed: { others, added: now.size - contactsBefore.size },
  };
  await checkRecovery(joined, operation, cell);
  return cell;
}

async function failBefore({ aim }: Scene, joined: Pick<Scene, "client">, times: number) {
  const reset = { name: "", does: { kind: "reset" as const } };
  aim.strike(reset, { method: "GET", path: /\/users$/, skip: 0 });
  for (let at = 0; at < times; at += 1) await ask(joined, "bigin_list_users", {});
  aim.clear();
}

/** Without the fault, rows that were definitely not carried out are carried out when they are sent again, and only once. */
async function checkRecovery(joined: Pick<Scene, "client">, operation: Operation, cell: Cell) {
  const label = `${cell.operation}, ${cell.fault}`;
  const wait = /retry_after_s\D+(\d+)/.exec(JSON.stringify(cell.result))?.[1] ?? "0";
  await lasting(new Promise((resolve) => setTimeout(resolve, Number(wait) * 1000)));
  const open = cell.claimed.flatMap((claim, row) => (claim === "not_sent" ? [row] : []));
  const again = cell.claimed.length === 0 ? operation.args : operation.only(open);
  const isNeeded = cell.claimed.length === 0 || open.length > 0;
  const tool = isNeeded ? operation.tool : "bigin_list_records";
  const { result } = await ask(joined, tool, isNeeded ? again : list);
  expect(result.failure, `${label}, then again`).toBeUndefined();
  const wrong = operation.effects().flatMap((times, row) => {
    const wanted = open.includes(row) ? 1 : cell.done[row];
    return times === wanted ? [] : [`row ${row + 1} is done ${times} times, not ${wanted}`];
  });
  expect(wrong, `${label}, after sending again`).toEqual([]);
}

/** Nothing lost, nothing done twice, no false claim, no storm of requests, and an error that helps. */
function check(cell: Cell, usual: Cell) {
  const { result, outcome, done, claimed, changed } = cell;
  const label = `${cell.operation}, ${cell.fault}: ${JSON.stringify(result).slice(0, 600)}`;
  expect(cell.requests, label).toBeLessThanOrEqual(usual.requests + retries);
  expect(cell.ms, label).toBeLessThanOrEqual(callMs);
  // After a lost response, records are read back that were read before the write, or as many.
  expect(cell.allRequests, label).toBeLessThanOrEqual(2 * usual.allRequests + retries);
  const isTrue = truthIn(cell);
  const wrong = claimed.flatMap((claim, row) =>
    isTrue(claim, done[row] ?? 0) ? [] : [`row ${row + 1} ${claim}`],
  );
  expect(wrong, label).toEqual([]);
  const count = done.reduce((sum, times) => sum + times, 0);
  const touches = cell.operation === "update" || cell.operation === "delete" ? count : 0;
  const adds = { create: count, upsert: count, delete: 0 - count }[cell.operation] ?? 0;
  expect(changed, label).toEqual({ others: touches, added: adds });
  if (result.failure === undefined) return;
  expect(outcome, label).toMatch(/^(maton|bigin|network|caller|server)\/(?!bug)/);
  expect(result.failure, label).toMatch(/: .*(GET|POST|PUT|DELETE) Contacts/);
  expect(result.failure, label).toMatch(/Next: |check before you repeat it|retry_after_s/);
  expect(result.failure, label).not.toMatch(/SECRET|<html|undefined|\[object/);
}

/** Whether what is reported for a row is true in the store. */
function truthIn({ fault, operation, result }: Cell): (claim: string, times: number) => boolean {
  const isWarned = /problem|not_taken/.test(JSON.stringify(result.reply ?? ""));
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
  const cells: Cell[] = [];
  const run = async (operation: Operation, fault: UpstreamFault) => {
    const restore = store.snapshot();
    const cell = await runCell(scene, operation, fault);
    restore();
    return cell;
  };
  for (const operation of operations) {
    const usual = await run(operation, none);
    expect(usual.outcome).toBe("ok");
    for (const fault of faults) {
      const cell = await run(operation, fault);
      check(cell, usual);
      cells.push(cell);
    }
  }
  return rowsOf(cells, faults);
}

test("docs/reliability.md shows what each fault does to reads and writes", async () => {
  const scene = await createScene();
  const { sandbox } = scene;
  const onReads = upstreamFaults.filter((fault) => !fault.onWrites);
  const text = page({
    reads: await section(scene, reads(sandbox), onReads),
    writes: await section(scene, writes(sandbox, 3, 0), upstreamFaults),
    chunks: await section(scene, writes(sandbox, 201, 1), faultsOfEachKind),
    sides: await sideTable(() => connect({ contract: "documented" })),
  });
  await expect(text).toMatchFileSnapshot("../../docs/reliability.md");
}, 300_000);
