import type { IncomingMessage } from "node:http";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import { classifyInboundRequest, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/server";
import { headerOf } from "./respond.ts";

/** Whether a POST is for the part that speaks 2026-07-28, which also answers what belongs to no revision. */
export function isModern(req: IncomingMessage, body: unknown): boolean {
  return (
    !(headerOf(req, "mcp-session-id") && isPlainOlder(req, body)) && isClassifiedModern(req, body)
  );
}

/** A session's message that claims nothing: most are, and to classify it by the schemas costs a twentieth of it. */
function isPlainOlder(req: IncomingMessage, body: unknown): boolean {
  const version = headerOf(req, "mcp-protocol-version");
  if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) return false;
  if (typeof body !== "object" || body === null) return false;
  const { jsonrpc, method, params } = body as Record<string, unknown>;
  if (jsonrpc !== "2.0" || typeof method !== "string") return false;
  return typeof params === "object" && params !== null && !("_meta" in params);
}

/**
 * What `isLegacyRequest` decides, which is this same classification of a web `Request`. Building one for
 * every message, its body serialised again, cost a twentieth of the throughput.
 */
function isClassifiedModern(req: IncomingMessage, body: unknown): boolean {
  const protocolVersionHeader = headerOf(req, "mcp-protocol-version");
  const mcpMethodHeader = headerOf(req, "mcp-method");
  const mcpNameHeader = headerOf(req, "mcp-name");
  const { kind } = classifyInboundRequest({
    httpMethod: "POST",
    ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
    ...(mcpMethodHeader !== undefined && { mcpMethodHeader }),
    ...(mcpNameHeader !== undefined && { mcpNameHeader }),
    body,
  });
  return kind !== "legacy";
}

/** The SDK quotes a version it does not know, and anything may stand there: a key, or signs that nobody sees. */
export function namesVersion(message: unknown): boolean {
  const version = ["params", "_meta", PROTOCOL_VERSION_META_KEY].reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null
        ? Object.getOwnPropertyDescriptor(value, name)?.value
        : undefined,
    message,
  );
  return typeof version !== "string" || /^[A-Za-z\d.-]{1,16}$/.test(version);
}
