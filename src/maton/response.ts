import { isInteger, isSafeNumber, parse } from "lossless-json";
import { Failure } from "../shared/failure.ts";
import { factsOf, matonErrorOf, matonFailure, type SentRequest, statusFailure } from "./errors.ts";
import { codeOf } from "./network.ts";

/** Two hundred records with long texts are a few megabytes. */
const largestBodyBytes = 20 * 2 ** 20;
/**
 * Other code walks through bodies recursively, so their depth is limited. Layouts, Bigin's deepest bodies, have about
 * ten levels.
 */
const deepestLevel = 100;

/** A response of the app behind the gateway, or of the control host. */
export interface MatonResponse {
  status: number;
  /** Parsed JSON; undefined for an empty body (204). */
  body: unknown;
  /** Seconds. */
  retryAfterS: number | undefined;
}

/** The body as text. Reading stops at 20 MiB, which closes the socket. */
export async function readText(response: Response, request: SentRequest): Promise<string> {
  try {
    return await readParts(response, request);
  } catch (error) {
    // The codes of zlib and Brotli.
    if (!/^(Z_|ERR__ERROR_)/.test(codeOf(error) ?? "")) throw error;
    throw unreadable(response, undefined, request, "cannot be decompressed");
  }
}

async function readParts(response: Response, request: SentRequest): Promise<string> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (bytes > largestBodyBytes)
      throw malformed(
        response,
        request,
        `is larger than ${largestBodyBytes / 2 ** 20} MiB, which is more than Bigin ever sends`,
      );
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

/**
 * Seconds until the same request may work: from Retry-After, or with a 429 from the header that says when its limit is
 * reset.
 */
export function retryAfterOf({ status, headers }: Response): number | undefined {
  const wait = secondsIn(headers.get("retry-after"));
  // If some of this limit is left, another one was reached.
  const isReached = status === 429 && !(Number(headers.get("x-ratelimit-remaining")) > 0);
  if (wait !== undefined || !isReached) return wait;
  return secondsIn(headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset"));
}

/** Seconds from now, from a number of seconds, a time in seconds or milliseconds since 1970, or a date. */
function secondsIn(header: string | null): number | undefined {
  if (!header) return undefined;
  const number = Number(header);
  const seconds = number >= 1e12 ? number / 1000 : number;
  const nowS = Date.now() / 1000;
  // Date.parse makes a date of almost any text with a number.
  const date = /\d:\d\d:\d\d/.test(header) ? Date.parse(header) / 1000 - nowS : Number.NaN;
  const wait = Number.isNaN(seconds) ? date : seconds >= 1e9 ? seconds - nowS : seconds;
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : undefined;
}

/** Parses the app's response. Throws a Failure for one of Maton's errors and for a body that cannot be read. */
export function readResponse(
  response: Response,
  text: string,
  request: SentRequest,
): MatonResponse {
  const { status } = response;
  if (text.trim() === "" && mayBeEmpty(status, request))
    return { status, body: undefined, retryAfterS: retryAfterOf(response) };
  if (isRedirect(status)) throw foreign(response, text, request);
  const body = parsed(text);
  if (body === undefined || isDeeper(body, deepestLevel)) {
    const problem = text.trim() === "" ? "is empty" : "is not complete JSON";
    throw unreadable(response, text, request, problem);
  }
  const read = { status, body, retryAfterS: retryAfterOf(response) };
  const error = status >= 400 ? matonErrorOf(body, status) : undefined;
  if (error) throw matonFailure(error, read, request);
  return read;
}

/**
 * Bigin says "nothing found" with 204 (docs/reference/bigin-api.md §4.2). Any other empty body from Bigin lost its
 * content, and must not be taken for "nothing found".
 */
function mayBeEmpty(status: number, { host, method }: SentRequest): boolean {
  if (status === 204) return true;
  return status < 300 && host === "control" && method !== "GET";
}

/** A body that is not JSON is never shown, because it is a proxy's page or part of a response. */
function unreadable(
  response: Response,
  text: string | undefined,
  request: SentRequest,
  problem: string,
): Failure {
  const { status } = response;
  const read = { status, retryAfterS: retryAfterOf(response) };
  if (status === 408 || status === 429) return statusFailure(read, request);
  if (status >= 500 && !blocks.has(status)) return statusFailure(read, request);
  if (isForeign(response, text)) return foreign(response, text, request);
  // The beginning of an object may be Bigin's refusal as well as Maton's.
  const isMatons = text !== undefined && !/^\s*[{[]/.test(text);
  if (isMatons && (status === 401 || status === 403)) return statusFailure(read, request);
  return malformed(response, request, problem);
}

/** Statuses of what blocks a request on its way; 401 and 403 are Maton's too. */
const blocks: ReadonlySet<number> = new Set([401, 403, 407, 451, 511]);

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * True if a body is from something in between: Maton answers in JSON, or at least says so. With a status that refuses, any
 * other text is foreign too. Only a body that is empty and without a type may be Maton's then.
 */
function isForeign(response: Response, text = ""): boolean {
  if (isWebPage(response, text)) return true;
  const type = response.headers.get("content-type") ?? (text.trim() === "" ? "json" : "");
  return blocks.has(response.status) && !type.includes("json");
}

function isWebPage({ headers }: Response, text = ""): boolean {
  return /^\s*</.test(text) || /html/i.test(headers.get("content-type") ?? "");
}

/** With 403 this is not about the key. */
function foreign(response: Response, text: string | undefined, request: SentRequest): Failure {
  const { status } = response;
  const who = blocks.has(status)
    ? "a firewall or a proxy that blocks the request"
    : "a proxy, or the sign-in page of the network";
  const page = isWebPage(response, text) ? "A web page" : "Something else";
  const what = isRedirect(status) ? "A redirect, which is never followed," : page;
  return new Failure({
    ...factsOf({ status, retryAfterS: retryAfterOf(response) }, request),
    origin: "network",
    kind: "unreachable",
    message: `${what} came back instead of Maton's response (HTTP ${status}): it is from ${who}.`,
  });
}

function malformed(response: Response, request: SentRequest, problem: string): Failure {
  const { status } = response;
  return new Failure({
    ...factsOf({ status, retryAfterS: retryAfterOf(response) }, request),
    kind: "malformed",
    message: `The response (HTTP ${status}) ${problem}.`,
  });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Only text with this many digits in a row, outside quotes, can hold a number that JSON.parse would round. */
const longNumber = /(?<!["\d])\d{16,}/;

/**
 * Parses JSON so that no id is ever rounded: a whole number beyond 2^53 becomes a string of its digits. Zoho's ids have
 * 19 digits. Throws SyntaxError for anything that is not JSON.
 */
function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return parse(text, undefined, {
    parseNumber: (digits) => (isInteger(digits) && !isSafeNumber(digits) ? digits : Number(digits)),
  });
}

/** True if anything in `value` is nested deeper than `levels`. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}
