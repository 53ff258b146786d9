import type { WrittenRow } from "../account/journal.ts";
import type { Place } from "../account/page-token.ts";
import type { Bigin } from "../bigin/client.ts";
import type { Failure } from "../shared/failure.ts";

/** What shaping a reply needs from the call. */
export interface ReplyContext {
  bigin: Pick<Bigin, "understand">;
  /** How many tokens the reply may have. */
  replyTokens: number;
  /** The page_token that continues the call at a place. */
  pageToken(place: Place): string;
}

/** What a writing tool has prepared, and what must be known before it is executed. */
export interface Planned<Plan> {
  plan: Plan;
  /** How many records it changes; decides with the effect whether it needs a confirmation. */
  records: number;
  /** What will happen, in a sentence for a person. */
  summary: string;
  /** The same for a model: names that outsiders may have written are between markers. */
  told?: string;
  /** What `dry_run` and a confirmation show: the payload and the expected changes. */
  preview: Record<string, unknown>;
  /** What a confirmation is bound to, besides the account and the tool: resolved arguments and versions of records. */
  bound: unknown;
}

/** What a writing tool did. */
export interface Committed<Reply> {
  reply: Reply;
  /** The records it wrote, for the journal; absent for what cannot be undone. */
  written?: { module: string; rows: WrittenRow[] } | undefined;
  /** What the audit log says about it. */
  audit: Readonly<Record<string, unknown>>;
  /** Reported instead of the reply: nothing was done, or nothing is known to have been done. */
  failure?: Failure | undefined;
}
