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

/** A person is waited for no longer; then the model gets a token instead (design §9). */
const waitForPersonMs = 30_000;
/** Of the call's time, what a person leaves to the write that follows. */
const forTheWriteMs = 15_000;

export type Answer = "accept" | "decline" | "none";

/** A yes or no, or a page to open. */
interface Question {
  message: string;
  url?: string;
}

/** The person behind the client, as far as the client lets us ask. */
export interface Person {
  /** Whether the client declares that it asks people, in this way. */
  canBeAsked(way: "form" | "url"): boolean;
  /**
   * The person's answer; no answer in time, and a client that cancels because nobody is there, are "none". On
   * 2026-07-28 the question is returned instead: the client asks, and makes the same call again with the answer and
   * `state`, which must be sealed, because it passes through the client.
   */
  ask(question: Question, state: string): Promise<Answer | InputRequiredResult>;
  /** On 2026-07-28, what the call that is made again brought along. */
  answered(): { answer: Answer; state: string } | undefined;
}

const key = "answer";
const answerSchema = z.looseObject({ action: z.enum(["accept", "decline", "cancel"]) });

/** `endsAt` is when the call's own time is up, in milliseconds since the epoch. */
export function personBehind(
  mcp: McpServer,
  { mcpReq }: ServerContext,
  endsAt: number,
  { redact, redactKeys }: { redact: Redactor; redactKeys: Redactor },
): Person {
  const discreet = ({ message, url }: Question): Question => ({
    message: redact.text(message),
    ...(url !== undefined && { url: redactKeys.text(url) }),
  });
  // Only requests of 2026-07-28 describe themselves.
  const declared = declaredIn(mcpReq.envelope);
  const isModern = declared !== undefined;
  const { elicitation } = declared ?? mcp.server.getClientCapabilities() ?? {};
  return {
    canBeAsked(way) {
      if (!elicitation) return false;
      // Before URLs there was nothing to declare: an empty object means forms.
      return way === "url"
        ? "url" in elicitation
        : "form" in elicitation || !("url" in elicitation);
    },
    async ask(asked, state) {
      const question = discreet(asked);
      if (isModern)
        return inputRequired({
          inputRequests: { [key]: requestOf(question) },
          requestState: state,
        });
      const left = endsAt - forTheWriteMs - Date.now();
      return left > 0 ? askNow(question, mcpReq, Math.min(waitForPersonMs, left)) : "none";
    },
    answered() {
      const state = mcpReq.requestState<unknown>();
      if (typeof state !== "string") return undefined;
      const given = answerSchema.safeParse(mcpReq.inputResponses?.[key]);
      return { answer: given.success ? answerOf(given.data.action) : "none", state };
    },
  };
}

/** The client's own word for what it is: of each request on 2026-07-28, of the session before. */
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
    // A client that declared it and cannot, or nobody there: fail closed, with the token.
    if (signal.aborted) throw error;
    return "none";
  }
}

function answerOf(action: "accept" | "decline" | "cancel"): Answer {
  return action === "cancel" ? "none" : action;
}
