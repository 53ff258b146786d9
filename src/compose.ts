import type { McpServer } from "@modelcontextprotocol/server";
import { LRUCache } from "lru-cache";
import packageFile from "../package.json" with { type: "json" };
import { tools } from "../tools/index.ts";
import type { Accounts } from "./account/account.ts";
import { createAuditLog } from "./logging/audit-log.ts";
import { createLog, type Log } from "./logging/log.ts";
import { joinRedactors, type LearningRedactor, sessionLinks } from "./logging/redact.ts";
import { type CallsInFlight, createCallsInFlight } from "./server/in-flight.ts";
import { createServer } from "./server/server.ts";
import { createKeySource } from "./settings/api-key.ts";
import type { Settings } from "./settings/settings.ts";
import { Failure } from "./shared/failure.ts";
import { type Catalogue, createCatalogue } from "./tool/catalogue.ts";
import type { Caller } from "./transports/auth.ts";
import type { Readiness } from "./transports/health.ts";

export const { version } = packageFile;
const userAgent = `bigin-mcp/${version}`;
/** Callers narrow the catalogue in few different ways. */
const cataloguesKept = 100;

/** The parts of a running program, wired together. */
export interface Program {
  makeServer(caller: Caller): McpServer;
  /** Returns a sentence on a fault in what a caller asks for, such as a toolset that does not exist. */
  check(caller: Caller): string | undefined;
  ready(): Promise<Readiness>;
  calls: CallsInFlight;
}

/** Wires the program from its settings. This file alone knows the catalogue, the machine and the sandbox. */
export function compose(settings: Settings, log: Log, secrets: LearningRedactor): Program {
  const redact = joinRedactors(secrets, sessionLinks);
  const fetch = fetchFor(settings);
  const onHostReplaced = (older: string, newer: string) =>
    log.warn({ older, newer }, "the name of a Maton host cannot be resolved: using the newer host");
  let accounts: Promise<Accounts> | undefined;
  // All below the tools is loaded with the first call: a host that only lists the tools does not wait for it.
  const loadAccounts = () => {
    accounts ??= import("./account/account.ts").then(({ createAccounts }) =>
      createAccounts({ ...settings, userAgent, fetch, redact: secrets, onHostReplaced }),
    );
    return accounts;
  };
  const ownKey = settings.sandbox
    ? async () => "sandbox"
    : createKeySource({ ...settings, onRead: secrets.note });
  const catalogueFor = createCatalogues(settings);
  const audit = settings.auditLog === undefined ? undefined : createAuditLog(settings.auditLog);
  const calls = createCallsInFlight();
  // Fails at the start if a setting names a tool that does not exist.
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
        // The configured connection belongs to the server's own key, not to one that a caller sends.
        connection: caller.connection ?? (caller.matonKey ? undefined : settings.connection),
      }),
  };
}

/** The tools on offer for each caller, who can narrow the settings and never widen them. */
function createCatalogues(settings: Settings): (caller: Caller) => Catalogue {
  const kept = new LRUCache<string, Catalogue>({ max: cataloguesKept });
  return ({ readOnly = false, toolsets }) => {
    // All that a caller can narrow is in here, and so in the key: callers must not share a wider catalogue.
    const narrowed = { readOnly: settings.readOnly || readOnly, only: toolsets };
    const key = JSON.stringify(narrowed);
    const catalogue = kept.get(key) ?? createCatalogue(tools, { ...settings, ...narrowed });
    kept.set(key, catalogue);
    return catalogue;
  };
}

/** The tools that the settings offer. */
export function offeredTools(settings: Settings) {
  return createCatalogue(tools, settings).list();
}

/** The sandbox's fetch, one that goes through the proxies of the environment, or undefined for the platform's. */
function fetchFor(settings: Settings): typeof fetch | undefined {
  if (settings.sandbox) return lazySandboxFetch(settings);
  const { proxies } = settings;
  if (!proxies) return undefined;
  let proxied: Promise<typeof fetch> | undefined;
  return async (input, init) => {
    // One for all requests: it keeps the connections to the proxy.
    proxied ??= import("./maton/proxy.ts").then((module) => module.createProxiedFetch(proxies));
    return (await proxied)(input, init);
  };
}

/** Loads and seeds the embedded sandbox with the first call, so that a host starts as fast as without it. */
function lazySandboxFetch(settings: Settings): typeof fetch {
  let sandbox: Promise<{ fetch: typeof fetch }> | undefined;
  return async (input, init) => {
    sandbox ??= import("./sandbox/app.ts").then(({ createSandbox }) =>
      createSandbox({ profile: settings.sandboxProfile, contract: settings.sandboxContract }),
    );
    return (await sandbox).fetch(input, init);
  };
}

/** The sandbox alone, as an HTTP service. */
export async function startSandbox(settings: Settings) {
  const { serveSandbox } = await import("./sandbox/serve.ts");
  const { port, sandboxProfile: profile, sandboxContract: contract } = settings;
  return serveSandbox({ port, profile, contract });
}

/** A server on a sandbox of its own, and what that sandbox holds. */
export async function composeDemo() {
  const [{ createSandbox }, { createAccounts }] = await Promise.all([
    import("./sandbox/app.ts"),
    import("./account/account.ts"),
  ]);
  const sandbox = createSandbox();
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent,
    fetch: sandbox.fetch,
    // The sandbox has no limits, and somebody is watching.
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
  return { server, store: sandbox.store };
}
