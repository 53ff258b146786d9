#!/usr/bin/env node
import { compose, composeDemo, offeredTools, startSandbox, version } from "./compose.ts";
import { createLog, factsOf, type Log } from "./logging/log.ts";
import { createLogStream } from "./logging/log-stream.ts";
import { joinRedactors, type LearningRedactor, sessionLinks } from "./logging/redact.ts";
import { readSettings, type Settings, secretsIn, withoutKeys } from "./settings/settings.ts";

/** How long calls in progress may take when the server is told to stop, in milliseconds. */
const drainMs = 10_000;
/** How long a write in progress is waited for when its caller is gone, in milliseconds. */
const lastWriteMs = 2_500;

const logStream = createLogStream(process.stderr);

async function main(): Promise<void> {
  const settings = await readSettings(process.argv.slice(2), version);
  if ("output" in settings) return print(settings.output);
  const secrets = secretsIn();
  const log = createLog(settings.logLevel, joinRedactors(secrets, sessionLinks), logStream);
  exitOnCrash(settings, log);
  if (settings.command !== "serve") exitOnClosedOutput();
  switch (settings.command) {
    case "serve":
      return serve(settings, log, secrets);
    case "sandbox":
      return serveSandbox(settings);
    case "demo":
      return demo();
    case "tools":
      return showTools(settings);
    case "call":
      return callOnce(settings, log, secrets);
  }
}

async function serve(settings: Settings, log: Log, secrets: LearningRedactor): Promise<void> {
  const { makeServer, check, ready, calls } = compose(settings, log, secrets);
  if (settings.transport === "http") {
    const { serveHttp } = await import("./transports/http.ts");
    const running = await serveHttp({ ...settings, makeServer, check, ready, log });
    log.info({ url: running.url, sandbox: settings.sandbox }, "listening");
    onSignal(async () => {
      calls.stop();
      await running.close(calls.idle(drainMs));
      // A write that was cut has its line in the audit log too.
      await calls.idle(lastWriteMs, "write");
    });
    return;
  }
  const { serveStdioTransport } = await import("./transports/stdio.ts");
  const running = serveStdioTransport({
    makeServer,
    onError: (error) => log.warn({ err: error }, "stdio"),
  });
  // A write in progress ends, or is cut, within its grace period, and then has its line in the audit log.
  const ended = running.closed.then(() => calls.idle(lastWriteMs, "write"));
  onSignal(async () => {
    await running.close();
    await ended;
  });
  await ended;
  exit(0);
}

async function serveSandbox(settings: Settings): Promise<void> {
  const running = await startSandbox(settings);
  process.stderr.write(
    `The sandbox emulates Maton and Bigin at ${running.url} (key "sandbox"). To use it: MATON_API_URL=${running.url} MATON_API_KEY=sandbox bigin-mcp\n`,
  );
  onSignal(() => running.close());
}

async function demo(): Promise<void> {
  const { runDemo } = await import("./commands/demo.ts");
  process.exitCode = await runDemo({ ...(await composeDemo()), print });
}

async function showTools(settings: Settings): Promise<void> {
  const { showTools: show } = await import("./commands/tools.ts");
  show(offeredTools(settings), print);
}

async function callOnce(settings: Settings, log: Log, secrets: LearningRedactor): Promise<void> {
  const { runCall } = await import("./commands/call.ts");
  const server = compose(settings, log, secrets).makeServer({});
  process.exitCode = await runCall(server, settings.operands, print);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A reader may close early, as in `bigin-mcp tools | head -1`. Ends as SIGPIPE ends other programs. */
function exitOnClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });
}

/** An unexpected error ends the program, with one line in the log that holds no secret. */
function exitOnCrash({ auth }: Settings, log: Log): void {
  process.on("uncaughtException", (error) => {
    const { stack, ...facts } = factsOf(error);
    const places = String(stack).match(/^\s+at .*$/gm);
    // The message may contain a caller's key, which is not known here.
    log.error({ ...(auth === "token" && facts), at: places }, "crashed");
    process.exit(1);
  });
}

/** A terminal sends SIGHUP when it is closed. A second signal ends the program at once. */
function onSignal(close: () => Promise<void>): void {
  let isClosing = false;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => {
      if (isClosing) process.exit(1);
      isClosing = true;
      close().then(
        () => exit(0),
        () => exit(1),
      );
    });
}

/** Exits one turn later, when the calls that just ended have their lines in the log. */
function exit(code: number): void {
  setImmediate(() => logStream.ended().then(() => process.exit(code)));
}

main().catch((error: unknown) => {
  process.stderr.write(`${withoutKeys(error instanceof Error ? error.message : String(error))}\n`);
  process.exitCode = 1;
});
