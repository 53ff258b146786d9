import type * as z from "zod";
import type { Earlier } from "../account/idempotency.ts";
import type { Journal, WrittenRow } from "../account/journal.ts";
import type { Place } from "../account/page-token.ts";
import type { Bigin } from "../bigin/client.ts";
import type { Connections } from "../maton/connections.ts";
import type { Failure } from "../shared/failure.ts";

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
  /** What this account wrote lately. */
  journal: Journal;
  /** The call's connection; asked for by whoever reads the journal. */
  connection(): Promise<string>;
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

/** What a writing tool has prepared, and what must be known of it before it is carried out. */
export interface Planned<Plan> {
  plan: Plan;
  /** How many records it touches; decides with the effect whether it needs a confirmation. */
  records: number;
  /** What will happen, in a sentence for a person. */
  summary: string;
  /** The same for a model, where names in it come from outsiders: those stand between markers. */
  told?: string;
  /** What `dry_run` and a confirmation show: the payload and the expected changes. */
  preview: Record<string, unknown>;
  /** What a confirmation is bound to, besides the account and the tool: resolved arguments and versions of records. */
  bound: unknown;
}

/** What a writing tool did. */
export interface Committed<Reply> {
  reply: Reply;
  /** The records it wrote, for the journal; none for what cannot be undone. */
  written?: { module: string; rows: WrittenRow[] } | undefined;
  /** What the audit log says of it. */
  audit: Readonly<Record<string, unknown>>;
  /** Told instead of the reply: nothing was done, or nothing is known to have been. */
  failure?: Failure | undefined;
}

/** Told to a commit. */
export interface Committing {
  /** Set when the same call may have been carried out before, since then, and its answer was lost: look first. */
  earlier: Earlier | undefined;
}

/** For a write that a person finishes in a browser. */
interface Finish<Reply> {
  /** The page to open; undefined when none is needed. `state` comes back with the answer. */
  page(reply: Reply): { url: string; message: string; state: string } | undefined;
  /** The reply after the person was asked. Commits nothing. */
  resume(state: string, opened: boolean, context: ToolContext): Promise<Reply>;
}

export interface WritingTool<I extends z.ZodObject, O extends z.ZodObject, Plan> extends Described {
  effect: Exclude<Effect, "read">;
  input: I;
  output: O;
  /** Resolves names, checks, takes before-images. Sends nothing that changes anything. */
  plan(args: z.output<I>, context: ToolContext): Promise<Planned<Plan>>;
  /** Carries the plan out and says what became of it. */
  commit(plan: Plan, context: ToolContext, committing: Committing): Promise<Committed<z.input<O>>>;
  finish?: Finish<z.input<O>>;
}

// Methods, not properties, so that a list of tools with different inputs needs no cast.
export type Writer = WritingTool<z.ZodObject, z.ZodObject, unknown>;
export type Tool = ReadingTool<z.ZodObject, z.ZodObject> | Writer;

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
