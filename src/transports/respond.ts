import type { IncomingMessage, ServerResponse } from "node:http";
import { factsOf } from "../logging/log.ts";
import { createRedactor, type Redactor, withoutKeyLike } from "../logging/redact.ts";
import { cleanText } from "../shared/clean-text.ts";
import type { Log } from "./limits.ts";

/** A step before a request is served: true lets it through, false has answered it. */
export type Step = (req: IncomingMessage, res: ServerResponse) => boolean | Promise<boolean>;

export const errorCode = {
  parse: -32700,
  invalidRequest: -32600,
  internal: -32603,
  /** What the SDK's transports use for a request refused before it is dispatched. */
  refused: -32000,
  noSession: -32001,
};

/** A header's text; of one that came several times, all of them. `name` in small letters. */
export function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** The id of an answer, by which its lines in the log are found. */
export function idOf(res: ServerResponse): string {
  return String(res.getHeader("X-Request-Id"));
}

/** Where a request goes, as the routes name it: in small letters, without a slash at the end. */
export function pathOf({ url = "" }: IncomingMessage): string {
  const [path = ""] = url.split("?", 1);
  return (path.length > 1 ? path.replace(/\/$/, "") : path).toLowerCase();
}

/** Takes out what a request shows its right with. */
export function secretsOf(req: IncomingMessage): Redactor {
  const { authorization, "x-maton-api-key": key } = req.headers;
  return createRedactor(
    [authorization?.replace(/^\w+ +/, ""), key].flat().flatMap((one) => one ?? []),
  );
}

export function answerJson(res: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  res
    .writeHead(status, {
      "Content-Type": "application/json; charset=utf-8",
      "Content-Length": body.length,
    })
    .end(body);
}

/** Every answer that is not MCP's own has this shape: clients can read it, and nothing is ever HTML. */
export function refuse(
  res: ServerResponse,
  status: number,
  message: string,
  code = errorCode.refused,
): void {
  const shown = cleanText(withoutKeyLike(secretsOf(res.req).text(message)));
  answerJson(res, status, { jsonrpc: "2.0", error: { code, message: shown }, id: null });
}

/** What nobody foresaw: a line in the log, and an answer that tells nothing of it. */
export function answerBug(res: ServerResponse, error: unknown, log: Log): void {
  log.error(
    { id: idOf(res), err: secretsOf(res.req).value(factsOf(error)) },
    "an HTTP request failed",
  );
  if (res.headersSent) res.destroy();
  else refuse(res, 500, "Internal server error.", errorCode.internal);
}
