import { CommanderError, Command as Program } from "commander";

export type Command = "serve" | "sandbox" | "demo" | "tools" | "call";
/** Flags by their long names, without the dashes. */
export type Flags = Record<string, string | boolean | undefined>;

export interface CommandLine {
  command: Command;
  flags: Flags;
  operands: readonly string[];
}

/**
 * Reads the arguments after the program's name. For `--help` and `--version` it returns the `output` to print, and for
 * a mistake the `problem`.
 */
export function readCommandLine(
  argv: readonly string[],
  version: string,
): CommandLine | { output: string } | { problem: string } {
  let read: CommandLine = { command: "serve", flags: {}, operands: [] };
  let printed = "";
  const print = (text: string) => {
    printed += text;
  };
  const program = createProgram(version, (command, flags, operands) => {
    read = { command, flags: withDashes(flags), operands };
  });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ writeOut: print, writeErr: print });
  try {
    program.parse([...argv], { from: "user" });
    return read;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { output: printed.trim() };
    return { problem: unknownCommand(program, error) ?? (printed.trim() || error.message) };
  }
}

/** Commander reports an unknown command as an excess argument. */
function unknownCommand(program: Program, { code }: CommanderError): string | undefined {
  const isCommand =
    code === "commander.excessArguments" && !program.commands.some(({ args }) => args.length);
  if (!isCommand) return undefined;
  const names = program.commands.map((command) => command.name()).join(", ");
  return `There is no command "${program.args[0]}". Commands: ${names}; without a command, bigin-mcp serves MCP.`;
}

function createProgram(
  version: string,
  take: (command: Command, flags: Flags, operands: string[]) => void,
): Program {
  const program = withSharedOptions(new Program("bigin-mcp"))
    .description("MCP server for Zoho Bigin through the Maton gateway")
    .version(version)
    .option("--transport <name>", "stdio (default), or http (/mcp and /sse) (BIGIN_MCP_TRANSPORT)")
    .option("--host <name>", "address to listen on with http (BIGIN_MCP_HOST)")
    .option("--port <number>", "port to listen on with http (BIGIN_MCP_PORT)")
    .option("--auth <kind>", "how http callers sign in: token, or maton (own key) (BIGIN_MCP_AUTH)")
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .addHelpText("after", environmentOnly)
    .action((flags: Flags) => take("serve", flags, []));
  // Flags are accepted before and after the name of the command.
  const all = (flags: Flags) => ({ ...program.opts<Flags>(), ...flags });
  program
    .command("sandbox")
    .description('serve the sandbox, a stand-in for Maton and Bigin; its key is "sandbox"')
    .option("--port <number>", "port to listen on (default: 8788)")
    .option("--profile <name>", "access of the connection: full (default), or maton (Maton's own)")
    .option("--contract <name>", "form of Bigin: documented (default), or engine")
    .action((flags: Flags) => take("sandbox", all(flags), []));
  program
    .command("demo")
    .description("show an agent's everyday tasks, step by step, in the sandbox")
    .action((flags: Flags) => take("demo", all(flags), []));
  withSharedOptions(program.command("tools"))
    .description("list the tools and what each costs an agent in tokens")
    .action((flags: Flags) => take("tools", all(flags), []));
  withSharedOptions(program.command("call"))
    .description('run one tool: bigin-mcp call bigin_list_records \'{"module":"deals"}\'')
    .argument("<tool>", "name of the tool")
    .argument("[arguments]", "its arguments as a JSON object", "{}")
    .action((tool: string, json: string, flags: Flags) => take("call", all(flags), [tool, json]));
  return program;
}

/** Options of serving, `tools` and `call`. */
function withSharedOptions(program: Program): Program {
  return program
    .option("--sandbox", "use the built-in sandbox: no account, key or network")
    .option("--contract <name>", "with --sandbox: form of Bigin, documented (default) or engine")
    .option("--gateway-url <url>", "Maton's gateway (MATON_GATEWAY_URL)")
    .option("--control-url <url>", "Maton's connections API (MATON_CONTROL_URL)")
    .option("--connection <id>", "connection for calls that name none (MATON_CONNECTION_ID)")
    .option("--toolsets <names>", "records, metadata, connections (BIGIN_TOOLSETS)")
    .option("--tools <names>", "single tools to add (BIGIN_TOOLS)")
    .option("--exclude-tools <names>", "tools to leave out (BIGIN_EXCLUDE_TOOLS)")
    .option("--read-only", "offer only tools that change nothing (BIGIN_READ_ONLY)")
    .option("--confirm <which>", "writes to confirm: none, destructive, writes (BIGIN_CONFIRM)")
    .option("--audit-log <file>", "append a JSON line per write (BIGIN_AUDIT_LOG)")
    .option("--reply-tokens <number>", "longest reply, default 6000 tokens (BIGIN_REPLY_TOKENS)")
    .option("--log-level <level>", "debug, info, warn, error, silent (BIGIN_LOG_LEVEL)");
}

const environmentOnly = `
Environment only:
  MATON_API_KEY          your Maton API key
  MATON_API_KEY_FILE     a file with the key, read again when it changes
  BIGIN_MCP_AUTH_TOKENS  bearer tokens that http callers may use, separated by commas
  MATON_API_URL          sets both --gateway-url and --control-url`;

/** Commander names `--log-level` logLevel. */
function withDashes(flags: Flags): Flags {
  const dash = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [dash(name), value]));
}
