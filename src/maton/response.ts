import { isInteger, isSafeNumber, parse } from "lossless-json";
import { Failure } from "../shared/failure.ts";
import { expiredGrant, type Host, matonErrorOf, matonFailure } from "./errors.ts";

/** 200 records with long texts are some megabytes. */
const bodyBytes = 20 * 2 ** 20;
/** Everything above walks through answers by recursion. Layouts, the deepest of Bigin's answers, go some ten levels down. */
const deepest = 100;

export interface MatonReply {
  status: number;
  /** Parsed JSON; undefined for an empty body (204). */
  body: unknown;
  retryAfterS: number | undefined;
}

/** What must be known of a request to judge its answer. */
interface Asked {
  host: Host;
  method: string;
  asked: string;
  connection?: string;
}

/** The body as text, read no further than anything of Bigin's is long. */
export async function readText(response: Response, request: Asked): Promise<string> {
  if (!response.body) return "";
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the stream, and with it the socket.
    if (bytes > bodyBytes) throw tooLarge(response.status, request);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}

function tooLarge(status: number, request: Asked): Failure {
  return new Failure({
    origin: "maton",
    kind: "malformed",
    message: `The answer (HTTP ${status}) is larger than ${bodyBytes / 2 ** 20} MiB, more than Bigin ever sends.`,
    asked: request.asked,
    status,
    mayHaveHappened: mayHaveHappened(request, status),
  });
}

/** Seconds to wait, from a header that holds seconds or a date. */
export function retryAfterOf(response: Response): number | undefined {
  const header = response.headers.get("retry-after");
  if (!header) return undefined;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? (Date.parse(header) - Date.now()) / 1000 : seconds;
  return Number.isFinite(wait) ? Math.max(0, Math.ceil(wait)) : undefined;
}

/** The app's answer, or the Failure that is behind an answer of Maton's own or one that cannot be read. */
export function readReply(response: Response, text: string, request: Asked): MatonReply {
  const { status } = response;
  const retryAfterS = retryAfterOf(response);
  const body = parseBody(text, status, request, retryAfterS);
  const error = status >= 400 ? matonErrorOf(body, status) : undefined;
  if (error) {
    const { facts } = matonFailure(error, request);
    throw new Failure({ ...facts, retryAfterS, mayHaveHappened: mayHaveHappened(request, status) });
  }
  return { status, body, retryAfterS };
}

function parseBody(text: string, status: number, request: Asked, retryAfterS?: number): unknown {
  if (text.trim() === "" && mayBeEmpty(status, request)) return undefined;
  const body = parsed(text);
  return body === undefined || isDeeper(body, deepest)
    ? notJson(text, status, request, retryAfterS)
    : body;
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Bigin says "nothing there" with 204; an answer that lost its body must not be taken for it (bigin-api.md §4.2). */
function mayBeEmpty(status: number, { host, method }: Asked): boolean {
  if (status === 204 || status === 304) return true;
  return status < 300 && host === "control" && method !== "GET";
}

/** A body that is not JSON is never shown: it is a proxy's page, or half an answer. */
function notJson(text: string, status: number, request: Asked, retryAfterS?: number): never {
  const facts = {
    asked: request.asked,
    status,
    retryAfterS,
    mayHaveHappened: mayHaveHappened(request, status),
  };
  if (status === 500 && request.host === "gateway")
    throw new Failure({ ...expiredGrant(request).facts, ...facts });
  if (status === 401 || status === 403)
    throw new Failure({
      ...facts,
      origin: "maton",
      kind: "key_refused",
      message: "Maton did not accept the API key.",
    });
  if (status === 429)
    throw new Failure({
      ...facts,
      origin: "maton",
      kind: "rate_limited",
      message: "Maton or Bigin is limiting the rate.",
    });
  if (status >= 500)
    throw new Failure({
      ...facts,
      origin: "maton",
      kind: "unavailable",
      message:
        request.host === "gateway"
          ? `The gateway, or Bigin behind it, is unavailable (HTTP ${status}).`
          : `Maton is unavailable (HTTP ${status}).`,
    });
  if (status >= 300 && status < 400)
    throw new Failure({
      ...facts,
      origin: "maton",
      kind: "malformed",
      message: `The gateway answered with a redirect (HTTP ${status}), which is never followed with the key.`,
    });
  throw new Failure({
    ...facts,
    origin: "maton",
    kind: "malformed",
    message: `The answer (HTTP ${status}) ${text.trim() === "" ? "is empty" : "is not complete JSON"}.`,
  });
}

/** A write answered with a 5xx, or with half a body, may still have been carried out. */
function mayHaveHappened(request: Asked, status: number): boolean {
  return request.method !== "GET" && (status >= 500 || status < 300);
}

/** Only text with such a run of digits outside quotes can hold a number that JSON.parse would round. */
const longNumber = /(?<!["\d])\d{16,}/;

/**
 * Parses upstream JSON so that no id is ever rounded: a whole number beyond 2^53 becomes a string of
 * its digits. Zoho's ids have 19 digits. Throws SyntaxError on anything that is not JSON.
 */
function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return parse(text, undefined, {
    parseNumber: (digits) => (isInteger(digits) && !isSafeNumber(digits) ? digits : Number(digits)),
  });
}

/** Whether anything stands more than so many levels inside. Whoever walks through a value by recursion asks first. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}
