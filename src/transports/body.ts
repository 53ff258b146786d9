import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonContentType } from "@modelcontextprotocol/server";
import getRawBody from "raw-body";
import { errorCode, headerOf, refuse } from "./respond.ts";
import { faultInShape } from "./shape.ts";

/** Messages at once, for the revisions that know batches. A batch is one request to a caller's pace. */
const batch = 20;

type Refusal = [status: number, message: string, code?: number];

/**
 * Reads the JSON body of a POST. Where there is none that can be taken the request has been answered, and the body is
 * undefined.
 */
export function jsonReader(
  limitBytes: number,
): (req: IncomingMessage, res: ServerResponse) => Promise<unknown> {
  return async (req, res) => {
    const { body, refusal } = await taken(req, limitBytes);
    if (refusal) refuse(res, ...refusal);
    return body;
  };
}

async function taken(
  req: IncomingMessage,
  limit: number,
): Promise<{ body?: unknown; refusal?: Refusal }> {
  if (!isUtf8Json(req)) return { refusal: notJson };
  if ((headerOf(req, "content-encoding") ?? "identity") !== "identity")
    return { refusal: [415, "Unsupported content encoding: send the body as it is."] };
  try {
    const bytes = await getRawBody(req, { length: headerOf(req, "content-length") ?? null, limit });
    if (bytes.length === 0) return { refusal: noBody };
    const fault = faultInShape(bytes);
    if (fault !== undefined) return { refusal: [400, fault, errorCode.parse] };
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(body) && body.length > batch) return { refusal: tooMany };
    return [body].flat().some(hasLongId) ? { refusal: longId } : { body };
  } catch (error) {
    return { refusal: refusalOf(error, limit) };
  }
}

const notJson: Refusal = [
  415,
  "Unsupported media type: send Content-Type: application/json, in UTF-8.",
];
const noBody: Refusal = [
  400,
  "The request has no body: send one JSON-RPC message.",
  errorCode.parse,
];

const tooMany: Refusal = [
  400,
  `The batch holds more than ${batch} messages: send them one by one.`,
  errorCode.invalidRequest,
];

/** The answer says it back, as it is: megabytes for each of them would wait for a client that does not read. */
const longestId = 1_000;
const longId: Refusal = [
  400,
  `The id of a message is longer than ${longestId} characters.`,
  errorCode.invalidRequest,
];

function hasLongId(message: unknown): boolean {
  const id = typeof message === "object" && message !== null && "id" in message && message.id;
  return typeof id === "string" && id.length > longestId;
}

/** JSON that is sent to somebody is UTF-8 (RFC 8259 §8.1), whatever its header may say instead. */
function isUtf8Json(req: IncomingMessage): boolean {
  const type = headerOf(req, "content-type");
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type ?? "") ?? [];
  return isJsonContentType(type) && /^utf-?8$/i.test(charset);
}

/** The reader's errors carry the status they should be answered with; what nobody foresaw is thrown again. */
function refusalOf(error: unknown, limit: number): Refusal {
  if (error instanceof SyntaxError)
    return [400, "The request body is not valid JSON.", errorCode.parse];
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  if (typeof status !== "number" || status < 400 || status >= 500) throw error;
  if (status === 413) return [status, `The request body is larger than ${limit} bytes.`];
  return [status, "The request body cannot be read."];
}
