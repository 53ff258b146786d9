import { bundlePrograms } from "../bench/bundle.ts";
import { short, table } from "../bench/figures.ts";
import { publish } from "../bench/report.ts";
import { idle } from "./idle.ts";
import { soak } from "./soak.ts";

// npm run soak: 2,000 calls by 50 clients over the three transports while 5 % of the requests upstream fail, then 1,000 sessions
// that do nothing. Prints what docs/performance.md shows, and with `-- --write` puts it there; exits with 1 when a bar is missed.

const mebibyte = 2 ** 20;
const bars: string[][] = [["what", "measured", "bar", "reached"]];
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
const soaked = await soak({
  ...{ program: file("unlimited"), clients, rounds: 4, callsEach: 10 },
  ...{ faults: 0.05, withSlow: true },
});
const { calls, failed, requests, struck, writes, inDoubt } = soaked;
row(
  "calls answered",
  `${calls - soaked.unanswered.length} of ${calls}`,
  "all",
  soaked.unanswered.length === 0,
);
row(
  "writes lost, doubled or told wrongly",
  `${soaked.falsehoods.length} of ${writes}`,
  "0",
  soaked.falsehoods.length === 0,
);
row(
  "sessions left",
  `${soaked.sessionsLeft} of ${soaked.sessionsOpen}`,
  "0",
  soaked.sessionsLeft === 0,
);
for (const over of ["http", "stdio"] as const) {
  const readings = soaked.memory[over];
  row(
    `memory in use, ${over}, last to first 500 calls`,
    memory(readings),
    "≤ 1.1 ×",
    grown(readings) <= 1.1,
  );
}

const sessions = { sse: 500, mcp: 500 };
const rested = await idle({ meter: file("metered"), sessions });
const open = sessions.sse + sessions.mcp;
row(
  "idle sessions that answer afterwards",
  `${rested.answered} of ${open}`,
  "all",
  rested.answered === open,
);
row("of them still there after closing", String(rested.left), "0", rested.left === 0);

publish(
  "soak",
  [
    table(bars),
    "",
    `The soak made ${requests} requests upstream, of which ${struck} (${((struck / requests) * 100).toFixed(1)} %) were struck; ${failed} answers told of a failure, ${inDoubt} of them of a write in doubt.`,
    `An idle session holds ${short(rested.bytesEach.sse / 1024)} KiB over \`/sse\` and ${short(rested.bytesEach.mcp / 1024)} KiB over \`/mcp\`; with all ${open} open the process has ${short(rested.resident / mebibyte)} MiB resident, and after closing ${short(rested.remains / mebibyte)} MiB more in use than before the first.`,
  ].join("\n"),
);
for (const line of [...soaked.unanswered, ...soaked.falsehoods])
  process.stdout.write(`Missed: ${line}\n`);
process.exitCode = missed ? 1 : 0;
