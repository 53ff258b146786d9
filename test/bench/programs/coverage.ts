import { type Profiler, Session } from "node:inspector/promises";

// Loaded with `--import` before the program's TypeScript sources. On each SIGUSR2 it writes one line to stderr: the scripts in
// which a function ran since the last one, each with the names of these functions.

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });

process.on("SIGUSR2", async () => {
  // Taking the counts also sets them to zero.
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const ran = result.map(({ url, functions }) => [url, functions.filter(hasRun).map(nameOf)]);
  process.stderr.write(`ran ${JSON.stringify(ran)}\n`);
});

function hasRun({ ranges }: Profiler.FunctionCoverage): boolean {
  return ranges.some(({ count }) => count > 0);
}

function nameOf({ functionName }: Profiler.FunctionCoverage): string {
  return functionName;
}
