import type * as z from "zod";
import type { EarlierAttempt } from "../account/idempotency.ts";
import type { Journal } from "../account/journal.ts";
import type { Place } from "../account/page-token.ts";
import type { Bigin } from "../bigin/client.ts";
import type { Connections } from "../maton/connections.ts";
import type { Committed, Planned } from "../reply/results.ts";

export type { Planned } from "../reply/results.ts";

/** What a tool does. It decides the annotations, the read-only filter and confirmation. */
export type Effect = "read" | "create" | "update" | "delete" | "send";

type Toolset = "records" | "metadata" | "connections";

/** What a tool may use. Nothing here outlives the call. */
export interface ToolContext {
  /** Bigin over the call's connection. The connection is chosen with the first request. */
  bigin: Bigin;
  connections: Connections;
  /** Aborts if the caller cancels or the call's time is up. */
  signal: AbortSignal;
  /** Where the call's page_token continues; undefined without one. */
  place: Place | undefined;
  /** A page_token with which the same call continues at `place`. */
  pageToken(place: Place): string;
  /** How many tokens the reply may have. */
  replyTokens: number;
  /** The account's latest writes. */
  journal: Journal;
  /** The id of the call's connection. */
  connection(): Promise<string>;
  /** Reports progress to a client that asked for it. */
  progress(done: number, total: number | undefined, message: string): void;
}

interface ToolBase {
  /** `bigin_verb_noun`, at most 40 characters. */
  name: string;
  title: string;
  /** For agents, in full sentences and everyday words: what it does, when to use it, which tool to use instead. */
  description: string;
  /** Further words that people use for it, at most 60 tokens: hosts with many tools search them by text. */
  searchHint?: string;
  toolset: Toolset;
  /**
   * "connection": works in Bigin, over a connection that the caller may choose. "account": works on the Maton account
   * itself and uses no connection.
   */
  scope: "connection" | "account";
  /**
   * Arguments of calls that succeed against the sandbox. Tests call them over every transport; "{contact}",
   * "{company}", "{deal}", "{connection}" and "{write}" are replaced by ids.
   */
  examples: readonly [Example, ...Example[]];
  /** The property of the reply, or of items of a list in it, that holds a link for the user to open. */
  linkProperty?: string;
}

type Example = Readonly<Record<string, unknown>>;

/** A tool that changes nothing. */
export interface ReadingTool<I extends z.ZodObject, O extends z.ZodObject> extends ToolBase {
  effect: "read";
  /** The tool's own arguments. The catalogue adds the shared ones (see shared-arguments.ts). */
  input: I;
  output: O;
  /** True if the reply is a list that `page_token` continues. */
  paged?: boolean;
  run(args: z.output<I>, context: ToolContext): Promise<z.input<O>>;
}

/** What a commit needs to know. */
export interface Committing {
  /**
   * Set if an earlier attempt of the same call may have been carried out and its reply was lost. Look for its records
   * first.
   */
  earlier: EarlierAttempt | undefined;
}

/** The second half of a write that a user finishes in a browser. */
interface Finish<Reply> {
  /** The page to open; undefined if none is needed. `state` is passed to `resume`. */
  page(reply: Reply): { url: string; message: string; state: string } | undefined;
  /** The reply after the user was asked to open the page. Commits nothing. */
  resume(state: string, opened: boolean, context: ToolContext): Promise<Reply>;
}

/**
 * A tool that changes something. The server calls `plan`, asks for a confirmation if one is needed, then calls `commit`
 * once.
 */
export interface WritingTool<I extends z.ZodObject, O extends z.ZodObject, Plan> extends ToolBase {
  effect: Exclude<Effect, "read">;
  input: I;
  output: O;
  /** True if repeating the call would create records twice, so that it takes an `idempotency_key`. */
  inserts?: boolean;
  /** Resolves names, validates, and reads the records as they are. Has no side effects. */
  plan(args: z.output<I>, context: ToolContext): Promise<Planned<Plan>>;
  /** Carries out the plan and reports the result. */
  commit(plan: Plan, context: ToolContext, committing: Committing): Promise<Committed<z.input<O>>>;
  finish?: Finish<z.input<O>>;
}

// `run`, `plan` and `commit` are methods and not properties, so that tools with different inputs fit into one list.
export type Writer = WritingTool<z.ZodObject, z.ZodObject, unknown>;
export type Tool = ReadingTool<z.ZodObject, z.ZodObject> | Writer;

/**
 * Checks the types of a tool and returns it unchanged. A tool is offered if its file is in the list of tools/index.ts.
 */
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

/** The MCP annotations of an effect. Every tool uses an outside service, so all are open-world. */
export function annotationsOf(effect: Effect): Annotations {
  return {
    readOnlyHint: effect === "read",
    destructiveHint: effect === "update" || effect === "delete" || effect === "send",
    idempotentHint: effect === "read" || effect === "update" || effect === "delete",
    openWorldHint: true,
  };
}
