import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import packageFile from "../../package.json" with { type: "json" };
import { bundlePrograms, productFile } from "./bundle.ts";
import { at, figureOf, interleaved, short, shown, table } from "./figures.ts";
import { measureLatency } from "./latency.ts";
import { publish } from "./report.ts";
import { measureStart, type Start } from "./starts.ts";
import { type Era, measureThroughput, type Pace } from "./throughput.ts";

// npm run bench: how fast and how small the built program is, measured in turns with a floor. Prints the table of
// docs/performance.md, and writes it there with `-- --write`. Exits with 1 only if something could not be measured, because a
// busy machine may miss a target.

const starts = 25;
const calls = 500;
const rounds = { pairs: 5, rounds: 4, ms: 600 };

const rows: string[][] = [["Measure", "Floor", "bigin-mcp", "Ratio", "Target", "Met"]];
const judged = (reached: boolean) => (reached ? "yes" : "**no**");

/** Compares each value with the floor's of the same turn, because the speed of a machine may change during a run. */
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

function limited(what: string, value: number, unit: string, limit: number, floorValue = "") {
  rows.push([
    what,
    floorValue,
    `${short(value)} ${unit}`.trim(),
    "",
    `≤ ${limit} ${unit}`.trim(),
    judged(value <= limit),
  ]);
}

const [loadBefore] = loadavg();
const file = bundlePrograms();
const [floor = [], ours = []] = await interleaved(starts, [
  () => measureStart(file("floor-stdio")),
  () => measureStart(productFile, { MATON_API_KEY: "none" }),
]);
const initialize = ({ initializeMs }: Start) => initializeMs;
ratio("`initialize` over stdio", floor.map(initialize), ours.map(initialize), "ms", ["≤", 1.35]);
const resident = ({ residentKiB }: Start) => residentKiB / 1024;
ratio("memory after `tools/list`", floor.map(resident), ours.map(resident), "MiB", ["≤", 1.15]);
const close = ({ closeMs }: Start) => closeMs;
limited(
  "from closing stdin to the end of the process",
  figureOf(ours.map(close)).median,
  "ms",
  50,
  shown(figureOf(floor.map(close)), "ms"),
);

/** Compares times at a percentile. */
function percentile(what: string, share: number, floor: number[], ours: number[], limit?: number) {
  const [least, own] = [at(floor, share), at(ours, share)];
  const factor = own / least;
  rows.push([
    `${what}, p${share * 100}`,
    `${short(least)} ms`,
    `${short(own)} ms`,
    `${factor.toFixed(2)} ×`,
    limit === undefined ? "" : `≤ ${limit} ×`,
    limit === undefined ? "" : judged(factor <= limit),
  ]);
}

const forwarding = { floor: file("floor-forward"), ours: file("unlimited") };
for (const { tool, requests, bare, forwarded, called } of await measureLatency(forwarding, calls)) {
  const what = `\`${tool}\`, ${requests} upstream ${requests === 1 ? "request" : "requests"}`;
  percentile(`${what}, against a bare SDK server`, 0.5, forwarded, called, 1.35);
  percentile("the same", 0.95, forwarded, called);
  percentile("the same against `fetch`", 0.5, bare, called);
  percentile("the same against `fetch`", 0.95, bare, called);
}

for (const [era, said] of [
  ["older", "sessions of 2025-11-25"],
  ["modern", "revision 2026-07-28"],
] satisfies [Era, string][]) {
  const files = { floor: file("floor-http"), ours: file("unlimited-echo") };
  const { floor: bare, ours: own } = await measureThroughput(files, era, rounds);
  const speed = ({ callsPerSecond }: Pace) => callsPerSecond;
  const cost = ({ cpuMsPerCall }: Pace) => cpuMsPerCall;
  ratio(`calls of an echo tool, ${said}`, bare.map(speed), own.map(speed), "/s", ["≥", 0.8]);
  ratio("the same, processor time per call", bare.map(cost), own.map(cost), "ms");
}

const [packed] = JSON.parse(
  execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" }),
);
limited("npm package", packed.size / 2 ** 20, "MiB", 1.4);
limited("run-time dependencies", Object.keys({ ...dependenciesOf(packageFile) }).length, "", 0);

const [cpu] = cpus();
publish(
  "bench",
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpu?.model}, load ${short(loadBefore ?? 0)} at the start. Medians, and in parentheses the middle half of all values. A ratio is the median of the ratios of all turns.\n\n${table(rows)}`,
);

function dependenciesOf(file: object): object {
  return "dependencies" in file ? (file.dependencies as object) : {};
}
