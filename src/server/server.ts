import {
  type InputRequiredResult,
  isInputRequiredResult,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Account, Opened } from "../account/account.ts";
import type { Call } from "../account/page-token.ts";
import type { Audit } from "../logging/audit-log.ts";
import { beginCall, type CallLine } from "../logging/call-log.ts";
import { factsOf, type Log } from "../logging/log.ts";
import { auditOf, type Reply, redactorFor, withoutSecrets } from "../logging/outgoing.ts";
import type { Redactor } from "../logging/redact.ts";
import { asFailure, explain } from "../reply/errors.ts";
import { clean } from "../shared/clean-text.ts";
import { afterGrace, startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";
import { checkArguments } from "../tool/arguments.ts";
import type { Catalogue } from "../tool/catalogue.ts";
import type { Confirm } from "../tool/confirm.ts";
import type { Tool, ToolContext } from "../tool/define.ts";
import { clientName, personBehind } from "./elicitation.ts";
import type { Calls } from "./in-flight.ts";
import { write } from "./write-flow.ts";

/** Hosts give up on a call at 60 s (design §10). */
const callMs = 50_000;
/** What a write under way is still given when the time is up, and when its caller cancels. */
const lateWriteMs = 7_000;
const cancelledWriteMs = 2_000;
const listTtlMs = 5 * 60_000;

export interface ServerOptions {
  version: string;
  catalogue: Catalogue;
  /** Asked at every call, because a key may change while the server runs. Fails where there is none. */
  account(): Promise<Account>;
  /** Whose server it is; the same for all sessions of one credential. */
  caller?: string | undefined;
  /** The calls under way in this process. */
  calls?: Calls | undefined;
  /** Used by calls that name no connection. */
  connection: string | undefined;
  /** How many tokens a reply may have. */
  replyTokens: number;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  audit?: Audit | undefined;
  /** Takes out what the program keeps secret, where there is no account to do it. */
  redact?: Redactor | undefined;
  log: Log;
}

/**
 * One MCP server for one session or request. It answers `tools/list` and `tools/call` itself, from lists made
 * once, and is the only place that catches: whatever a tool throws becomes one paragraph for the agent.
 */
export function createServer(options: ServerOptions): McpServer {
  const cacheHint = { ttlMs: listTtlMs, cacheScope: "private" } as const;
  const mcp = new McpServer(
    { name: "bigin-mcp", title: "Zoho Bigin", version: options.version },
    {
      capabilities: { tools: { listChanged: false } },
      instructions: options.catalogue.instructions,
      cacheHints: { "tools/list": cacheHint, "server/discover": cacheHint },
    },
  );
  mcp.server.setRequestHandler("tools/list", () => ({ tools: [...options.catalogue.list()] }));
  mcp.server.setRequestHandler("tools/call", (request, context) =>
    answer(options, request.params, context, mcp),
  );
  return mcp;
}

async function answer(
  options: ServerOptions,
  params: { name: string; arguments?: unknown },
  context: ServerContext,
  mcp: McpServer,
): Promise<Reply | InputRequiredResult> {
  const found = options.catalogue.find(params.name);
  const account = options.account();
  const redact = await redactorFor(account, options.redact);
  // A name that is no tool's may be anything, a key among it.
  const line = beginCall(options.log, "unknown" in found ? "(unknown)" : params.name);
  if ("unknown" in found) {
    const text = redact.text(`${found.unknown} Call ${line.id}.`);
    line.end("caller/unknown_tool", text);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, text);
  }
  try {
    if ("off" in found)
      throw new Failure({ origin: "caller", kind: "tool_off", message: found.off });
    const kind = found.tool.effect === "read" ? "read" : "write";
    const end = options.calls?.begin(options.caller ?? "", kind);
    const asked = { tool: found.tool, given: params.arguments, account };
    const reply = await call(options, asked, context, mcp, line).finally(end);
    if (isInputRequiredResult(reply)) {
      line.end("asked", "");
      return reply;
    }
    const answered = withoutSecrets(reply, found.tool, await account);
    line.end("ok", answered.content[0].text);
    return answered;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.facts.kind === "bug")
      options.log.error(
        { request: line.id, tool: params.name, err: redact.value(factsOf(error)) },
        "a bug in a tool",
      );
    const text = redact.text(explain(failure, line.id));
    line.end(`${failure.facts.origin}/${failure.facts.kind}`, text);
    return { content: [{ type: "text", text }], isError: true };
  }
}

async function call(
  options: ServerOptions,
  asked: { tool: Tool; given: unknown; account: Promise<Account> },
  request: ServerContext,
  mcp: McpServer,
  line: CallLine,
): Promise<Record<string, unknown> | InputRequiredResult> {
  const { tool } = asked;
  const args = checkArguments(tool, asked.given);
  const account = await asked.account;
  const deadline = startDeadline(request.mcpReq.signal, callMs);
  const grace = () => (deadline.expired() ? lateWriteMs : cancelledWriteMs);
  const late = tool.effect === "read" ? undefined : afterGrace(deadline.signal, grace);
  try {
    const opened = account.open({
      connection: connectionOf(tool, args) ?? options.connection,
      writes: tool.effect !== "read",
      signals: { read: deadline.signal, write: late?.signal ?? deadline.signal },
      ...{ caller: options.caller ?? "", requestId: line.id },
    });
    line.counted(opened.requests);
    const about = { tool: tool.name, args };
    const context = contextOf(options, account, opened, about, deadline.signal, request);
    const reply =
      tool.effect === "read"
        ? await prepared(tool, opened, () => tool.run(args, context))
        : await relearning(
            opened,
            write({
              ...{
                tool,
                args,
                context,
                confirm: options.confirm,
                audit: auditOf(options.audit, account),
              },
              ...{ seals: account.seals, repeats: account.repeats },
              person: personBehind(mcp, request, deadline.endsAt, account),
              caller: { account: account.fingerprint, client: clientName(mcp, request) },
              prepare: () => prepared(tool, opened, () => tool.plan(args, context)),
            }),
          );
    if (isInputRequiredResult(reply)) return reply;
    return nameConnection(shape(tool, reply), opened);
  } catch (error) {
    throw ended(error, deadline.expired(), request.mcpReq.signal.aborted);
  } finally {
    deadline.stop();
    late?.stop();
  }
}

/**
 * Runs the part of a tool that changes nothing. A name that is unknown may be new in Bigin: then what was learnt is
 * forgotten, and it runs once more. What Bigin itself refuses is forgotten too, for the next call.
 */
async function prepared<T>(tool: Tool, opened: Opened, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const kind = error instanceof Failure ? error.facts.kind : undefined;
    if (kind === "rejected") await opened.relearn();
    if (kind !== "bad_arguments" || tool.toolset === "connections") throw error;
    if (!(await opened.relearn())) throw error;
    return run();
  }
}

/** What Bigin refuses after our check shows that it knows better: the next call starts from what it says then. */
async function relearning<T>(opened: Opened, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof Failure && error.facts.kind === "rejected") await opened.relearn();
    throw error;
  }
}

/** On tools that call Bigin `connection_id` selects; on the connection tools it is the object. */
function connectionOf(tool: Tool, args: Record<string, unknown>): string | undefined {
  const id = args["connection_id"];
  return tool.toolset !== "connections" && typeof id === "string" ? id : undefined;
}

function contextOf(
  options: ServerOptions,
  account: Account,
  opened: Opened,
  call: Call,
  signal: AbortSignal,
  mcp: ServerContext,
): ToolContext {
  const token = mcp.mcpReq._meta?.progressToken;
  const pageToken = call.args["page_token"];
  return {
    get bigin() {
      return opened.bigin;
    },
    connections: opened.connections,
    connection: opened.connection,
    journal: account.journal,
    signal,
    replyTokens: options.replyTokens,
    place: typeof pageToken === "string" ? opened.bookmarks.open(pageToken, call) : undefined,
    bookmark: (place) => opened.bookmarks.seal(place, call),
    progress(done, total, message) {
      if (token === undefined) return;
      const params = {
        progressToken: token,
        progress: done,
        ...(total !== undefined && { total }),
        message,
      };
      // A client that went away is noticed by its cancelled request, not here.
      mcp.mcpReq.notify({ method: "notifications/progress", params }).catch(() => undefined);
    },
  };
}

/** A reply that does not fit the advertised schema would be refused by strict clients; it is our bug. */
function shape(tool: Tool, reply: Record<string, unknown>): Record<string, unknown> {
  // Writes read records as they are, to restore them; what they show is cleaned here.
  const parsed = tool.output.safeParse(clean(reply));
  if (parsed.success) return parsed.data;
  throw new Error(`${tool.name} broke its own output schema: ${parsed.error.message}`);
}

function nameConnection(reply: Record<string, unknown>, opened: Opened): Record<string, unknown> {
  const chosen = opened.chosen();
  if (!chosen?.amongSeveral) return reply;
  return {
    ...reply,
    connection: { id: chosen.id, note: "several are ACTIVE; the oldest was used" },
  };
}

function ended(error: unknown, expired: boolean, cancelled: boolean): unknown {
  if (error instanceof Failure && error.facts.kind !== "cancelled") return error;
  const before = error instanceof Failure ? error.facts : undefined;
  if (expired)
    return new Failure({
      ...before,
      origin: "server",
      kind: "timed_out",
      message: `The call was not finished within ${callMs / 1000} s.`,
    });
  if (cancelled && !before)
    return new Failure({ origin: "caller", kind: "cancelled", message: "The call was cancelled." });
  return error;
}
