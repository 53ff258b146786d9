import { bundlePrograms } from "../bench/bundle.ts";
import { short, table } from "../bench/figures.ts";
import { publish } from "../bench/report.ts";
import { measureIdle } from "./idle.ts";
import { soak } from "./soak.ts";

// npm run soak: 2,000 calls by 50 clients over the three transports while 5 % of the upstream requests fail, then 1,000 idle
// sessions. Prints the table of docs/performance.md, and writes it there with `-- --write`. Exits with 1 if a target is missed.

const mebibyte = 2 ** 20;
const bars: string[][] = [["Measure", "Result", "Target", "Met"]];
let missed = false;
const row = (what: string, measured: string, bar: string, reached: boolean) => {
  missed ||= !reached;
  bars.push([what, measured, bar, reached ? "yes" : "**no**"]);
};
const grown = (readings: readonly number[]) => (readings.at(-1) ?? Number.NaN) / (readings[0] ?? 0);
const memory = (readings: readonly number[]) =>
  `${grown(readings).toFixed(3)} × (${readings.map((bytes) => short(bytes / mebibyte)).join(", ")} MiB)`;

const file = bundlePrograms();
const clients = { stdio: 4, mcp: 23, sse: 23 };
const result = await soak({
  program: file("unlimited"),
  clients,
  rounds: 4,
  callsEach: 10,
  faults: 0.05,
  withSlow: true,
});
const { calls, failed, requests, struck, writes, inDoubt } = result;
row(
  "calls with a result",
  `${calls - result.unanswered.length} of ${calls}`,
  "all",
  result.unanswered.length === 0,
);
row(
  "writes lost, done twice or reported wrongly",
  `${result.mistakes.length} of ${writes}`,
  "0",
  result.mistakes.length === 0,
);
row(
  "sessions left after closing",
  `${result.sessionsLeft} of ${result.sessionsOpen}`,
  "0",
  result.sessionsLeft === 0,
);
for (const over of ["http", "stdio"] as const) {
  const readings = result.memory[over];
  row(
    `memory in use over ${over}, last 500 calls to first 500`,
    memory(readings),
    "≤ 1.1 ×",
    grown(readings) <= 1.1,
  );
}

const sessions = { sse: 500, mcp: 500 };
const idle = await measureIdle({ meter: file("metered"), sessions });
const open = sessions.sse + sessions.mcp;
row("idle sessions that still work", `${idle.answered} of ${open}`, "all", idle.answered === open);
row("idle sessions left after closing", String(idle.left), "0", idle.left === 0);

publish(
  "soak",
  [
    table(bars),
    "",
    `Of ${requests} upstream requests ${struck} (${((struck / requests) * 100).toFixed(1)} %) failed. ${failed} calls returned an error; the outcome of ${inDoubt} writes was reported as unknown.`,
    `An idle session takes ${short(idle.bytesEach.sse / 1024)} KiB over \`/sse\` and ${short(idle.bytesEach.mcp / 1024)} KiB over \`/mcp\`. With ${open} sessions the process has ${short(idle.resident / mebibyte)} MiB resident; after closing them, ${short(idle.remains / mebibyte)} MiB more is in use than before.`,
  ].join("\n"),
);
for (const line of [...result.unanswered, ...result.mistakes])
  process.stdout.write(`Missed: ${line}\n`);
process.exitCode = missed ? 1 : 0;
