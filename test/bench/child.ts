import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Measure } from "./programs/meter.ts";

type Message = Record<string, unknown>;

/** A program under measurement. */
export interface Child {
  process: ChildProcessWithoutNullStreams;
  /** Sends a JSON-RPC request over stdin and returns the result. Rejects with an error response. */
  request(method: string, params: Message): Promise<Message>;
  notify(method: string): void;
  /** Waits for the next line on stderr that matches, and returns its first group. */
  says(pattern: RegExp): Promise<string>;
  /** Kills it, and waits until it has ended. */
  stop(): Promise<void>;
}

/** Starts a program with Node, without this machine's settings. */
export function startChild(args: readonly string[], env: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, args, { env: { PATH: process.env["PATH"], ...env } });
  const open = new Map<number, { resolve(value: Message): void; reject(error: Error): void }>();
  const listeners = new Set<(line: string) => void>();
  let stderr = "";
  let id = 0;
  createInterface(child.stdout).on("line", (line) => {
    const message = JSON.parse(line);
    const waiting = open.get(message.id);
    open.delete(message.id);
    if (message.error) waiting?.reject(new Error(JSON.stringify(message.error)));
    else waiting?.resolve(message.result);
  });
  createInterface(child.stderr).on("line", (line) => {
    stderr = `${stderr}${line}\n`.slice(-4000);
    for (const hear of listeners) hear(line);
  });
  const ended = once(child, "close");
  const failIfGone = ended.then(() => {
    throw new Error(`the program has ended: ${args.join(" ")}\n${stderr}`);
  });
  failIfGone.catch(() => undefined);
  const write = (message: Message) =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    process: child,
    async request(method, params) {
      id += 1;
      const answered = new Promise<Message>((resolve, reject) => open.set(id, { resolve, reject }));
      write({ id, method, params });
      return Promise.race([answered, failIfGone]);
    },
    notify: (method) => write({ method }),
    async says(pattern) {
      const heard = new Promise<string>((resolve) => {
        const hear = (line: string) => {
          const found = pattern.exec(line);
          if (!found) return;
          listeners.delete(hear);
          resolve(found[1] ?? found[0]);
        };
        listeners.add(hear);
      });
      return Promise.race([heard, failIfGone]);
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Starts a program that serves HTTP, and waits for its address. */
export async function startHttp(args: readonly string[], env: Record<string, string> = {}) {
  const child = startChild(args, env);
  return { ...child, url: await child.says(/"url":"([^"]+)"/) };
}

/** The memory of a program after garbage collection. */
export async function measure(child: Pick<Child, "says" | "process">): Promise<Measure> {
  const answered = child.says(/^measure (.+)$/);
  child.process.kill("SIGUSR2");
  return JSON.parse(await answered);
}

export const initializeParams = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "bench", version: "1" },
};
