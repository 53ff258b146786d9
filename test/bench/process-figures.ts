import { readFileSync } from "node:fs";

// What Linux knows about a process. Asking the process itself would change the figures.

/** Resident memory in KiB. */
export function residentOf(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!found) throw new Error(`no resident memory of process ${pid}`);
  return Number(found[1]);
}

/** Linux counts processor time in hundredths of a second on every machine Node runs on. */
const tickMs = 10;

/** Processor time so far, of the process and the kernel for it. */
export function cpuMsOf(pid: number): number {
  // The fields after the name, which is in parentheses and may contain anything. utime and stime are the 12th and 13th.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
