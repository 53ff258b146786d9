import { channel } from "node:diagnostics_channel";
import type { Fault, Sandbox } from "../../src/sandbox/app.ts";
import { status } from "../support/writes.ts";

/** A fault of the sandbox, or one that Node's `fetch` meets before it reaches a server. */
type Does = Fault["does"] | { kind: "unconnected"; code: string };

export interface UpstreamFault {
  name: string;
  does: Does;
  /** How many requests it strikes; all if absent. */
  times?: number;
  /** True if only writes can meet it. */
  onWrites?: true;
  /** This many other calls fail before this one. */
  before?: number;
}

const html = "<!DOCTYPE html><html><body><h1>Gateway Error 0xSECRET</h1></body></html>";
const zoho = (code: string, message: string) => ({ code, details: {}, message, status: "error" });
const maton = (code: number, message: string) => ({ error: { message, code } });
const tooMany = maton(429, "Rate limit exceeded");

/** A fault that strikes once, and the same one that lasts. */
const both = (name: string, does: Does): UpstreamFault[] => [
  { name: `${name}, once`, does, times: 1 },
  { name: `${name}, always`, does },
];

const page = status(200, html, { "Content-Type": "text/html" });
const huge = `{"data":[${" ".repeat(21 * 2 ** 20)}]}`;

export const upstreamFaults: readonly UpstreamFault[] = [
  ...both("no response", { kind: "hang" }),
  ...both("body stops in the middle", { kind: "stall" }),
  ...both("connection reset before the response", { kind: "reset" }),
  { name: "response lost after the request was carried out", does: { kind: "lost" }, times: 1 },
  { name: "success reported, nothing done", does: { kind: "drop" }, times: 1, onWrites: true },
  { name: "half a body", does: { kind: "truncate" }, times: 1 },
  ...both("429 of Maton without Retry-After", status(429, tooMany)),
  {
    name: "429, Retry-After 2, once",
    does: status(429, tooMany, { "Retry-After": "2" }),
    times: 1,
  },
  { name: "429, Retry-After 90", does: status(429, tooMany, { "Retry-After": "90" }) },
  {
    name: "429, limit reset in 90 s (X-RateLimit-Reset)",
    does: status(429, tooMany, { "X-RateLimit-Reset": "90" }),
  },
  ...both("429 of Bigin", status(429, zoho("TOO_MANY_REQUESTS", "Too many requests"))),
  {
    name: "500 of Maton, as for an expired grant",
    does: status(500, maton(500, "Internal error")),
  },
  {
    name: "401 of Bigin: token expired",
    does: status(401, zoho("INVALID_TOKEN", "invalid oauth token")),
  },
  { name: "500 of Bigin", does: status(500, zoho("INTERNAL_ERROR", "Internal Server Error")) },
  ...[408, 502, 503, 504].flatMap((code) =>
    both(String(code), status(code, maton(code, "upstream"))),
  ),
  { name: "HTML page with 502", does: status(502, html, { "Content-Type": "text/html" }) },
  { name: "HTML page with 200", does: page },
  { name: "text with 403", does: status(403, "Blocked by policy") },
  { name: "empty body with 200", does: status(200, undefined) },
  { name: "JSON of another shape", does: status(200, { data: "none", info: 7 }) },
  { name: "body of 21 MiB", does: status(200, huge) },
  {
    name: "401 of Bigin: scope missing",
    does: status(401, zoho("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")),
  },
  { name: "401 of Maton: key not accepted", does: status(401, maton(401, "Invalid API key")) },
  {
    name: "404 of Maton: connection deleted",
    does: status(404, maton(404, "Connection not found")),
  },
  ...both("connection refused", { kind: "unconnected", code: "ECONNREFUSED" }),
  { name: "name not found (DNS)", does: { kind: "unconnected", code: "ENOTFOUND" } },
  { name: "five calls failed before", does: { kind: "hang" }, times: 0, before: 5 },
  {
    name: "certificate not trusted (TLS)",
    does: { kind: "unconnected", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  },
];

/** For long writes, which take time to run: one fault of each kind. The others do the same as one of these. */
const namesOfEachKind = new Set([
  "no response, once",
  "body stops in the middle, once",
  "connection reset before the response, once",
  "response lost after the request was carried out",
  "success reported, nothing done",
  "half a body",
  "429 of Maton without Retry-After, once",
  "429 of Maton without Retry-After, always",
  "429, Retry-After 90",
  "500 of Maton, as for an expired grant",
  "500 of Bigin",
  "502, once",
  "JSON of another shape",
  "401 of Bigin: token expired",
  "connection refused, once",
]);
export const faultsOfEachKind = upstreamFaults.filter(({ name }) => namesOfEachKind.has(name));

export interface Aim {
  method: string;
  path: RegExp;
  /** Matching requests let through first. */
  skip: number;
}

/** Makes the sandbox's responses to the aimed requests fail, until it is cleared. */
export function aimAt(sandbox: Sandbox) {
  const real = sandbox.fetch;
  let left = 0;
  let aimed: { aim: Aim; does: Does } | undefined;
  sandbox.fetch = (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const { pathname } = new URL(request.url);
    const isMeant = aimed?.aim.method === request.method && aimed.aim.path.test(pathname);
    if (!aimed || !isMeant || left <= 0) return real(request);
    if (aimed.aim.skip > 0) {
      aimed.aim.skip -= 1;
      return real(request);
    }
    left -= 1;
    const { does } = aimed;
    if (does.kind !== "unconnected") sandbox.addFault({ does });
    else return Promise.reject(unconnected(does.code));
    return real(request);
  };
  return {
    strike({ does, times = Number.POSITIVE_INFINITY }: UpstreamFault, aim: Aim) {
      aimed = { aim: { ...aim }, does };
      left = times;
    },
    clear() {
      aimed = undefined;
    },
  };
}

/** The error of Node's `fetch` when it reaches no server, announced as Node does. upstream.slow.test.ts has real ones. */
function unconnected(code: string): Error {
  const error = Object.assign(new Error(code), { code });
  channel("undici:client:connectError").publish({ error });
  return new TypeError("fetch failed", { cause: error });
}
