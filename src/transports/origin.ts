import type { IncomingMessage, ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import { validateHostHeader, validateOriginHeader } from "@modelcontextprotocol/server";
import type { Log } from "../logging/log.ts";
import { withoutKeyLike } from "../logging/redact.ts";
import { callerHeaders } from "./auth.ts";
import { idOf, pathOf, Refusal, redactorFor } from "./respond.ts";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const wildcardNames = ["0.0.0.0", "[::]"];
/** A name or an address, and a port: the SDK's check would read "evil@localhost" as a URL. */
const hostForm = /^([\w.-]+|\[[\da-f:.]+\])(:\d*)?$/i;

/** Headers that must not repeat: a proxy might trust one copy and we the other. */
const singleHeaders: ReadonlySet<string> = new Set([
  ...callerHeaders,
  ..."host origin authorization content-type content-encoding".split(" "),
  ..."mcp-session-id mcp-protocol-version mcp-method mcp-name".split(" "),
]);

/** A host as a URL has it: lower case, an IPv6 address shortened and in brackets. Throws for anything else. */
export function nameInUrl(host: string): string {
  const url = `http://${isIPv6(host) ? `[${host}]` : host}`;
  if (!URL.canParse(url)) throw new Error(`"${host}" is not a host name or an IP address.`);
  return new URL(url).hostname;
}

/** `name` as `nameInUrl` returns it. */
export function isLoopback(name: string): boolean {
  return loopbackNames.includes(name) || /^127(\.\d+){3}$/.test(name);
}

/**
 * Refuses requests that a web page made. A page of another site has a foreign Origin; a page that pointed its own name at
 * this address (DNS rebinding) has a foreign Host. `name` is the host the server listens on, as `nameInUrl` returns it.
 */
export function createOriginCheck(
  name: string,
  log: Log,
): (req: IncomingMessage, res: ServerResponse) => void {
  const own = [...loopbackNames, name];
  // A server on all addresses cannot know its own names, so it accepts any Host. That is safe because it then asks for a
  // credential, which no web page has.
  const anyHost = wildcardNames.includes(name);

  function isOwnHost(host: string | undefined): boolean {
    if (!hostForm.test(host ?? "")) return false;
    const result = validateHostHeader(host, own);
    return result.ok || (anyHost && result.errorCode === "invalid_host");
  }

  return (req, res) => {
    const { host, origin } = req.headers;
    const isOwnOrigin = validateOriginHeader(origin, own).ok;
    if (isOwnHost(host) && isOwnOrigin) return;
    const foreign = isOwnHost(host) ? "Origin" : "Host";
    // A page can send anything, and a caller may have put a key in the wrong place.
    const clean = (text = "") => withoutKeyLike(redactorFor(req).text(text));
    const fields = { host: clean(host), origin: clean(origin), path: clean(pathOf(req)) };
    log.warn({ id: idOf(res), ...fields }, `refused a foreign ${foreign}`);
    throw new Refusal(
      403,
      `Forbidden: this server does not serve the host in the ${foreign} header.`,
    );
  };
}

/** Refuses requests with more than `limit` headers, or with two copies of one that must not repeat. */
export function checkHeaders({ rawHeaders }: IncomingMessage, limit: number): void {
  const names = rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  if (names.length > limit) throw new Refusal(431, `The request has more than ${limit} headers.`);
  const repeated = names.find((name, at) => singleHeaders.has(name) && names.indexOf(name) < at);
  if (repeated) throw new Refusal(400, `The header ${repeated} is repeated: send it once.`);
}

/** The path and query of a request. Proxies may send the whole address, which must then be of the Host. */
export function targetOf({ url = "", headers }: IncomingMessage): string {
  const [, address, path = ""] = /^(?:https?:\/\/([^/?#]+))?(.*)$/is.exec(url) ?? [];
  const isOwn = address
    ? address.toLowerCase() === headers.host?.toLowerCase()
    : path.startsWith("/");
  if (isOwn) return path;
  throw new Refusal(
    400,
    "The request must name a path, or an address at the host in its Host header.",
  );
}
