import { isSafeNumber, parse } from "lossless-json";
import { Failure } from "../shared/failure.ts";
import { factsOf, matonErrorOf, matonFailure, type SentRequest, statusFailure } from "./errors.ts";

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

/** Seconds to wait, from a Retry-After header in seconds or as a date. */
export function retryAfterOf(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (!header) return undefined;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? (Date.parse(header) - Date.now()) / 1000 : seconds;
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
  const body = parsed(text);
  if (body === undefined || isDeeper(body, deepestLevel)) throw unreadable(response, text, request);
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
  if (status === 204 || status === 304) return true;
  return status < 300 && host === "control" && method !== "GET";
}

/** A body that is not JSON is never shown, because it is a proxy's page or part of a response. */
function unreadable(response: Response, text: string, request: SentRequest): Failure {
  const { status } = response;
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect || (isWebPage(text) && status < 500)) return webPage(response, request);
  if (status >= 500 || [401, 403, 429].includes(status))
    return statusFailure({ status, retryAfterS: retryAfterOf(response) }, request);
  return malformed(response, request, text.trim() === "" ? "is empty" : "is not complete JSON");
}

function isWebPage(text: string): boolean {
  return /^\s*<(!doctype|html|head|body|\?xml)/i.test(text);
}

/** Maton answers in JSON, so a page comes from something in between. With 403 that is not about the key. */
function webPage(response: Response, request: SentRequest): Failure {
  const { status } = response;
  const isBlocked = status === 401 || status === 403 || status === 407;
  const who = isBlocked
    ? "a firewall or a proxy that blocks the request"
    : "a proxy, or the sign-in page of the network";
  const what =
    status >= 300 && status < 400 ? "A redirect, which is never followed," : "A web page";
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
const longNumber = /(?<!["\d.])\d[\d.]{15,}/;

/**
 * Parses JSON so that no id and no amount is ever rounded: a number that JavaScript cannot hold becomes a string of its
 * digits. Zoho's ids have 19 digits, amounts up to nine behind the point. Throws SyntaxError for anything that is not
 * JSON.
 */
function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return parse(text, undefined, {
    parseNumber: (digits) => (isSafeNumber(digits) ? Number(digits) : digits),
  });
}

/** True if anything in `value` is nested deeper than `levels`. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}
