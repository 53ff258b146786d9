import { CommanderError, Command as Program } from "commander";
import { SettingsProblem } from "./settings-problem.ts";

export type Command = "serve" | "sandbox" | "demo" | "tools" | "call";
export type Flags = Record<string, string | boolean | undefined>;

interface CommandLine {
  command: Command;
  /** By their long names, without the dashes. */
  flags: Flags;
  operands: readonly string[];
}

/** Reads the arguments behind the program's name. Help, the version and mistakes end in a SettingsProblem. */
export function readCommandLine(argv: readonly string[], version: string): CommandLine {
  const read: CommandLine = { command: "serve", flags: {}, operands: [] };
  let printed = "";
  const print = (text: string) => {
    printed += text;
  };
  const program = createProgram(version, (command, flags, operands) => {
    Object.assign(read, { command, flags: dashed(flags), operands });
  });
  for (const each of [program, ...program.commands])
    each.exitOverride().configureOutput({ writeOut: print, writeErr: print });
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const names = program.commands.map((command) => command.name()).join(", ");
    const why =
      error.code === "commander.excessArguments" &&
      !program.commands.some(({ args }) => args.length)
        ? `bigin-mcp has no command "${program.args[0]}". It has: ${names}; without one it serves MCP.`
        : printed.trim();
    throw new SettingsProblem(why || error.message, error.exitCode);
  }
  return read;
}

function createProgram(
  version: string,
  take: (command: Command, flags: Flags, operands: string[]) => void,
): Program {
  const program = shared(new Program("bigin-mcp"))
    .description("MCP server for Zoho Bigin through the Maton gateway")
    .version(version)
    .option("--transport <name>", "stdio, or http (/mcp, /sse and /messages); sse is http")
    .option("--host <name>", "address to listen on with http (BIGIN_MCP_HOST)")
    .option("--port <number>", "port to listen on with http (BIGIN_MCP_PORT)")
    .option("--auth <kind>", "token (ours), or maton: each caller's own key (BIGIN_MCP_AUTH)")
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .action((flags: Flags) => take("serve", flags, []));
  // Flags count before the command's name and behind it.
  const all = (flags: Flags) => ({ ...program.opts<Flags>(), ...flags });
  program
    .command("sandbox")
    .description('serve the sandbox alone: a stand-in for Maton and Bigin, key "sandbox"')
    .option("--port <number>", "port to listen on, 8788 by default")
    .option("--profile <name>", "what the connection is granted: full, or maton (Maton's stock)")
    .action((flags: Flags) => take("sandbox", all(flags), []));
  program
    .command("demo")
    .description("the main job, narrated, against the sandbox")
    .action((flags: Flags) => take("demo", all(flags), []));
  shared(program.command("tools"))
    .description("the tools on offer, with what each costs an agent in tokens")
    .action((flags: Flags) => take("tools", all(flags), []));
  shared(program.command("call"))
    .description('run one tool: bigin-mcp call bigin_list_records \'{"module":"deals"}\'')
    .argument("<tool>", "its name")
    .argument("[arguments]", "as JSON", "{}")
    .action((tool: string, json: string, flags: Flags) => take("call", all(flags), [tool, json]));
  return program;
}

/** What serving, `tools` and `call` have in common. */
function shared(program: Program): Program {
  return program
    .option("--sandbox", "use the embedded sandbox: no account, no key, no network")
    .option("--gateway-url <url>", "Maton's gateway (MATON_GATEWAY_URL)")
    .option("--control-url <url>", "Maton's connections host (MATON_CONTROL_URL)")
    .option("--connection <id>", "connection for calls that name none (MATON_CONNECTION_ID)")
    .option("--toolsets <names>", "records, metadata, connections (BIGIN_TOOLSETS)")
    .option("--tools <names>", "single tools, besides the toolsets (BIGIN_TOOLS)")
    .option("--exclude-tools <names>", "tools to leave out (BIGIN_EXCLUDE_TOOLS)")
    .option("--read-only", "offer only the tools that change nothing (BIGIN_READ_ONLY)")
    .option("--confirm <which>", "ask before: none, destructive (default), writes (BIGIN_CONFIRM)")
    .option("--audit-log <file>", "append a JSON line per write (BIGIN_AUDIT_LOG)")
    .option("--reply-tokens <number>", "budget of a reply, 6000 by default (BIGIN_REPLY_TOKENS)")
    .option("--log-level <level>", "debug, info, warn, error, silent (BIGIN_LOG_LEVEL)");
}

function dashed(flags: Flags): Flags {
  const dash = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [dash(name), value]));
}
