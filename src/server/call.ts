import {
  type InputRequiredResult,
  isInputRequiredResult,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Account, Opened } from "../account/account.ts";
import type { ListCall } from "../account/page-token.ts";
import { type AuditLog, redactedAuditLog } from "../logging/audit-log.ts";
import type { CallLine } from "../logging/call-log.ts";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../logging/redact.ts";
import { cleanValue } from "../shared/clean-text.ts";
import { afterGrace, startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";
import { checkArguments } from "../tool/arguments.ts";
import type { Catalogue, OfferedTool } from "../tool/catalogue.ts";
import type { Confirm } from "../tool/confirm.ts";
import type { Tool, ToolContext } from "../tool/define.ts";
import { clientName, userBehind } from "./elicitation.ts";
import type { CallsInFlight } from "./in-flight.ts";
import { runWrite } from "./write-flow.ts";

/** Hosts give up on a call after 60 s. */
const callMs = 50_000;
/** Extra time for a write in progress when the call's time is up, and when its caller cancels. */
const lateWriteMs = 7_000;
const cancelledWriteMs = 2_000;

/** What a server needs. */
export interface ServerOptions {
  version: string;
  catalogue: Catalogue;
  /**
   * Returns the account. It is called for every tool call, because the key may change while the server runs. Fails if
   * there is no key.
   */
  account(): Promise<Account>;
  /** Identifies the caller: the same for all sessions of one credential. */
  caller?: string | undefined;
  /** The calls in progress in this process. */
  calls?: CallsInFlight | undefined;
  /** The connection for calls that name none. */
  connection: string | undefined;
  /** How many tokens a reply may have. */
  replyTokens: number;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  audit?: AuditLog | undefined;
  /** Removes the program's secrets if there is no account to do it. */
  redact?: Redactor | undefined;
  log: Log;
}

/** One `tools/call` request. */
export interface Call {
  offered: OfferedTool;
  /** The arguments as they came. */
  given: unknown;
  account: Promise<Account>;
  line: CallLine;
  request: ServerContext;
  mcp: McpServer;
}

/** Runs one call: checks its arguments, opens the account, runs the tool within the time limits, checks its reply. */
export async function runCall(
  options: ServerOptions,
  { offered, given, account: opening, line, request, mcp }: Call,
): Promise<Record<string, unknown> | InputRequiredResult> {
  const { tool } = offered;
  const { own, shared } = checkArguments(offered, given);
  const account = await opening;
  const deadline = startDeadline(request.mcpReq.signal, callMs);
  const grace = () => (deadline.expired() ? lateWriteMs : cancelledWriteMs);
  const late = tool.effect === "read" ? undefined : afterGrace(deadline.signal, grace);
  try {
    const opened = account.open({
      connection: shared.connection_id ?? options.connection,
      writes: tool.effect !== "read",
      signals: { read: deadline.signal, write: late?.signal ?? deadline.signal },
      caller: options.caller ?? "",
      requestId: line.id,
    });
    line.counted(opened.requests);
    const { connection_id, page_token } = shared;
    const list = { tool: tool.name, args: { ...own, connection_id } };
    const place = page_token === undefined ? undefined : opened.pageTokens.open(page_token, list);
    const context: ToolContext = {
      ...contextOf(options, account, opened, list, request),
      // Must stay a getter: the connection is chosen when Bigin is first used.
      get bigin() {
        return opened.bigin;
      },
      signal: deadline.signal,
      place,
    };
    const reply =
      tool.effect === "read"
        ? await prepared(tool, opened, () => tool.run(own, context))
        : await relearning(
            opened,
            runWrite({
              tool,
              own,
              shared,
              context,
              confirm: options.confirm,
              audit: options.audit && redactedAuditLog(options.audit, account.redact),
              sealedTokens: account.sealedTokens,
              idempotency: account.idempotency,
              user: userBehind(mcp, request, deadline.endsAt, account),
              caller: { account: account.fingerprint, client: clientName(mcp, request) },
              prepare: () => prepared(tool, opened, () => tool.plan(own, context)),
            }),
          );
    if (isInputRequiredResult(reply)) return reply;
    return nameConnection(shape(offered, reply), opened);
  } catch (error) {
    throw endedBy(error, deadline.expired(), request.mcpReq.signal.aborted);
  } finally {
    deadline.stop();
    late?.stop();
  }
}

/**
 * Runs the part of a tool that changes nothing. An unknown name may be new in Bigin: then cached facts are dropped, and
 * it runs once more. If Bigin rejects a request, cached facts are dropped for the next call.
 */
async function prepared<T>(tool: Tool, opened: Opened, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const kind = error instanceof Failure ? error.facts.kind : undefined;
    if (kind === "rejected") await opened.relearn();
    if (kind !== "bad_arguments" || tool.scope === "account") throw error;
    if (!(await opened.relearn())) throw error;
    return run();
  }
}

/**
 * If Bigin rejects what we had checked, cached facts are out of date: they are dropped, and the next call loads them
 * again.
 */
async function relearning<T>(opened: Opened, writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof Failure && error.facts.kind === "rejected") await opened.relearn();
    throw error;
  }
}

function contextOf(
  options: ServerOptions,
  account: Account,
  opened: Opened,
  list: ListCall,
  { mcpReq }: ServerContext,
): Omit<ToolContext, "bigin" | "place" | "signal"> {
  const progressToken = mcpReq._meta?.progressToken;
  return {
    connections: opened.connections,
    connection: opened.connection,
    journal: account.journal,
    replyTokens: options.replyTokens,
    pageToken: (place) => opened.pageTokens.seal(place, list),
    progress(done, total, message) {
      if (progressToken === undefined) return;
      const params = {
        progressToken,
        progress: done,
        ...(total !== undefined && { total }),
        message,
      };
      // A client that went away is noticed by its cancelled request, not here.
      mcpReq.notify({ method: "notifications/progress", params }).catch(() => undefined);
    },
  };
}

/**
 * Cleans a reply and checks it against the advertised schema. A reply that does not fit is our bug: strict clients
 * refuse it.
 */
function shape(
  { tool, output }: OfferedTool,
  reply: Record<string, unknown>,
): Record<string, unknown> {
  // Writes read records with invisible characters, to restore them exactly. Replies show them without.
  const parsed = output.safeParse(cleanValue(reply));
  if (parsed.success) return parsed.data;
  throw new Error(`${tool.name} broke its own output schema: ${parsed.error.message}`);
}

function nameConnection(reply: Record<string, unknown>, opened: Opened): Record<string, unknown> {
  const chosen = opened.chosen();
  if (!chosen?.amongSeveral) return reply;
  return {
    ...reply,
    connection: {
      id: chosen.id,
      ...(chosen.account !== undefined && { account: chosen.account }),
      note: "several are ACTIVE; the oldest was used",
    },
  };
}

/** Replaces an error that the time limit or the caller's cancellation caused with one that says so. */
function endedBy(error: unknown, expired: boolean, cancelled: boolean): unknown {
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
