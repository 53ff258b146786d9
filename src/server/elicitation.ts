import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type InputRequiredResult,
  inputRequired,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import type { Redactor } from "../logging/redact.ts";

/**
 * How long we wait for the user's answer, in milliseconds; then the model gets a token instead. The wait also ends
 * `keptForWriteMs` before the 50 s of a call (call.ts) are over. In revision 2026-07-28 the client waits, and `tokenMs`
 * of confirmation.ts is how long its answer is valid.
 */
const waitForUserMs = 30_000;
/** Time of the call that is reserved for the write after the user answers, in milliseconds. */
const keptForWriteMs = 15_000;

/** "none": no answer in time, or the client cancelled. */
export type Answer = "accept" | "decline" | "none";

/** A yes or no, or a page to open. */
interface Question {
  message: string;
  url?: string;
}

/** The user behind the client, as far as the client lets us ask. */
export interface User {
  /** Whether the client declares that it can ask users in this way. */
  canBeAsked(way: "form" | "url"): boolean;
  /**
   * Asks and returns the answer. In revision 2026-07-28 the question is returned instead: the client asks, and repeats
   * the call with the answer and `state`. The state passes through the client, so it must be sealed.
   */
  ask(question: Question, state: string): Promise<Answer | InputRequiredResult>;
  /** In revision 2026-07-28, the answer and the state that came with the retried call. */
  answered(): { answer: Answer; state: string } | undefined;
}

const key = "answer";
const answerSchema = z.looseObject({ action: z.enum(["accept", "decline", "cancel"]) });

/** `endsAt` is when the call's own time is up, in milliseconds since the epoch. */
export function userBehind(
  mcp: McpServer,
  { mcpReq }: ServerContext,
  endsAt: number,
  { redact, redactKeys }: { redact: Redactor; redactKeys: Redactor },
): User {
  const redacted = ({ message, url }: Question): Question => ({
    message: redact.text(message),
    ...(url !== undefined && { url: redactKeys.text(url) }),
  });
  // Only requests of revision 2026-07-28 declare the client's capabilities.
  const declared = declaredIn(mcpReq.envelope);
  const { elicitation } = declared ?? mcp.server.getClientCapabilities() ?? {};
  return {
    canBeAsked(way) {
      if (!elicitation) return false;
      // An empty object means forms: older clients could not declare URLs.
      return way === "url"
        ? "url" in elicitation
        : "form" in elicitation || !("url" in elicitation);
    },
    async ask(asked, state) {
      const question = redacted(asked);
      if (declared !== undefined)
        return inputRequired({
          inputRequests: { [key]: requestOf(question) },
          requestState: state,
        });
      const left = endsAt - keptForWriteMs - performance.now();
      return left > 0 ? askNow(question, mcpReq, Math.min(waitForUserMs, left)) : "none";
    },
    answered() {
      const state = mcpReq.requestState<unknown>();
      if (typeof state !== "string") return undefined;
      const given = answerSchema.safeParse(mcpReq.inputResponses?.[key]);
      return { answer: given.success ? answerOf(given.data.action) : "none", state };
    },
  };
}

/** The name that the client gives itself: in revision 2026-07-28 from the request, in older ones from the session. */
export function clientName(mcp: McpServer, { mcpReq }: ServerContext): string | undefined {
  const own = clientSchema.safeParse(entryOf(mcpReq.envelope, CLIENT_INFO_META_KEY));
  return own.success ? own.data.name : mcp.server.getClientVersion()?.name;
}

const clientSchema = z.looseObject({ name: z.string() });
const capabilitiesSchema = z.looseObject({ elicitation: z.looseObject({}).optional() });

function declaredIn(envelope: object | undefined): z.infer<typeof capabilitiesSchema> | undefined {
  const entry = entryOf(envelope, CLIENT_CAPABILITIES_META_KEY);
  return entry === undefined ? undefined : capabilitiesSchema.parse(entry);
}

function entryOf(envelope: object | undefined, key: string): unknown {
  return Object.entries(envelope ?? {}).find(([name]) => name === key)?.[1];
}

function requestOf({ message, url }: Question) {
  return url === undefined
    ? inputRequired.elicit({ message, requestedSchema: { type: "object", properties: {} } })
    : inputRequired.elicitUrl({ message, url });
}

async function askNow(
  { message, url }: Question,
  { elicitInput, signal }: ServerContext["mcpReq"],
  timeout: number,
): Promise<Answer> {
  const params =
    url === undefined
      ? ({ mode: "form", message, requestedSchema: { type: "object", properties: {} } } as const)
      : ({ mode: "url", message, url, elicitationId: crypto.randomUUID() } as const);
  try {
    const { action } = await elicitInput(params, { timeout, signal });
    return answerOf(action);
  } catch (error) {
    // Elicitation failed in the client, or the user did not answer in time. Fail closed: the model gets a token.
    if (signal.aborted) throw error;
    return "none";
  }
}

function answerOf(action: "accept" | "decline" | "cancel"): Answer {
  return action === "cancel" ? "none" : action;
}
