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

const matonKeyHeader = "x-maton-api-key";

/** A header that narrows what a request may do. */
interface Narrowing<T> {
  header: string;
  /** The value of a text that is not empty; undefined if it asks for nothing. */
  read(text: string): T | undefined;
  /** What is wrong with the text, after the name of the header. A value that is ignored could give more than was asked for. */
  fault(text: string): string | undefined;
}

type NarrowingName = Exclude<keyof Caller, "id" | "matonKey">;

/** A new narrowing header is a row here, and is obeyed by `createCatalogues` in compose.ts. */
const narrowing: { [name in NarrowingName]-?: Narrowing<NonNullable<Caller[name]>> } = {
  connection: {
    header: "Maton-Connection",
    read: (text) => text,
    fault: (text) => (/^[\w-]{1,100}$/.test(text) ? undefined : "is not the id of a connection"),
  },
  readOnly: {
    header: "X-Bigin-Read-Only",
    read: (text) => (/^(1|true|yes)$/i.test(text) ? true : undefined),
    fault: (text) =>
      /^(1|0|true|false|yes|no)$/i.test(text) ? undefined : "must be true or false",
  },
  toolsets: {
    header: "X-Bigin-Toolsets",
    read: namesIn,
    fault: (text) => (namesIn(text) ? undefined : "names no toolset"),
  },
};

/** The headers by which a caller identifies or narrows itself, in lower case. */
export const callerHeaders: readonly string[] = [
  matonKeyHeader,
  ...Object.values(narrowing).map(({ header }) => header.toLowerCase()),
];

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
    const key = textOf(req, matonKeyHeader) ?? (asksToken ? undefined : bearer);
    const matonKey = auth === "maton" ? key : undefined;
    const narrowed: { [name in NarrowingName]-?: Caller[name] } = {
      connection: narrowedBy(req, narrowing.connection),
      readOnly: narrowedBy(req, narrowing.readOnly),
      toolsets: narrowedBy(req, narrowing.toolsets),
    };
    return {
      // Of the parsed credential: otherwise each spelling of the header would have its own rate limit.
      id: hash("sha256", JSON.stringify([asksToken ? bearer : undefined, matonKey])),
      matonKey,
      ...narrowed,
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
  const [, changed] =
    Object.entries(narrowing).find(([name]) => {
      const value = Reflect.get(current, name);
      return (
        value !== undefined && JSON.stringify(value) !== JSON.stringify(Reflect.get(opened, name))
      );
    }) ?? [];
  return changed?.header.toLowerCase();
}

function unauthorized(advice: string): Refusal {
  return new Refusal(401, `Unauthorized: ${advice}`, { "WWW-Authenticate": "Bearer" });
}

/** Rejects values that would be ignored, because that could give more than was asked for. An empty header counts as absent. */
function faultInHeaders(req: IncomingMessage, auth: Auth): string | undefined {
  if (auth === "token" && textOf(req, matonKeyHeader) !== undefined)
    return "this server uses its own Maton key and accepts none from callers (--auth maton does).";
  for (const { header, fault } of Object.values(narrowing)) {
    const text = textOf(req, header.toLowerCase());
    const found = text === undefined ? undefined : fault(text);
    if (found !== undefined) return `${header} ${found}.`;
  }
  return undefined;
}

function narrowedBy<T>(req: IncomingMessage, { header, read }: Narrowing<T>): T | undefined {
  const text = textOf(req, header.toLowerCase());
  return text === undefined ? undefined : read(text);
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

function namesIn(list: string): string[] | undefined {
  const names = list.split(",").map((name) => name.trim());
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
