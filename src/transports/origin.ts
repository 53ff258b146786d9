import type { ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import { validateHostHeader, validateOriginHeader } from "@modelcontextprotocol/server";
import { withoutKeyLike } from "../logging/redact.ts";
import type { Log } from "./limits.ts";
import { idOf, pathOf, refuse, type Step, secretsOf } from "./respond.ts";

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];
const wildcardNames = ["0.0.0.0", "[::]"];
/** A name or an address, and a port: the SDK's check would read "evil@localhost" as a URL. */
const hostForm = /^([\w.-]+|\[[\da-f:.]+\])(:\d*)?$/i;

/** A host as it stands in a URL: lower case, an IPv6 address shortened and in brackets. */
export function nameInUrl(host: string): string {
  const url = `http://${isIPv6(host) ? `[${host}]` : host}`;
  if (!URL.canParse(url)) throw new Error(`"${host}" is not a host name or an IP address.`);
  return new URL(url).hostname;
}

export function isLoopback(name: string): boolean {
  return loopbackNames.includes(name) || /^127(\.\d+){3}$/.test(name);
}

/**
 * Refuses requests that a web page made: a page of another site has a foreign Origin, and one that
 * pointed its own name at this address (DNS rebinding) has a foreign Host.
 */
export function refuseForeign(name: string, log: Log): Step {
  const ours = [...loopbackNames, name];
  // A server on all addresses cannot know the names it is reached by, so it takes any Host. That is
  // safe only because off loopback `serveHttp` insists on bearer tokens, which no web page has.
  const anyHost = wildcardNames.includes(name);
  const takesHost = (host: string | undefined) => {
    if (!hostForm.test(host ?? "")) return false;
    const result = validateHostHeader(host, ours);
    return result.ok || (anyHost && result.errorCode === "invalid_host");
  };
  return (req, res) => {
    const { host, origin } = req.headers;
    if (!takesHost(host)) {
      log.warn(shown({ host }, res), "refused a foreign Host");
      refuse(res, 403, "Forbidden: the Host header names a host that this server does not serve.");
    } else if (!validateOriginHeader(origin, ours).ok) {
      log.warn(shown({ origin }, res), "refused a foreign Origin");
      refuse(res, 403, "Forbidden: requests from this Origin are not allowed.");
    } else return true;
    return false;
  };
}

/** A page may say anything, and a caller may have put the key into a wrong place. */
function shown(header: Record<string, string | undefined>, res: ServerResponse): object {
  const said = Object.entries({ ...header, path: pathOf(res.req) }).map(
    ([name, text]) => [name, text && withoutKeyLike(secretsOf(res.req).text(text))] as const,
  );
  return { id: idOf(res), ...Object.fromEntries(said) };
}
