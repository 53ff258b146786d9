#!/usr/bin/env node
import type { McpServer } from "@modelcontextprotocol/server";
import { LRUCache } from "lru-cache";
import packageFile from "../package.json" with { type: "json" };
import { tools } from "../tools/index.ts";
import type { Accounts } from "./account/account.ts";
import { createAudit } from "./logging/audit-log.ts";
import { createLog, factsOf, type Log } from "./logging/log.ts";
import { createOutlet } from "./logging/log-stream.ts";
import { joined, type Learning, links } from "./logging/redact.ts";
import { type Calls, createCalls } from "./server/in-flight.ts";
import { createServer } from "./server/server.ts";
import { createKeySource } from "./settings/api-key.ts";
import { discreet, readSettings, type Settings, secretsIn } from "./settings/settings.ts";
import { SettingsProblem } from "./settings/settings-problem.ts";
import { Failure } from "./shared/failure.ts";
import { type Catalogue, createCatalogue } from "./tool/catalogue.ts";
import type { Caller } from "./transports/auth.ts";
import type { Readiness } from "./transports/health.ts";

const { version } = packageFile;
/** How long calls under way may take when the server is told to stop. */
const drainMs = 10_000;
/** How long a write under way is waited for when nobody is there any more to be answered. */
const lastWriteMs = 2_500;
const cataloguesKept = 100;

const outlet = createOutlet(process.stderr);

/** The composition root: the only place that knows the catalogue, the machine and the sandbox at once. */
async function main(): Promise<void> {
  const settings = await readSettings(process.argv.slice(2), version);
  const secrets = secretsIn();
  const log = createLog(settings.logLevel, joined(secrets, links), outlet);
  onCrash(settings, log);
  if (settings.command !== "serve") onReaderGone();
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

/** The embedded sandbox is loaded and seeded with the first call, so that a host starts as fast as without it. */
function lazySandboxFetch(settings: Settings): typeof fetch {
  let sandbox: Promise<{ fetch: typeof fetch }> | undefined;
  return async (input, init) => {
    sandbox ??= import("./sandbox/app.ts").then((app) =>
      app.createSandbox({ profile: settings.sandboxProfile }),
    );
    return (await sandbox).fetch(input, init);
  };
}

interface Machine {
  makeServer(caller: Caller): McpServer;
  /** What is wrong with a caller's wishes; undefined for nothing. */
  check(caller: Caller): string | undefined;
  ready(): Promise<Readiness>;
  calls: Calls;
}

function createMachine(settings: Settings, log: Log, secrets: Learning): Machine {
  const redact = joined(secrets, links);
  const fetch = settings.sandbox ? lazySandboxFetch(settings) : undefined;
  let accounts: Promise<Accounts> | undefined;
  // Everything below the tools is loaded with the first call: a host that lists them waits for none of it.
  const loadAccounts = () => {
    accounts ??= import("./account/account.ts").then(({ createAccounts }) =>
      createAccounts({
        ...settings,
        userAgent: `bigin-mcp/${version}`,
        fetch,
        redact: secrets,
      }),
    );
    return accounts;
  };
  const ownKey = settings.sandbox
    ? async () => "sandbox"
    : createKeySource({ ...settings, onRead: secrets.note });
  const catalogueFor = createCatalogues(settings);
  const audit = settings.auditLog === undefined ? undefined : createAudit(settings.auditLog);
  const calls = createCalls();
  catalogueFor({});
  return {
    calls,
    check(caller) {
      try {
        catalogueFor(caller);
        return undefined;
      } catch (error) {
        if (error instanceof Failure) return error.message;
        throw error;
      }
    },
    async ready() {
      const { checkUpstream } = await import("./transports/health.ts");
      return checkUpstream(await loadAccounts(), settings.auth === "maton" ? undefined : ownKey);
    },
    makeServer: (caller) =>
      createServer({
        version,
        log,
        catalogue: catalogueFor(caller),
        replyTokens: settings.replyTokens,
        confirm: settings.confirm,
        audit,
        redact,
        calls,
        caller: caller.id,
        account: async () => {
          const all = await loadAccounts();
          return caller.matonKey ? all.of(caller.matonKey) : all.own(await ownKey());
        },
        // The configured connection belongs to the server's own key, not to one a caller brought.
        connection: caller.connection ?? (caller.matonKey ? undefined : settings.connection),
      }),
  };
}

/** What is on offer for each caller's own wishes, which can narrow the settings and never widen them. */
function createCatalogues(settings: Settings): (caller: Caller) => Catalogue {
  const kept = new LRUCache<string, Catalogue>({ max: cataloguesKept });
  return ({ readOnly = false, toolsets }) => {
    const wish = JSON.stringify([readOnly, toolsets]);
    let catalogue = kept.get(wish);
    if (!catalogue) {
      const choice = { ...settings, readOnly: settings.readOnly || readOnly, only: toolsets };
      catalogue = createCatalogue(tools, choice);
      kept.set(wish, catalogue);
    }
    return catalogue;
  };
}

async function serve(settings: Settings, log: Log, secrets: Learning): Promise<void> {
  const { makeServer, check, ready, calls } = createMachine(settings, log, secrets);
  if (settings.transport === "http") {
    const { serveHttp } = await import("./transports/http.ts");
    const running = await serveHttp({ ...settings, makeServer, check, ready, log });
    log.info({ url: running.url, sandbox: settings.sandbox }, "listening");
    onSignal(async () => {
      calls.stop();
      await running.close(calls.idle(drainMs));
      // What was cut has its line in the audit log all the same.
      await calls.idle(lastWriteMs, "write");
    });
    return;
  }
  const { serveStdioTransport } = await import("./transports/stdio.ts");
  const running = serveStdioTransport({
    makeServer,
    onError: (error) => log.warn({ err: error }, "stdio"),
  });
  // A write under way ends, or is cut, within its grace, and then has its line in the audit log.
  const ended = running.closed.then(() => calls.idle(lastWriteMs, "write"));
  onSignal(async () => {
    await running.close();
    await ended;
  });
  await ended;
  exit(0);
}

async function serveSandbox(settings: Settings): Promise<void> {
  const { serveSandbox: start } = await import("./sandbox/serve.ts");
  const running = await start({ port: settings.port, profile: settings.sandboxProfile });
  process.stderr.write(
    `The sandbox stands in for Maton and Bigin at ${running.url} (key "sandbox"). To use it: MATON_API_URL=${running.url} MATON_API_KEY=sandbox bigin-mcp\n`,
  );
  onSignal(() => running.close());
}

async function demo(): Promise<void> {
  const [{ createSandbox }, { runDemo }, { createAccounts }] = await Promise.all([
    import("./sandbox/app.ts"),
    import("./commands/demo.ts"),
    import("./account/account.ts"),
  ]);
  const sandbox = createSandbox();
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: `bigin-mcp/${version}`,
    fetch: sandbox.fetch,
    // The sandbox limits nobody, and a demo is watched.
    limits: { perSecond: 1000, atOnce: 10 },
  });
  const server = createServer({
    version,
    catalogue: createCatalogue(tools, { readOnly: false }),
    confirm: "destructive",
    log: createLog("silent"),
    replyTokens: 6000,
    account: async () => accounts.of("sandbox"),
    connection: undefined,
  });
  process.exitCode = await runDemo({
    server,
    store: sandbox.store,
    print,
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Whoever reads the output may have seen enough: `bigin-mcp tools | head -1`. Ends as SIGPIPE ends other programs. */
function onReaderGone(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(141);
  });
}

async function showTools(settings: Settings): Promise<void> {
  const { showTools: show } = await import("./commands/tools.ts");
  show(createCatalogue(tools, settings).list(), print);
}

async function callOnce(settings: Settings, log: Log, secrets: Learning): Promise<void> {
  const { runCall } = await import("./commands/call.ts");
  const server = createMachine(settings, log, secrets).makeServer({});
  process.exitCode = await runCall(server, settings.operands, print);
}

/** What nobody foresaw ends the program, in one line that holds no secret. */
function onCrash({ auth }: Settings, log: Log): void {
  process.on("uncaughtException", (error) => {
    const { stack, ...facts } = factsOf(error);
    const places = String(stack).match(/^\s+at .*$/gm);
    // The words of an error may hold the key of a caller, which nobody here knows.
    log.error({ ...(auth === "token" && facts), at: places }, "crashed");
    process.exit(1);
  });
}

/** SIGHUP is what a terminal says when it is closed. Whoever asks a second time does not want to wait. */
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

/** A turn later, when the calls that just ended have their lines in the log. */
function exit(code: number): void {
  setImmediate(() => outlet.ended().then(() => process.exit(code)));
}

main().catch((error: unknown) => {
  const problem = error instanceof Error ? error : new Error(String(error));
  const asked = problem instanceof SettingsProblem && problem.exitCode === 0;
  (asked ? process.stdout : process.stderr).write(`${discreet(problem.message)}\n`);
  process.exitCode = problem instanceof SettingsProblem ? problem.exitCode : 1;
});
