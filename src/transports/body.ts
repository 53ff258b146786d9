import type { IncomingMessage } from "node:http";
import { isJsonContentType } from "@modelcontextprotocol/server";
import type { HttpLimits } from "./limits.ts";
import { errorCode, headerOf, Refusal } from "./respond.ts";

/** Reads the body of a POST: a JSON-RPC message or a batch, not checked further. Throws a `Refusal` for anything else. */
export async function readBody(req: IncomingMessage, limits: HttpLimits): Promise<unknown> {
  if (!isUtf8Json(headerOf(req, "content-type")))
    throw new Refusal(415, "Unsupported media type: send application/json in UTF-8.");
  if ((headerOf(req, "content-encoding") ?? "identity") !== "identity")
    throw new Refusal(415, "Unsupported content encoding: send the body uncompressed.");
  const bytes = await readBytes(req, limits.bodyBytes);
  if (bytes.length === 0)
    throw invalid("The request has no body: send one JSON-RPC message.", errorCode.parse);
  checkShape(bytes, limits);
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    checkMessages(body, limits);
    return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalid("The request body is not valid JSON.", errorCode.parse);
  }
}

/** The messages of a body. */
export function messagesIn(body: unknown): unknown[] {
  return Array.isArray(body) ? body : [body];
}

/** A property of a value that may be anything; undefined where there is none. */
export function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** JSON is always sent in UTF-8 (RFC 8259 §8.1), so another charset is a mistake. */
function isUtf8Json(type: string | undefined): boolean {
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type ?? "") ?? [];
  return isJsonContentType(type) && /^utf-?8$/i.test(charset);
}

/** Node checks that the body has the length that its header promises. */
function readBytes(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    // The rest of a body that is too large is read and dropped: a client that is still sending would not see the response.
    const refuse = () =>
      reject(new Refusal(413, `The request body is larger than ${limit} bytes.`));
    if (Number(headerOf(req, "content-length") ?? 0) > limit) return refuse();
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else refuse();
    });
    req.once("end", () => resolve(Buffer.concat(chunks)));
    req.once("error", () => reject(new Refusal(400, "The request body cannot be read.")));
  });
}

function checkMessages(body: unknown, { batchMessages, messageIdLength }: HttpLimits): void {
  const messages = messagesIn(body);
  if (messages.length > batchMessages)
    throw invalid(`The batch has more than ${batchMessages} messages: send them one by one.`);
  for (const message of messages) {
    const id = property(message, "id");
    if (typeof id === "string" && id.length > messageIdLength)
      throw invalid(`The id of a message is longer than ${messageIdLength} characters.`);
  }
}

function invalid(message: string, code = errorCode.invalidRequest): Refusal {
  return new Refusal(400, message, {}, code);
}

const quote = 0x22;
const backslash = 0x5c;
/** By byte: how it changes the depth, and whether it counts as a part. */
const depthSteps = createByteTable({ "{": 1, "[": 1, "}": -1, "]": -1 });
const partSteps = createByteTable({ "{": 1, "[": 1, ":": 1, ",": 1 });

function createByteTable(steps: Record<string, number>): Int8Array {
  const table = new Int8Array(256);
  for (const [character, step] of Object.entries(steps)) table[character.charCodeAt(0)] = step;
  return table;
}

/**
 * Limits the nesting and the number of names and items in JSON text. It looks at the bytes, because JSON.parse alone blocks
 * the process for over 200 ms on 4 MB of distinct names.
 */
function checkShape(bytes: Buffer, { bodyDepth, bodyParts }: HttpLimits): void {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfString(bytes, at);
    depth += depthSteps[byte] ?? 0;
    parts += partSteps[byte] ?? 0;
    if (depth > bodyDepth) throw tooMuch(`is nested more than ${bodyDepth} levels deep`);
    if (parts > bodyParts) throw tooMuch(`has more than ${bodyParts} names and items`);
  }
}

function tooMuch(what: string): Refusal {
  return invalid(`The body ${what}: send less at once.`, errorCode.parse);
}

/** The index of the quotation mark that ends the string beginning at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}
