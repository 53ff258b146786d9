import type { IncomingMessage } from "node:http";
import { isJsonContentType } from "@modelcontextprotocol/server";
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from "express";
import { cleanText } from "../clean.ts";
import { isDeeper } from "../depth.ts";
import { factsOf } from "../log.ts";
import { createRedactor, type Redactor, withoutKeyLike } from "../secrets.ts";
import type { Log } from "./limits.ts";

/** Behind this the SDK walks through messages by recursion, and answers what is deeper with a 500. */
const deepest = 100;

export const errorCode = {
  parse: -32700,
  invalidRequest: -32600,
  internal: -32603,
  /** What the SDK's transports use for a request refused before it is dispatched. */
  refused: -32000,
  noSession: -32001,
};

/** Takes out what a request shows its right with. */
export function secretsOf(req: IncomingMessage): Redactor {
  const { authorization, "x-maton-api-key": key } = req.headers;
  return createRedactor(
    [authorization?.replace(/^\w+ +/, ""), key].flat().flatMap((one) => one ?? []),
  );
}

/** Every answer that is not MCP's own has this shape: clients can read it, and nothing is ever HTML. */
export function refuse(
  res: Response,
  status: number,
  message: string,
  code = errorCode.refused,
): void {
  const shown = cleanText(withoutKeyLike(secretsOf(res.req).text(message)));
  res.status(status).json({ jsonrpc: "2.0", error: { code, message: shown }, id: null });
}

export function allowMethods(...methods: string[]): RequestHandler {
  return (req, res, next) => {
    if (methods.includes(req.method)) return next();
    res.set("Allow", methods.join(", "));
    refuse(res, 405, `Method not allowed: use ${methods.join(" or ")}.`);
  };
}

/** Reads a JSON body into `req.body`. After it, a POST surely has one. */
export function readJson(limitBytes: number): RequestHandler[] {
  return [
    (req, res, next) => {
      if (req.method !== "POST" || isJsonContentType(req.get("content-type"))) return next();
      refuse(res, 415, "Unsupported media type: send Content-Type: application/json.");
    },
    express.json({ limit: limitBytes, strict: false, type: () => true }),
    (req, res, next) => {
      if (req.method !== "POST" || req.body !== undefined) return next();
      refuse(res, 400, "The request has no body: send one JSON-RPC message.", errorCode.parse);
    },
    (req, res, next) => {
      if (!isDeeper(req.body, deepest)) return next();
      refuse(res, 400, `The body is nested more than ${deepest} levels deep.`, errorCode.parse);
    },
  ];
}

/** The last handler of the app: what the body parser refused, and what nobody foresaw. */
export function lastResort(log: Log, limitBytes: number): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error, req, res, _next) => {
    const refusal = refusalOf(error, limitBytes);
    if (refusal === undefined) {
      log.error(
        { id: res.getHeader("X-Request-Id"), err: secretsOf(req).value(factsOf(error)) },
        "an HTTP request failed",
      );
    }
    if (res.headersSent) {
      res.destroy();
      return;
    }
    const { status, message, code } = refusal ?? internal;
    refuse(res, status, message, code);
  };
}

interface Refusal {
  status: number;
  message: string;
  code: number;
}

const internal: Refusal = {
  status: 500,
  message: "Internal server error.",
  code: errorCode.internal,
};

function refusalOf(error: unknown, limitBytes: number): Refusal | undefined {
  const status = clientErrorStatus(error);
  if (status === undefined) return undefined;
  if (status === 413) {
    const message = `The request body is larger than ${limitBytes} bytes.`;
    return { status, message, code: errorCode.refused };
  }
  if (status === 400) {
    return { status, message: "The request body is not valid JSON.", code: errorCode.parse };
  }
  return { status, message: "The request cannot be read.", code: errorCode.refused };
}

/** The body parser's errors carry the status they should be answered with. */
function clientErrorStatus(error: unknown): number | undefined {
  if (!(error instanceof Error && "status" in error)) return undefined;
  const { status } = error;
  return typeof status === "number" && status >= 400 && status < 500 ? status : undefined;
}
