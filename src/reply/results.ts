import type { WrittenRow } from "../account/journal.ts";
import type { Place } from "../account/page-token.ts";
import type { Bigin } from "../bigin/client.ts";
import type { Failure } from "../shared/failure.ts";

/** What a reply needs to know about the call. */
export interface ReplyContext {
  bigin: Pick<Bigin, "understand">;
  /** How many tokens the reply may have. */
  replyTokens: number;
  /** The page_token with which the call continues at a place. */
  pageToken(place: Place): string;
}

/** A write that is prepared but not sent. */
export interface Planned<Plan> {
  plan: Plan;
  /** How many records it changes. Together with the tool's effect this decides whether it needs a confirmation. */
  records: number;
  /** True if it must be confirmed whatever the settings say, because it destroys records that the call does not name. */
  mustConfirm?: boolean;
  /** True if it removes items from lists without naming them: it then needs the same confirmation as a delete. */
  losesItems?: boolean;
  /** What will happen, in a sentence for a person. */
  summary: string;
  /** The same sentence for a model: names that outsiders may have written are wrapped in markers. */
  markedSummary?: string;
  /** Its first part: only what would be done, without what would follow from it and how it could be undone. */
  deed?: string;
  /** What `dry_run` and a confirmation show: the payload and the expected changes. */
  preview: Record<string, unknown>;
  /**
   * What a confirmation is bound to, in addition to the account and the tool: resolved arguments and versions of
   * records.
   */
  bound: unknown;
}

/** A write that was sent. */
export interface Committed<Reply> {
  reply: Reply;
  /** The records it wrote, for the journal; absent if it cannot be undone. */
  written?: { module: string; rows: WrittenRow[] } | undefined;
  /** The facts for the audit log. */
  audit: Readonly<Record<string, unknown>>;
  /** Reported instead of the reply if nothing is known to have been written. */
  failure?: Failure | undefined;
}
