import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import packageFile from "../../package.json" with { type: "json" };
import { bundlePrograms, productFile } from "./bundle.ts";
import { at, figureOf, interleaved, short, shown, table } from "./figures.ts";
import { measureLatency } from "./latency.ts";
import { publish } from "./report.ts";
import { measureStart, type Start } from "./starts.ts";
import { type Era, measureThroughput, type Pace } from "./throughput.ts";

// npm run bench: how fast and how small the built program is, each figure beside a floor that was measured in the same run, in
// turns. Prints the table of docs/performance.md, and with `-- --write` puts it there. Exits with 1 only when something could not be measured: a bar may be missed on
// a busy machine.

const starts = 25;
const calls = 500;
const rounds = { pairs: 5, rounds: 4, ms: 600 };

const rows: string[][] = [["what", "floor", "bigin-mcp", "", "bar", "reached"]];
const judged = (reached: boolean) => (reached ? "yes" : "**no**");

/** Each value beside the floor's of the same turn: over a run a machine may grow twice as fast or slow. */
function ratio(
  what: string,
  floor: number[],
  ours: number[],
  unit: string,
  bar?: [sign: string, limit: number],
) {
  const factor = figureOf(ours.map((value, turn) => value / (floor[turn] ?? Number.NaN))).median;
  const [sign, limit = 0] = bar ?? [];
  const reached = sign === "≤" ? factor <= limit : factor >= limit;
  rows.push([
    ...[what, shown(figureOf(floor), unit), shown(figureOf(ours), unit)],
    ...[`${factor.toFixed(2)} ×`, bar ? `${sign} ${limit} ×` : "", bar ? judged(reached) : ""],
  ]);
}

function limited(what: string, value: number, unit: string, limit: number, beside = "") {
  const reached = value <= limit;
  rows.push([what, beside, `${short(value)} ${unit}`, "", `≤ ${limit} ${unit}`, judged(reached)]);
}

const [loadBefore] = loadavg();
const file = bundlePrograms();
const [floor = [], ours = []] = await interleaved(starts, [
  () => measureStart(file("floor-stdio")),
  () => measureStart(productFile, { MATON_API_KEY: "none" }),
]);
const initialize = ({ initializeMs }: Start) => initializeMs;
ratio("`initialize`, stdio", floor.map(initialize), ours.map(initialize), "ms", ["≤", 1.3]);
const resident = ({ residentKiB }: Start) => residentKiB / 1024;
ratio("memory after `tools/list`", floor.map(resident), ours.map(resident), "MiB", ["≤", 1.15]);
const close = ({ closeMs }: Start) => closeMs;
limited(
  "stdin closed → process gone",
  figureOf(ours.map(close)).median,
  "ms",
  50,
  shown(figureOf(floor.map(close)), "ms"),
);

const forwarding = { floor: file("floor-forward"), ours: file("unlimited") };
for (const { tool, requests, bare, forwarded, called } of await measureLatency(forwarding, calls)) {
  const what = `\`${tool}\`, ${requests} ${requests === 1 ? "request" : "requests"} upstream`;
  const beside = (floor: number[], ours: number[], share: number) =>
    `${(at(ours, share) / at(floor, share)).toFixed(2)} ×, + ${short(at(ours, share) - at(floor, share))} ms`;
  const p95 = (values: number[]) => `${short(at(values, 0.95))} ms`;
  const added = at(called, 0.5) - at(bare, 0.5);
  rows.push(
    [
      ...[`a call beside a bare fetch, p50: ${what}`, shown(figureOf(bare), "ms")],
      ...[shown(figureOf(called), "ms"), beside(bare, called, 0.5)],
      ...["≤ + 1 ms", judged(added <= 1)],
    ],
    ["the same, p95", p95(bare), p95(called), beside(bare, called, 0.95), "", ""],
    [
      ...["the same beside a bare SDK server that forwards, p50", shown(figureOf(forwarded), "ms")],
      ...[shown(figureOf(called), "ms"), beside(forwarded, called, 0.5), "", ""],
    ],
    ["the same, p95", p95(forwarded), p95(called), beside(forwarded, called, 0.95), "", ""],
  );
}

for (const [era, said] of [
  ["older", "sessions of 2025-11-25"],
  ["modern", "2026-07-28"],
] satisfies [Era, string][]) {
  const files = { floor: file("floor-http"), ours: file("unlimited-echo") };
  const { floor: bare, ours: own } = await measureThroughput(files, era, rounds);
  const speed = ({ callsPerSecond }: Pace) => callsPerSecond;
  const cost = ({ cpuMsPerCall }: Pace) => cpuMsPerCall;
  ratio(`throughput of an echo tool, ${said}`, bare.map(speed), own.map(speed), "/s", ["≥", 0.8]);
  ratio("the same, processor time a call", bare.map(cost), own.map(cost), "ms");
}

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" }),
);
limited("packed", packed.size / 2 ** 20, "MiB", 1);
limited("run-time dependencies", Object.keys({ ...dependenciesOf(packageFile) }).length, "", 0);

const [cpu] = cpus();
publish(
  "bench",
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpu?.model}, load ${short(loadBefore ?? 0)} at the start. Medians, with the middle half of all values; ratios are medians of those of each turn.\n\n${table(rows)}`,
);

function dependenciesOf(file: object): object {
  return "dependencies" in file ? (file.dependencies as object) : {};
}
