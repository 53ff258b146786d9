import * as z from "zod";
import { createLearning, joined, type Learning, links, withoutKeyLike } from "../logging/redact.ts";
import { type Confirm, confirmSettings } from "../tool/confirm.ts";
import type { Auth } from "../transports/auth.ts";
import type { Command, Flags } from "./command-line.ts";
import { SettingsProblem } from "./settings-problem.ts";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

export interface Settings {
  command: Command;
  /** Of `call`: the tool and its arguments as JSON. */
  operands: readonly string[];
  transport: "stdio" | "http";
  host: string;
  port: number;
  /** Use the embedded sandbox instead of Maton. */
  sandbox: boolean;
  sandboxProfile: "full" | "maton";
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
  /** Where a line is appended for each write; nowhere when undefined. */
  auditLog: string | undefined;
  logLevel: (typeof logLevels)[number];
  /** How HTTP callers show who they are. */
  auth: Auth;
  /** Bearer tokens of those who may call over HTTP. */
  authTokens: string[];
  key: string | undefined;
  keyFile: string | undefined;
}

/** The only reader of the command line and the environment. Throws SettingsProblem. */
export async function readSettings(
  argv: readonly string[],
  version: string,
  env = process.env,
): Promise<Settings> {
  const { command, flags, operands } = await commandLine(argv, version);
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
  if (faults.length > 0) throw new SettingsProblem(faults.join("\n"));
  return settings;
}

/** Most hosts give no arguments: their parser is loaded for those who do. */
async function commandLine(argv: readonly string[], version: string) {
  if (argv.length === 0) return { command: "serve" as const, flags: {}, operands: [] };
  const { readCommandLine } = await import("./command-line.ts");
  return readCommandLine(argv, version);
}

/** Their values are never printed. */
const secrets = new Set(["MATON_API_KEY", "BIGIN_MCP_AUTH_TOKENS"]);

/** Takes out what the environment holds of keys and tokens, and what is noted besides. */
export function secretsIn(env = process.env): Learning {
  return createLearning([...secrets].flatMap((name) => listed(env[name] ?? "")));
}

/** What goes wrong before anything is served, without a key in it, also one that was put in a wrong place. */
export function discreet(message: string, env = process.env): string {
  return withoutKeyLike(joined(secretsIn(env), links).text(message));
}

/** To overlook what was meant to close the server would leave it open. */
const neverIgnored = new Set(["BIGIN_MCP_AUTH_TOKENS"]);

/** A setting from its flag, else its variable, else the default. A fault names the one it came from. */
function picker(flags: Flags, env: NodeJS.ProcessEnv, faults: string[]) {
  return <T>(flagName: string, variable: string, schema: z.ZodType<T>, fallback: T): T => {
    const fromFlag = flagName ? flags[flagName] : undefined;
    const given = fromFlag ?? fromEnvironment(env, variable);
    if (given === undefined) return fallback;
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const name = fromFlag === undefined ? variable : `--${flagName}`;
    const shown = secrets.has(variable) ? "not usable" : `"${String(given)}"`;
    faults.push(`${name} is ${shown}; ${wish(parsed.error)}.`);
    return fallback;
  };
}

/** Hosts that do not expand a placeholder pass it on as it stands: `${MATON_API_KEY}` means nothing was set. */
function fromEnvironment(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  if (neverIgnored.has(variable)) return env[variable];
  const text = env[variable]?.trim();
  return !text || /^\$\{.*\}$/.test(text) ? undefined : text;
}

function wish(error: z.ZodError): string {
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
  .regex(/^[\w-]{1,100}$/, "it must be the id of a connection, as bigin_list_connections shows it")
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
    "it holds no token but is set: give one, or leave the variable out to ask for none",
  )
  .refine(
    (list) => list.every((token) => token.length >= 16),
    "each token must have at least 16 characters",
  );

/** The key goes only to Maton, or to a stand-in on this machine. */
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
