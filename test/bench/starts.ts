import { once } from "node:events";
import { initializeParams, startChild } from "./child.ts";
import { residentOf } from "./process-figures.ts";

/** Figures of one start of a stdio server. */
export interface Start {
  /** From the start of the process to the response to `initialize`. */
  initializeMs: number;
  /** Resident memory after `tools/list`. */
  residentKiB: number;
  /** From closing stdin, with no call in progress, to the end of the process. */
  closeMs: number;
}

export async function measureStart(file: string, env: Record<string, string> = {}): Promise<Start> {
  const started = performance.now();
  const child = startChild([file], env);
  await child.request("initialize", initializeParams);
  const initializeMs = performance.now() - started;
  child.notify("notifications/initialized");
  await child.request("tools/list", {});
  const residentKiB = residentOf(child.process.pid ?? 0);
  const gone = once(child.process, "exit");
  const closing = performance.now();
  child.process.stdin.end();
  await gone;
  return { initializeMs, residentKiB, closeMs: performance.now() - closing };
}
