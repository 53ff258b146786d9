import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { McpServer, Server } from "@modelcontextprotocol/server";
import { withoutKeyLike } from "../logging/redact.ts";
import { headerOf, Refusal, redactorFor } from "./respond.ts";

/** Who is calling, from the headers of an HTTP request. Over stdio all fields are absent. */
export interface Caller {
  /** Tells callers apart: a hash of the credential, which cannot be recovered from it. */
  id?: string;
  /** The Maton key that the caller sent. Absent: the server's own key is used. */
  matonKey?: string | undefined;
  /** The Bigin connection to use (header `Maton-Connection`). */
  connection?: string | undefined;
  /** True if the caller wants no tools that write (header `X-Bigin-Read-Only`). */
  readOnly?: true | undefined;
  /** The toolsets the caller wants, sorted (header `X-Bigin-Toolsets`); never more than the server offers. */
  toolsets?: readonly string[] | undefined;
}

export type ServerFactory = (caller: Caller) => McpServer | Server;

/** How HTTP callers identify themselves: with a bearer token of this server, or with their own Maton key. */
export type Auth = "token" | "maton";

export type Callers = ReturnType<typeof createCallers>;

export interface CallersOptions {
  auth: Auth;
  /** Accepted bearer tokens. Empty: no token is asked for. */
  tokens: readonly string[];
  /** Returns what is wrong with a caller's headers, such as a toolset that does not exist. */
  check?: ((caller: Caller) => string | undefined) | undefined;
}

/** The headers by which a caller identifies or narrows itself. */
export const callerHeaders = {
  matonKey: "x-maton-api-key",
  connection: "maton-connection",
  readOnly: "x-bigin-read-only",
  toolsets: "x-bigin-toolsets",
} as const;

/**
 * Identifies callers. With auth "token" they send a bearer token and share the server's Maton key. With "maton" each sends a
 * Maton key in `X-Maton-Api-Key`, or as the bearer token if the server asks for none of its own.
 */
export function createCallers({ auth, tokens, check }: CallersOptions) {
  const accepted = tokens.map(digest);
  const asksToken = accepted.length > 0;
  const known = new WeakMap<IncomingMessage, Caller>();

  function read(req: IncomingMessage): Caller {
    const bearer = bearerOf(req);
    const key = textOf(req, callerHeaders.matonKey) ?? (asksToken ? undefined : bearer);
    const matonKey = auth === "maton" ? key : undefined;
    return {
      // Of the parsed credential: otherwise each spelling of the header would have its own rate limit.
      id: hash("sha256", JSON.stringify([asksToken ? bearer : undefined, matonKey])),
      matonKey,
      connection: textOf(req, callerHeaders.connection),
      readOnly: /^(1|true|yes)$/i.test(textOf(req, callerHeaders.readOnly) ?? "")
        ? true
        : undefined,
      toolsets: namesIn(textOf(req, callerHeaders.toolsets)),
    };
  }

  function of(req: IncomingMessage): Caller {
    const caller = known.get(req) ?? read(req);
    known.set(req, caller);
    return caller;
  }

  return {
    /** Who sent a request. */
    of,
    /** Throws a 401 without the required credential, a 400 for headers that have no meaning. */
    admit(req: IncomingMessage): void {
      if (asksToken && !isAccepted(accepted, bearerOf(req)))
        throw unauthorized("send Authorization: Bearer with a token of this server.");
      if (auth === "maton" && !isUsableKey(of(req).matonKey))
        throw unauthorized("send your own Maton key in X-Maton-Api-Key.");
      const fault = faultInHeaders(req, auth) ?? misplacedSecret(req) ?? check?.(of(req));
      if (fault !== undefined) throw new Refusal(400, `Bad request: ${fault}`);
    },
  };
}

/** The header, if any, in which a request asks for something other than its session was opened with. */
export function changedHeader(opened: Caller, current: Caller): string | undefined {
  const names = ["connection", "readOnly", "toolsets"] as const;
  const changed = names.find((name) => {
    const value = current[name];
    return value !== undefined && JSON.stringify(value) !== JSON.stringify(opened[name]);
  });
  return changed && callerHeaders[changed];
}

function unauthorized(advice: string): Refusal {
  return new Refusal(401, `Unauthorized: ${advice}`, { "WWW-Authenticate": "Bearer" });
}

/** Rejects values that would be ignored, because that could give more than was asked for. An empty header counts as absent. */
function faultInHeaders(req: IncomingMessage, auth: Auth): string | undefined {
  const { matonKey, connection, readOnly, toolsets } = callerHeaders;
  if (auth === "token" && textOf(req, matonKey) !== undefined)
    return "this server uses its own Maton key and accepts none from callers (--auth maton does).";
  if (!/^[\w-]{1,100}$/.test(textOf(req, connection) ?? "-"))
    return "Maton-Connection is not the id of a connection.";
  if (!/^(1|0|true|false|yes|no)$/i.test(textOf(req, readOnly) ?? "no"))
    return "X-Bigin-Read-Only must be true or false.";
  if (textOf(req, toolsets) !== undefined && !namesIn(textOf(req, toolsets)))
    return "X-Bigin-Toolsets names no toolset.";
  return undefined;
}

/** The SDK repeats these headers in its error messages. */
const repeatedBySdk = ["mcp-protocol-version", "mcp-method", "mcp-name"];

/** Rejects keys and tokens in headers that are not meant for them, because errors and log lines may repeat those. */
function misplacedSecret(req: IncomingMessage): string | undefined {
  const own = redactorFor(req);
  for (const [name, value] of Object.entries(req.headers)) {
    if (!/^(mcp-|maton-connection|x-bigin-)/.test(name)) continue;
    const text = String(value);
    if (/[^\t\x20-\x7e]/.test(text))
      return `the header ${name} has characters other than visible ASCII.`;
    const isKeyLike = repeatedBySdk.includes(name) && withoutKeyLike(text) !== text;
    if (isKeyLike || own.text(text) !== text)
      return `the header ${name} holds a key or token, which belongs in its own header only.`;
  }
  return undefined;
}

/** The text of a header, trimmed; undefined if it is absent or empty. */
function textOf(req: IncomingMessage, name: string): string | undefined {
  return headerOf(req, name)?.trim() || undefined;
}

function namesIn(list: string | undefined): string[] | undefined {
  const names = (list ?? "").split(",").map((name) => name.trim());
  const given = names.filter((name) => name !== "").toSorted();
  return given.length > 0 ? given : undefined;
}

/** True if a header of a request to Maton can carry the key. */
function isUsableKey(key: string | undefined): boolean {
  return key !== undefined && /^[\x21-\x7e]{1,4096}$/.test(key);
}

function bearerOf(req: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headerOf(req, "authorization") ?? "")?.[1];
}

/** Compares hashes, and with every token, so that the time it takes reveals nothing. */
function isAccepted(accepted: readonly Buffer[], token = ""): boolean {
  const given = digest(token);
  return accepted.map((one) => timingSafeEqual(one, given)).includes(true);
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
