import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createKeySource } from "../../src/settings/api-key.ts";
import { readSettings, type Settings, withoutKeys } from "../../src/settings/settings.ts";
import { createSend, type Send, shapeOf } from "./answers.ts";
import { type Question, readQuestions } from "./reads.ts";
import { throwAway, writeQuestions } from "./writes.ts";

// npm run probe: asks a live organisation the questions on which the sources about Bigin contradict each other. The
// report is Markdown for an issue. It has no values: only keys, types, statuses and codes. With `-- --write` it also
// creates records of its own, and deletes them again.

interface Surroundings {
  print(line: string): void;
  /** Aborted when the user interrupts: the rest is left out, but records are deleted. */
  signal: AbortSignal;
  /** Before each request. */
  pauseMs: number;
}

/** Returns the exit code. */
export async function probe(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  surroundings: Surroundings,
): Promise<number> {
  const { print, signal, pauseMs } = surroundings;
  const [wrong] = args.filter((arg) => arg !== "--write");
  if (wrong !== undefined) throw new Error("The only argument is --write.");
  const settings = await readSettings([], "probe", env);
  if ("output" in settings) return 0;
  const { gatewayUrl, controlUrl, connection } = settings;
  if (!settings.key && !settings.keyFile)
    throw new Error("Set MATON_API_KEY or MATON_API_KEY_FILE to the key of a Maton account.");
  const key = await createKeySource(settings)();
  const send = createSend({ gatewayUrl, controlUrl, key, connection, pauseMs });
  const isWriting = args.includes("--write");
  print("# Answers of a live Bigin organisation\n");
  print(
    `Reads${isWriting ? " and writes" : ""}, through ${hostName(gatewayUrl)}. No values are shown.`,
  );
  await askAll(readQuestions, { send, ...surroundings });
  if (!isWriting || signal.aborted) return signal.aborted ? 1 : 0;
  const chosen = settings.readOnly ? undefined : (connection ?? (await onlyConnection(send)));
  if (chosen === undefined) {
    print(
      `\n${settings.readOnly ? "BIGIN_READ_ONLY is set" : "Set MATON_CONNECTION_ID"}: nothing was written.`,
    );
    return 1;
  }
  const writer = createSend({ gatewayUrl, controlUrl, key, connection: chosen, pauseMs });
  await askAll(writeQuestions, { send: writer, ...surroundings });
  return signal.aborted ? 1 : 0;
}

/** The gateway's choice among several connections is not known (docs/reference/maton-gateway.md §3). */
async function onlyConnection(send: Send): Promise<string | undefined> {
  const { rows } = await send("GET", "connections?app=zoho-bigin&status=ACTIVE");
  const usable = rows.filter((row) => row["app"] === "zoho-bigin" && row["status"] === "ACTIVE");
  const [only, ...more] = usable.map((row) => row["connection_id"]);
  return typeof only === "string" && more.length === 0 ? only : undefined;
}

function hostName(url: Settings["gatewayUrl"]): string {
  const { hostname } = new URL(url);
  return ["gateway.maton.ai", "api.maton.ai"].includes(hostname) ? hostname : "another host";
}

async function askAll(
  questions: readonly Question[],
  { send, print, signal, pauseMs }: { send: Send } & Surroundings,
): Promise<void> {
  const say = (finding: string) => print(`- ${finding}`);
  const shown = new Set<string>();
  const showShape = (path: string, body: unknown) => {
    const isMetadata = path.startsWith("settings/");
    const shape = shapeOf([body], isMetadata ? 3 : 4, isMetadata);
    print(`  - shape: ${shown.has(shape) ? "the same as above" : `\`${shape}\``}`);
    shown.add(shape);
  };
  const ask: Send = async (method, path, ...rest) => {
    signal.throwIfAborted();
    const { status, code, body, rows } = await send(method, path, ...rest);
    say(`\`${method} ${path}\`: ${[status || "no answer", code].join(" ").trim()}`);
    if (body !== undefined) showShape(path, body);
    return { status, code, body, rows };
  };
  const settle = () => setTimeout(pauseMs * 30);
  for (const { title, run } of questions) {
    if (signal.aborted) break;
    print(`\n## ${title}\n`);
    const records = throwAway({ ask, send, say });
    try {
      await run({ ask, say, settle, ...records });
    } catch (error) {
      say(signal.aborted ? "Interrupted." : `The probe failed: ${Object(error).name}.`);
    } finally {
      await records.deleteAll();
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interruption.abort());
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const args = process.argv.slice(2);
  try {
    const { signal } = interruption;
    // Maton takes 10 requests a second.
    process.exitCode = await probe(args, process.env, { print, signal, pauseMs: 110 });
  } catch (error) {
    process.stderr.write(
      `${withoutKeys(error instanceof Error ? error.message : String(error))}\n`,
    );
    process.exitCode = 1;
  }
}
