import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import type { Running } from "./program.ts";
import { keyOf, leaks } from "./spelled.ts";

export const key = keyOf("ada");

export const folder = () => mkdtempSync(join(tmpdir(), "bigin-printed-"));

export async function upstream() {
  const served = await serveSandbox({ port: 0, key });
  onTestFinished(() => served.close());
  return served;
}

/** No line of what came out holds a part of the secret; the first that does is shown. */
export function expectSilence(texts: readonly string[], secret: string) {
  if (leaks(texts.join("\n"), secret).length === 0) return;
  for (const line of texts.flatMap((text) => text.split("\n")))
    expect([line.slice(0, 2000), leaks(line, secret)]).toEqual([line.slice(0, 2000), []]);
  throw new Error(`leaked over several lines: ${leaks(texts.join("\n"), secret)[0]}`);
}

/** What the program prints. */
export const printed = (program: Running) => [program.stdout(), program.stderr()];

/** Fails, where nobody catches it, with an error that holds the key of the environment or of a file. */
export const crash = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
const theKey = "(process.env.MATON_API_KEY ?? process.env.OTHER)";
export const badKey = `new Error('bad ' + ${theKey} + ' ' + btoa(${theKey}), { cause: new Error(${theKey}) })`;
export const crashOnSignal = crash(`process.on("SIGUSR2", () => { throw ${badKey} })`);
