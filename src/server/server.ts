import {
  type InputRequiredResult,
  isInputRequiredResult,
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Account } from "../account/account.ts";
import { beginCall } from "../logging/call-log.ts";
import { factsOf } from "../logging/log.ts";
import { sessionLinks } from "../logging/redact.ts";
import { asFailure, explain } from "../reply/errors.ts";
import { estimateTokens } from "../reply/tokens.ts";
import { Failure } from "../shared/failure.ts";
import type { Tool } from "../tool/define.ts";
import { runCall, type ServerOptions } from "./call.ts";

/** How long a client may keep the list of tools, in milliseconds. */
const listTtlMs = 5 * 60_000;

/**
 * One MCP server for one session or request. It handles `tools/list` and `tools/call` itself, with lists that are
 * created once. Whatever a tool throws is caught here and becomes one paragraph for the agent.
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
  request: ServerContext,
  mcp: McpServer,
): Promise<Reply | InputRequiredResult> {
  const found = options.catalogue.find(params.name);
  const account = options.account();
  const redact = await account.then(
    (opened) => opened.redact,
    // No account: no key is set, or it cannot be read.
    () => options.redact ?? sessionLinks,
  );
  // The name of an unknown tool is not logged, because it may be anything, even a key.
  const line = beginCall(
    options.log,
    "unknown" in found ? "(unknown)" : params.name,
    estimateTokens,
  );
  if ("unknown" in found) {
    const text = redact.text(`${found.unknown} Call id: ${line.id}.`);
    line.end("caller/unknown_tool", text);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, text);
  }
  try {
    if ("off" in found)
      throw new Failure({ origin: "caller", kind: "tool_off", message: found.off });
    const { tool } = found.offered;
    const kind = tool.effect === "read" ? "read" : "write";
    const end = options.calls?.begin(options.caller ?? "", kind);
    const call = { offered: found.offered, given: params.arguments, account, line, request, mcp };
    const reply = await runCall(options, call).finally(end);
    if (isInputRequiredResult(reply)) {
      line.end("asked", "");
      return reply;
    }
    const answered = withoutSecrets(reply, tool.linkProperty, await account);
    line.end("ok", answered.content[0].text);
    return answered;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.facts.kind === "bug")
      options.log.error(
        { request: line.id, tool: params.name, err: redact.value(factsOf(error)) },
        "a bug in a tool",
      );
    const less = "offered" in found && canAskForLess(found.offered.tool, params.arguments);
    const text = redact.text(explain(failure, line.id, less));
    line.end(`${failure.facts.origin}/${failure.facts.kind}`, text);
    return { content: [{ type: "text", text }], isError: true };
  }
}

/** Whether a call could ask for less: it lists, searches or adds up records, or has several rows. */
function canAskForLess(tool: Tool, given: unknown): boolean {
  const { records, ids } = rowsSchema.safeParse(given).data ?? {};
  const rows = records ?? ids;
  if (rows) return rows.length > 1;
  return tool.effect === "read" && (tool.paged === true || "filters" in tool.input.shape);
}

const rowsSchema = z.looseObject({
  records: z.array(z.unknown()).optional().catch(undefined),
  ids: z.array(z.unknown()).optional().catch(undefined),
});

type Redactors = Pick<Account, "redact" | "redactKeys">;

/** The result of `tools/call`. */
type Reply = {
  content: { type: "text"; text: string }[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
};

/**
 * The reply for the agent, without secrets: Bigin may echo the key, or an agent may have written it to a record. Only
 * the property `linkProperty`, of the reply or of items of a list in it, keeps its session link, because the user needs
 * it.
 */
function withoutSecrets(
  reply: Record<string, unknown>,
  linkProperty: string | undefined,
  redactors: Redactors,
): Reply & { content: [{ type: "text"; text: string }] } {
  const text = JSON.stringify(reply);
  if (redactors.redact.text(text) === text)
    return { content: [{ type: "text", text }], structuredContent: reply };
  const structuredContent = redacted(reply, linkProperty, redactors);
  return {
    content: [{ type: "text", text: JSON.stringify(structuredContent) }],
    structuredContent,
  };
}

function redacted(
  reply: object,
  linkProperty: string | undefined,
  { redact, redactKeys }: Redactors,
): Record<string, unknown> {
  const item = (one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? redacted(one, linkProperty, { redact, redactKeys })
      : redact.value(one);
  const entries = Object.entries(reply).map(([name, value]: [string, unknown]) => {
    if (name === linkProperty) return [name, redactKeys.value(value)];
    return [redact.text(name), Array.isArray(value) ? value.map(item) : redact.value(value)];
  });
  return Object.fromEntries(entries);
}
