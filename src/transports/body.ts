import type { IncomingMessage, ServerResponse } from "node:http";
import { isJsonContentType } from "@modelcontextprotocol/server";
import bodyParser from "body-parser";
import { isDeeper } from "../depth.ts";
import { errorCode, headerOf, refuse } from "./reply.ts";

/** Behind this the SDK walks through messages by recursion, and answers what is deeper with a 500. */
const deepest = 100;

type Refusal = [status: number, message: string, code?: number];

/**
 * Reads the JSON body of a POST. Where there is none that can be taken the request has been answered, and the body is
 * undefined.
 */
export function jsonReader(
  limitBytes: number,
): (req: IncomingMessage, res: ServerResponse) => Promise<unknown> {
  const parse = bodyParser.json({ limit: limitBytes, strict: false, type: () => true });
  const read = (req: IncomingMessage, res: ServerResponse) =>
    new Promise<unknown>((resolve, reject) => {
      parse(req, res, (error?: unknown) => {
        if (error) reject(error);
        else resolve("body" in req ? req.body : undefined);
      });
    });
  return async (req, res) => {
    const given: { body?: unknown; refusal?: Refusal | undefined } = isJsonContentType(
      headerOf(req, "content-type"),
    )
      ? await read(req, res).then(
          (body) => ({ body, refusal: refusalOf(body) }),
          (error: unknown) => ({ refusal: refusalOfError(error, limitBytes) }),
        )
      : { refusal: notJson };
    if (!given.refusal) return given.body;
    refuse(res, ...given.refusal);
    return undefined;
  };
}

const notJson: Refusal = [415, "Unsupported media type: send Content-Type: application/json."];

function refusalOf(body: unknown): Refusal | undefined {
  if (body === undefined)
    return [400, "The request has no body: send one JSON-RPC message.", errorCode.parse];
  if (isDeeper(body, deepest))
    return [400, `The body is nested more than ${deepest} levels deep.`, errorCode.parse];
  return undefined;
}

/** The body parser's errors carry the status they should be answered with; any other is thrown again. */
function refusalOfError(error: unknown, limitBytes: number): Refusal {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  if (typeof status !== "number" || status < 400 || status >= 500) throw error;
  if (status === 413) return [status, `The request body is larger than ${limitBytes} bytes.`];
  if (status === 400) return [status, "The request body is not valid JSON.", errorCode.parse];
  return [status, "The request cannot be read."];
}
