import type { ServerResponse } from "node:http";
import { ProtocolError } from "@modelcontextprotocol/server";
import * as z from "zod";
import { factsOf } from "../logging/log.ts";
import { withoutKeyLike } from "../logging/redact.ts";
import type { Log } from "./limits.ts";
import { idOf, secretsOf } from "./respond.ts";

type WebRequest = globalThis.Request;
type WebResponse = globalThis.Response;

const longestReason = 200;

export interface Refusals {
  /** Makes a server for a request, and keeps in mind why it could not be made. */
  watch<T>(request: WebRequest | undefined, make: () => T): T;
  /** Tells the log of an answer that is a refusal, and gives the answer back. */
  note(answer: WebResponse, request: WebRequest, res: ServerResponse): Promise<WebResponse>;
  /** For what the SDK reports: it does not say of which request, so only what `note` cannot tell is logged. */
  onerror(error: Error): void;
}

/** Which requests of 2026-07-28 were not served and why, in lines that are found by the id of the answer. */
export function createRefusals(log: Log): Refusals {
  const causes = new WeakMap<WebRequest, unknown>();
  const told = new WeakSet<object>();
  return {
    watch(request, make) {
      try {
        return make();
      } catch (error) {
        if (request && error instanceof Error) {
          causes.set(request, error);
          told.add(error);
        }
        throw error;
      }
    },
    async note(answer, request, res) {
      const { status } = answer;
      if (status < 400 || answer.body === null) return answer;
      const facts = { id: idOf(res), status, ...(await saidIn(answer)) };
      const cause = causes.get(request);
      const err = cause === undefined ? {} : { err: factsOf(cause) };
      const shown = secretsOf(res.req).value({ ...facts, ...err });
      log[status < 500 ? "warn" : "error"](shown, "an MCP request was not served");
      return answer;
    },
    onerror(error) {
      const isRefusal = error instanceof ProtocolError || /^Rejected inbound/.test(error.message);
      if (isRefusal || told.has(error)) return;
      // Behind the colon stands what was sent, and that may be the caller's key.
      const reason = error.message.split(":")[0];
      log.error({ type: error.name, reason }, "serving MCP failed");
    },
  };
}

const refusal = z.object({ error: z.object({ code: z.number(), message: z.string() }) });

/** The SDK's refusals are JSON-RPC errors that may quote what was sent. */
async function saidIn(answer: WebResponse): Promise<{ code?: number; reason?: string }> {
  if (!answer.headers.get("content-type")?.includes("json")) return {};
  const { data } = refusal.safeParse(await answer.clone().json());
  if (!data) return {};
  const reason = withoutKeyLike(data.error.message).slice(0, longestReason);
  return { code: data.error.code, reason };
}
