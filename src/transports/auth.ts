import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { withoutKeyLike } from "../logging/redact.ts";
import type { Auth, Caller } from "./caller.ts";
import { headerOf, refuse, type Step, secretsOf } from "./respond.ts";

const headersOf = {
  key: "x-maton-api-key",
  connection: "maton-connection",
  readOnly: "x-bigin-read-only",
  toolsets: "x-bigin-toolsets",
} as const;

type Header = (name: string) => string | null | undefined;

export interface Callers {
  /** Lets nobody through without the credential that is asked for, or with a header that means nothing. */
  admit: Step;
  /** Who a request is from. Several parts ask, and it is reckoned once. */
  of(req: IncomingMessage): Caller;
  /** The same for the headers of a web `Request`. */
  ofHeaders(headers: Pick<Headers, "get"> | undefined): Caller;
}

export interface CallersOptions {
  auth: Auth;
  /** Tokens of ours; with none, anybody may call (which `serveHttp` allows on loopback only), or any Maton key. */
  tokens: readonly string[];
  /** A sentence on what is wrong with a caller's wishes, such as a toolset that does not exist. */
  check?: ((caller: Caller) => string | undefined) | undefined;
}

/**
 * Who may call. With "token" a bearer token of ours and the server's own Maton key; with "maton" each caller's own key, in
 * `X-Maton-Api-Key`, or as the bearer where no tokens of ours are asked for besides.
 */
export function createCallers({ auth, tokens, check }: CallersOptions): Callers {
  const known = tokens.map(digest);
  const keyOf = (header: Header) => {
    if (auth === "token") return undefined;
    const bearer = known.length > 0 ? "" : bearerOf(header("authorization"));
    return header(headersOf.key)?.trim() || bearer || undefined;
  };
  const tokenOf = (header: Header) =>
    known.length > 0 ? bearerOf(header("authorization")) : undefined;
  const callerBy = (header: Header): Caller => {
    const matonKey = keyOf(header);
    const connection = header(headersOf.connection)?.trim();
    const toolsets = listIn(header(headersOf.toolsets));
    return {
      // Of what counts, not of how it is written: else each spelling had a pace and a turn of its own.
      id: fingerprint([tokenOf(header), matonKey]),
      ...(matonKey && { matonKey }),
      ...(connection && { connection }),
      ...(isYes(header(headersOf.readOnly)) && { readOnly: true }),
      ...(toolsets && { toolsets }),
    };
  };
  const reckoned = new WeakMap<IncomingMessage, Caller>();
  const of = (req: IncomingMessage) => {
    const caller = reckoned.get(req) ?? callerBy((name) => headerOf(req, name));
    reckoned.set(req, caller);
    return caller;
  };
  return {
    of,
    ofHeaders: (headers) => callerBy((name) => headers?.get(name)),
    admit(req, res) {
      const header: Header = (name) => headerOf(req, name);
      if (known.length > 0 && !isOneOf(known, bearerOf(header("authorization"))))
        return unauthorized(res, "send Authorization: Bearer with a token of this server.");
      if (auth === "maton" && !isUsable(keyOf(header)))
        return unauthorized(res, "send your own Maton key in X-Maton-Api-Key.");
      const fault = faultIn(header, auth) ?? strayed(req) ?? check?.(of(req));
      if (fault === undefined) return true;
      refuse(res, 400, `Bad request: ${fault}`);
      return false;
    },
  };
}

/** Whether a request of a session asks for something else than the session was opened with. */
export function wantsOtherwise(
  callers: Callers,
  opened: Caller,
  req: IncomingMessage,
): string | undefined {
  const wanted = callers.of(req);
  const names = ["connection", "readOnly", "toolsets"] as const;
  const other = names.find(
    (name) =>
      wanted[name] !== undefined && JSON.stringify(wanted[name]) !== JSON.stringify(opened[name]),
  );
  return other && headersOf[other];
}

function unauthorized(res: ServerResponse, what: string): false {
  res.setHeader("WWW-Authenticate", "Bearer");
  refuse(res, 401, `Unauthorized: ${what}`);
  return false;
}

/** What means nothing would otherwise be taken for the wider choice. An empty header is what a template leaves of none. */
function faultIn(header: Header, auth: Auth): string | undefined {
  if (auth === "token" && header(headersOf.key))
    return "this server uses its own Maton key and takes none of a caller's (--auth maton does).";
  const connection = header(headersOf.connection)?.trim();
  if (connection && !/^[\w-]{1,100}$/.test(connection))
    return "Maton-Connection is not the id of a connection.";
  const readOnly = header(headersOf.readOnly)?.trim();
  if (readOnly && !/^(1|0|true|false|yes|no)$/i.test(readOnly))
    return "X-Bigin-Read-Only must be true or false.";
  const toolsets = header(headersOf.toolsets)?.trim();
  if (toolsets && !listIn(toolsets)) return "X-Bigin-Toolsets names no toolset.";
  return undefined;
}

/** The SDK's refusals quote the headers of the protocol, and nobody here knows the server's own key. */
function strayed(req: IncomingMessage): string | undefined {
  const ours = secretsOf(req);
  const isSecret = (name: string, text: string) =>
    ours.text(text) !== text || (quoted.includes(name) && withoutKeyLike(text) !== text);
  const names = Object.keys(req.headers).filter((header) =>
    /^(mcp-|maton-connection|x-bigin-)/.test(header),
  );
  const garbled = names.find((header) => /[^\t\x20-\x7e]/.test(String(req.headers[header])));
  if (garbled) return `the header ${garbled} holds other signs than visible ASCII.`;
  const name = names.find((header) => isSecret(header, String(req.headers[header])));
  return name && `the header ${name} holds a key or token; nothing but its own header may.`;
}

const quoted = ["mcp-protocol-version", "mcp-method", "mcp-name"];

function isYes(text: string | null | undefined): boolean {
  return /^(1|true|yes)$/i.test(text?.trim() ?? "");
}

function listIn(text: string | null | undefined): string[] | undefined {
  const names = (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
  return names.length > 0 ? names.toSorted() : undefined;
}

/** What a header of an upstream request can carry. */
function isUsable(key: string | undefined): boolean {
  return key !== undefined && /^[\x21-\x7e]{1,4096}$/.test(key);
}

function bearerOf(authorization: string | null | undefined): string {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? "";
}

/** Compares digests, which are of equal length, with every token: how long it takes says nothing. */
function isOneOf(known: readonly Buffer[], token: string): boolean {
  const given = digest(token);
  return known.map((one) => timingSafeEqual(one, given)).includes(true);
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

function fingerprint(credential: unknown): string {
  return hash("sha256", JSON.stringify(credential));
}
