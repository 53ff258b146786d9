import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished, vi } from "vitest";

/** The built program, as hosts start it. `npm run build` builds it. */
export const programFile = fileURLToPath(new URL("../../dist/bigin-mcp.js", import.meta.url));

export interface Running {
  child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves with the exit code, or with the signal that ended the program. */
  ended: Promise<number | NodeJS.Signals | null>;
  /** Waits until stderr contains a match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  send(message: object): void;
}

// Longer than the waits below, so that a slow start fails with what the program wrote to stderr.
vi.setConfig({ testTimeout: 60_000 });

/** Registers what ends something a test has started. Concurrent tests pass their context's own `onTestFinished`. */
export type AtEnd = (end: () => void | Promise<void>) => void;

/** Starts the program without this machine's settings, until the test ends. */
export function run(
  args: readonly string[],
  env: Record<string, string> = {},
  atEnd: AtEnd = onTestFinished,
): Running {
  const child = spawn(process.execPath, [programFile, ...args], {
    env: { PATH: process.env["PATH"], ...env },
  });
  const seen = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    seen.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    seen.stderr += chunk;
  });
  atEnd(() => void child.kill("SIGKILL"));
  return {
    child,
    stdout: () => seen.stdout,
    stderr: () => seen.stderr,
    ended: new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal))),
    says: (pattern) =>
      vi.waitFor(
        () => {
          const found = pattern.exec(seen.stderr);
          if (!found) throw new Error(`stderr does not say ${pattern}: ${seen.stderr}`);
          return found;
        },
        { timeout: 15_000, interval: 20 },
      ),
    send: (message) =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
  };
}

/** The program serving HTTP on a free port; returns its address. */
export async function serve(
  args: readonly string[] = ["--sandbox"],
  env: Record<string, string> = {},
  atEnd: AtEnd = onTestFinished,
) {
  const running = run(["--transport", "http", "--port", "0", ...args], env, atEnd);
  const [, url = ""] = await running.says(/"url":"([^"]+)"/);
  return { ...running, url };
}
