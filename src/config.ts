import { Command, CommanderError, InvalidArgumentError } from "commander";
import * as z from "zod";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

export interface Settings {
  command: "serve" | "sandbox" | "demo";
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
  logLevel: (typeof logLevels)[number];
  /** Bearer tokens of those who may call over HTTP. */
  authTokens: string[];
  key: string | undefined;
  keyFile: string | undefined;
}

/** What is wrong with the settings, one line per fault; or what `--help` and `--version` print. */
export class SettingsProblem extends Error {
  override name = "SettingsProblem" as const;
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

const help = {
  transport: "stdio, or http (/mcp, /sse and /messages on one port); sse is another name for http",
  sandbox: "use the embedded sandbox: no account, no key, no network",
  readOnly: "offer only the tools that change nothing",
};

/** The only reader of the command line and the environment. Throws SettingsProblem. */
export function readSettings(
  argv: readonly string[],
  version: string,
  env = process.env,
): Settings {
  const { command, flags } = readCommandLine(argv, version);
  const faults: string[] = [];
  const pick = picker(flags, env, faults);

  const api = pick("", "MATON_API_URL", matonUrl, "");
  const settings: Settings = {
    command,
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
    connection: pick("connection", "MATON_CONNECTION_ID", z.string().optional(), undefined),
    readOnly: pick("read-only", "BIGIN_READ_ONLY", flag, false),
    logLevel: pick("log-level", "BIGIN_LOG_LEVEL", z.enum(logLevels), "info"),
    authTokens: pick("", "BIGIN_MCP_AUTH_TOKENS", tokens, []),
    key: pick("", "MATON_API_KEY", z.string().trim().optional(), undefined),
    keyFile: pick("", "MATON_API_KEY_FILE", z.string().optional(), undefined),
  };
  if (faults.length > 0) throw new SettingsProblem(faults.join("\n"));
  return settings;
}

/** Their values are never printed. */
const secrets = new Set(["MATON_API_KEY", "BIGIN_MCP_AUTH_TOKENS"]);

type Flags = Record<string, string | boolean | undefined>;

/** A setting from its flag, else its variable, else the default. A fault names the one it came from. */
function picker(flags: Flags, env: NodeJS.ProcessEnv, faults: string[]) {
  return <T>(flagName: string, variable: string, schema: z.ZodType<T>, fallback: T): T => {
    const fromFlag = flagName ? flags[flagName] : undefined;
    const given = fromFlag ?? presentValue(env[variable]);
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
function presentValue(value: string | undefined): string | undefined {
  const text = value?.trim();
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

const tokens = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((token) => token.trim())
      .filter(Boolean),
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

function readCommandLine(
  argv: readonly string[],
  version: string,
): { command: Settings["command"]; flags: Flags } {
  let command: Settings["command"] = "serve";
  let flags: Flags = {};
  let printed = "";
  const print = (text: string) => {
    printed += text;
  };
  const quiet = {
    writeOut: print,
    writeErr: print,
  };
  const take = (name: Settings["command"]) => (given: Flags) => {
    command = name;
    flags = Object.fromEntries(Object.entries(given).map(([key, value]) => [dashed(key), value]));
  };

  const program = new Command("bigin-mcp")
    .description("MCP server for Zoho Bigin through the Maton gateway")
    .version(version)
    .option("--transport <name>", help.transport)
    .option("--host <name>", "address to listen on with http (BIGIN_MCP_HOST)")
    .option("--port <number>", "port to listen on with http (BIGIN_MCP_PORT)")
    .option("--sandbox", help.sandbox)
    .option("--gateway-url <url>", "Maton's gateway (MATON_GATEWAY_URL)")
    .option("--control-url <url>", "Maton's connections host (MATON_CONTROL_URL)")
    .option("--connection <id>", "connection for calls that name none (MATON_CONNECTION_ID)")
    .option("--read-only", help.readOnly)
    .option("--log-level <level>", `${logLevels.join(", ")} (BIGIN_LOG_LEVEL)`)
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .action(take("serve"));
  program
    .command("sandbox")
    .description('serve the sandbox alone: a stand-in for Maton and Bigin, key "sandbox"')
    .option("--port <number>", "port to listen on, 8788 by default")
    .option(
      "--profile <name>",
      "what the connection is granted: full, or maton (Maton's stock grant)",
    )
    .action(take("sandbox"));
  program
    .command("demo")
    .description("the main job, narrated, against the sandbox")
    .action(take("demo"));

  for (const each of [program, ...program.commands]) each.exitOverride().configureOutput(quiet);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError || error instanceof InvalidArgumentError)
      throw new SettingsProblem(printed.trim() || error.message, error.exitCode);
    throw error;
  }
  return { command, flags };
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
