import type * as z from "zod";
import type { Bigin } from "../bigin/client.ts";
import type { Connections } from "../maton/connections.ts";
import type { Place } from "./bookmark.ts";

/** What a tool does to the world. Annotations, the read-only filter and confirmation all follow from it. */
export type Effect = "read" | "create" | "update" | "delete" | "send";

type Toolset = "records" | "metadata" | "connections";

/** What a tool may use. Nothing here outlives the call. */
export interface ToolContext {
  /** Bigin over the call's connection, which is chosen when the first request goes out. */
  bigin: Bigin;
  connections: Connections;
  /** Aborts when the caller cancels or the call's time is up. */
  signal: AbortSignal;
  /** Where the call's page_token goes on; undefined for a call without one. */
  place: Place | undefined;
  /** The page_token with which this same call goes on at a place. */
  bookmark(place: Place): string;
  /** How many tokens a reply may have. */
  replyTokens: number;
  /** Tells the client how far a long call has come; silently nothing where it did not ask to hear. */
  progress(done: number, total: number | undefined, message: string): void;
}

interface Described {
  /** `bigin_verb_noun`, at most 40 characters. */
  name: string;
  title: string;
  /** For an agent: what it does, when to use it, its limits, what comes back. */
  description: string;
  toolset: Toolset;
}

export interface ReadingTool<I extends z.ZodObject, O extends z.ZodObject> extends Described {
  effect: "read";
  input: I;
  output: O;
  run(args: z.output<I>, context: ToolContext): Promise<z.input<O>>;
}

export interface WritingTool<I extends z.ZodObject, O extends z.ZodObject, Plan> extends Described {
  effect: Exclude<Effect, "read">;
  input: I;
  output: O;
  /** Resolves names, checks, takes before-images. Sends nothing that changes anything. */
  plan(args: z.output<I>, context: ToolContext): Promise<Plan>;
  /** Carries the plan out and says what became of it. */
  commit(plan: Plan, context: ToolContext): Promise<z.input<O>>;
}

// Methods, not properties, so that a list of tools with different inputs needs no cast.
export type Tool =
  | ReadingTool<z.ZodObject, z.ZodObject>
  | WritingTool<z.ZodObject, z.ZodObject, unknown>;

/** Gives a tool its types; a tool is data and registers nothing. */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(
  tool: ReadingTool<I, O>,
): Tool;
export function defineTool<I extends z.ZodObject, O extends z.ZodObject, Plan>(
  tool: WritingTool<I, O, Plan>,
): Tool;
export function defineTool(tool: Tool): Tool {
  return tool;
}

export interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** The four MCP hints of an effect. Every tool talks to a service outside, so all are open-world. */
export function annotationsOf(effect: Effect): Annotations {
  return {
    readOnlyHint: effect === "read",
    destructiveHint: effect === "update" || effect === "delete" || effect === "send",
    idempotentHint: effect === "read" || effect === "update" || effect === "delete",
    openWorldHint: true,
  };
}
