import * as z from "zod";
import {
  createLearningRedactor,
  joinRedactors,
  type LearningRedactor,
  sessionLinks,
  withoutKeyLike,
} from "../logging/redact.ts";
import type { SettingName } from "../shared/setting-names.ts";
import { type Confirm, confirmSettings } from "../tool/confirm.ts";
import type { Auth } from "../transports/auth.ts";
import type { Command, CommandLine, Flags } from "./command-line.ts";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/** The proxies that the environment names. */
interface Proxies {
  httpsProxy: string | undefined;
  httpProxy: string | undefined;
  noProxy: string | undefined;
}

/** All settings, checked, with defaults for those that were not set. */
export interface Settings {
  command: Command;
  /** For the command `call`: the tool's name and its arguments as JSON. */
  operands: readonly string[];
  transport: "stdio" | "http";
  host: string;
  port: number;
  /** Use the embedded sandbox instead of Maton. */
  sandbox: boolean;
  sandboxProfile: "full" | "maton";
  /** Which form of Bigin the sandbox has where the sources are divided (docs/compatibility.md). */
  sandboxContract: "documented" | "engine";
  /** The proxies of the environment; undefined if there are none, or if Maton is on this machine. */
  proxies: Proxies | undefined;
  gatewayUrl: string;
  controlUrl: string;
  connection: string | undefined;
  readOnly: boolean;
  toolsets: string[] | undefined;
  tools: string[] | undefined;
  excludeTools: string[] | undefined;
  replyTokens: number;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  /** File that gets a line per write; undefined for no audit log. */
  auditLog: string | undefined;
  logLevel: (typeof logLevels)[number];
  /** How HTTP callers authenticate. */
  auth: Auth;
  /** Accepted bearer tokens of HTTP callers. */
  authTokens: string[];
  key: string | undefined;
  keyFile: string | undefined;
}

/**
 * The only function that reads the command line and the environment. For `--help` and `--version` it returns the
 * `output` to print. Throws an Error whose message has one line per mistake.
 */
export async function readSettings(
  argv: readonly string[],
  version: string,
  env = process.env,
): Promise<Settings | { output: string }> {
  const read = await commandLine(argv, version);
  if ("output" in read) return read;
  return settingsOf(read, env);
}

/** Loads the parser only when there are arguments: most hosts give none, and it would slow down their start. */
async function commandLine(
  argv: readonly string[],
  version: string,
): Promise<CommandLine | { output: string }> {
  if (argv.length === 0) return { command: "serve", flags: {}, operands: [] };
  const { readCommandLine } = await import("./command-line.ts");
  const read = readCommandLine(argv, version);
  if ("problem" in read) throw new Error(read.problem);
  return read;
}

function settingsOf({ command, flags, operands }: CommandLine, env: NodeJS.ProcessEnv): Settings {
  const faults: string[] = [];
  const pick = picker(flags, env, faults);

  const api = pick("", "MATON_API_URL", matonUrl, "");
  const settings: Settings = {
    command,
    operands,
    transport: pick("transport", "BIGIN_MCP_TRANSPORT", transport, "stdio"),
    host: pick("host", "BIGIN_MCP_HOST", z.string(), "127.0.0.1"),
    port: pick("port", "BIGIN_MCP_PORT", port, command === "sandbox" ? 8788 : 8787),
    sandbox: flags["sandbox"] === true,
    sandboxProfile: pick("profile", "", z.enum(["full", "maton"]), "full"),
    sandboxContract: pick("contract", "", z.enum(["documented", "engine"]), "documented"),
    proxies: undefined,
    gatewayUrl: pick(
      "gateway-url",
      "MATON_GATEWAY_URL",
      matonUrl,
      api || "https://gateway.maton.ai",
    ),
    controlUrl: pick("control-url", "MATON_CONTROL_URL", matonUrl, api || "https://ctrl.maton.ai"),
    connection: pick("connection", "MATON_CONNECTION_ID", connectionId, undefined),
    readOnly: pick("read-only", "BIGIN_READ_ONLY", flag, false),
    toolsets: pick("toolsets", "BIGIN_TOOLSETS", names, undefined),
    tools: pick("tools", "BIGIN_TOOLS", names, undefined),
    excludeTools: pick("exclude-tools", "BIGIN_EXCLUDE_TOOLS", names, undefined),
    replyTokens: pick("reply-tokens", "BIGIN_REPLY_TOKENS", replyTokens, 6000),
    confirm: pick("confirm", "BIGIN_CONFIRM", z.enum(confirmSettings), "destructive"),
    auditLog: pick("audit-log", "BIGIN_AUDIT_LOG", z.string().min(1).optional(), undefined),
    logLevel: pick("log-level", "BIGIN_LOG_LEVEL", z.enum(logLevels), "info"),
    auth: pick("auth", "BIGIN_MCP_AUTH", z.enum(["token", "maton"]), "token"),
    authTokens: pick("", "BIGIN_MCP_AUTH_TOKENS", tokens, []),
    key: pick("", "MATON_API_KEY", z.string().trim().optional(), undefined),
    keyFile: pick("", "MATON_API_KEY_FILE", z.string().optional(), undefined),
  };
  const proxies = proxiesIn(env, settings.gatewayUrl);
  for (const address of [proxies?.httpsProxy, proxies?.httpProxy])
    if (address !== undefined && !/^https?:\/\/[^\s]+$/.test(address))
      faults.push(
        "HTTPS_PROXY and HTTP_PROXY must be addresses, such as http://proxy.example:3128.",
      );
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { ...settings, proxies };
}

/** The variables that curl and most programs read, in small letters before capital ones. */
function proxiesIn(env: NodeJS.ProcessEnv, gatewayUrl: string): Proxies | undefined {
  const valueIn = (name: string) => env[name.toLowerCase()] || env[name] || undefined;
  const httpsProxy = valueIn("HTTPS_PROXY");
  const httpProxy = valueIn("HTTP_PROXY");
  const isLocal = gatewayUrl.startsWith("http://");
  if (isLocal || (httpsProxy === undefined && httpProxy === undefined)) return undefined;
  return { httpsProxy, httpProxy, noProxy: valueIn("NO_PROXY") };
}

/** A proxy's password is part of its address. */
function proxyPasswords(env: NodeJS.ProcessEnv): string[] {
  const names = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"];
  return names.flatMap((name) => {
    const address = env[name] ?? "";
    const password = URL.canParse(address) ? new URL(address).password : "";
    return password === "" ? [] : [password, decodeURIComponent(password)];
  });
}

/** Settings whose values are secret and never printed. */
const secrets: ReadonlySet<string> = new Set<SettingName>([
  "MATON_API_KEY",
  "BIGIN_MCP_AUTH_TOKENS",
]);

/** Redacts the keys and tokens in the environment, and those noted later. */
export function secretsIn(env = process.env): LearningRedactor {
  const ours = [...secrets].flatMap((name) => listed(env[name] ?? ""));
  return createLearningRedactor([...ours, ...proxyPasswords(env)]);
}

/** Redacts the message of an error at the start, which may quote a key that was set in the wrong place. */
export function withoutKeys(message: string, env = process.env): string {
  return withoutKeyLike(joinRedactors(secretsIn(env), sessionLinks).text(message));
}

/** Unusable values of these settings are never ignored, because the default would leave the server open. */
const neverIgnored: ReadonlySet<string> = new Set<SettingName>(["BIGIN_MCP_AUTH_TOKENS"]);

/**
 * Returns a function that reads one setting: from its flag, else from its variable, else the default. A value that does
 * not fit adds a line to `faults` that names the flag or the variable.
 */
function picker(flags: Flags, env: NodeJS.ProcessEnv, faults: string[]) {
  return <T>(
    flagName: string,
    variable: SettingName | "",
    schema: z.ZodType<T>,
    fallback: T,
  ): T => {
    const fromFlag = flagName ? flags[flagName] : undefined;
    const given = fromFlag ?? fromEnvironment(env, variable);
    if (given === undefined) return fallback;
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const name = fromFlag === undefined ? variable : `--${flagName}`;
    const shown = secrets.has(variable) ? "not usable" : `"${String(given)}"`;
    faults.push(`${name} is ${shown}; ${requirement(parsed.error)}.`);
    return fallback;
  };
}

/** A host may pass on a placeholder that it did not expand: `${MATON_API_KEY}` means that nothing was set. */
function fromEnvironment(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  if (neverIgnored.has(variable)) return env[variable];
  const text = env[variable]?.trim();
  return !text || /^\$\{.*\}$/.test(text) ? undefined : text;
}

function requirement(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === "invalid_value")
    return `it must be one of ${issue.values.map(String).join(", ")}`;
  return issue?.message ?? "it is not valid";
}

const transport = z
  .enum(["stdio", "http", "sse"])
  .transform((name) => (name === "sse" ? "http" : name));

const port = z
  .string()
  .regex(/^\d{1,5}$/, "it must be a port number from 0 to 65535")
  .transform(Number)
  .refine((number) => number <= 65_535, "it must be a port number from 0 to 65535");

const flag = z.union(
  [
    z.boolean(),
    z.enum(["1", "true", "yes"]).transform(() => true),
    z.enum(["0", "false", "no"]).transform(() => false),
  ],
  { error: "it must be true or false" },
);

const connectionId = z
  .string()
  .regex(
    /^[\w-]{1,100}$/,
    "it must be the id of a connection, as bigin_list_connections returns it",
  )
  .optional();

const names = z
  .string()
  .transform((text) => listed(text))
  .optional();

const replyTokens = z
  .string()
  .regex(/^\d+$/, "it must be a number of tokens from 500 to 20000")
  .transform(Number)
  .refine(
    (count) => count >= 500 && count <= 20_000,
    "it must be a number of tokens from 500 to 20000",
  );

function listed(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

const tokens = z
  .string()
  .transform(listed)
  .refine(
    (list) => list.length > 0 && !list.some((token) => token.includes("${")),
    "set at least one token, or unset the variable to let callers in without one",
  )
  .refine(
    (list) => list.every((token) => token.length >= 16),
    "each token must have at least 16 characters",
  );

/** The key is sent only to Maton, or to a stand-in on this machine. */
const matonUrl = z
  .string()
  .refine(
    isMatonOrLoopback,
    "it must be https on maton.ai, or an address of this machine such as http://127.0.0.1:8788",
  )
  .transform((url) => url.replace(/\/+$/, ""));

function isMatonOrLoopback(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.username || url.password) return false;
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (loopback) return url.protocol === "http:" || url.protocol === "https:";
  return (
    url.protocol === "https:" && (url.hostname === "maton.ai" || url.hostname.endsWith(".maton.ai"))
  );
}
