import type { InputRequiredResult } from "@modelcontextprotocol/server";
import type { OpenedToken, SealedTokens } from "../account/sealed-token.ts";
import { cleanText } from "../shared/clean-text.ts";
import { badArguments, Failure } from "../shared/failure.ts";
import { type Confirm, needsConfirmation } from "../tool/confirm.ts";
import type { Planned } from "../tool/define.ts";
import type { SharedArguments } from "../tool/shared-arguments.ts";
import type { Committer } from "./commit.ts";
import type { Answer, User } from "./elicitation.ts";

/** How long a confirm token, and the state a client carries between two calls, are valid, in milliseconds. */
const tokenMs = 5 * 60_000;

type Reply = Record<string, unknown>;

/** What a confirmation needs to know about a write. */
export interface ToConfirm extends Committer {
  /** The arguments of the tool itself, without the shared ones. */
  own: Reply;
  shared: SharedArguments;
  user: User;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  sealedTokens: SealedTokens;
  /** Prepares the plan. */
  prepare(): Promise<Planned<unknown>>;
}

/**
 * Called just before a write is sent. Uses up the token or answer that allows the write, and throws if it is not valid.
 */
type Gate = () => Promise<void>;

/** Returns the gate of a write, or the reply that asks for a confirmation. */
export async function confirm(
  write: ToConfirm,
  planned: Planned<unknown>,
): Promise<Reply | InputRequiredResult | Gate> {
  const { tool, shared, user, sealedTokens } = write;
  const effect = planned.losesItems ? "delete" : tool.effect;
  const isNeeded = planned.mustConfirm || needsConfirmation(effect, planned.records, write.confirm);
  if (!isNeeded) return async () => undefined;
  const what = await boundTo(write, planned);
  const given = shared.confirm_token;
  if (given !== undefined)
    return async () => {
      const opened = await sealedTokens.spend(given, ["confirm", what]);
      if (!opened.ok) throw badArguments(whyTokenRefused[opened.why]);
    };
  if (!user.canBeAsked("form")) return tokenReply(write, planned, what);
  const came = user.answered();
  if (came) return judge(write, planned, what, came);
  const { token: state } = sealedTokens.seal(["asked", what], "", tokenMs);
  const answer = await user.ask({ message: cleanText(planned.summary) }, state);
  if (typeof answer !== "string") return answer;
  // The user may have taken some time, so the write is planned again: it must still be what they agreed to.
  const now = answer === "accept" ? await boundTo(write, await write.prepare()) : what;
  return judge(write, planned, now, { answer, state });
}

async function judge(
  write: ToConfirm,
  planned: Planned<unknown>,
  what: unknown,
  { answer, state }: { answer: Answer; state: string },
): Promise<Reply | Gate> {
  const { sealedTokens } = write;
  switch (answer) {
    case "accept":
      return async () => {
        const opened = await sealedTokens.spend(state, ["asked", what]);
        if (!opened.ok)
          throw badArguments(opened.why === "other_call" ? changedMeanwhile : answerRefused);
      };
    case "none":
      await sealedTokens.spend(state, ["asked", what]);
      return tokenReply(write, planned, what);
    case "decline":
      // Also revoke tokens that were issued because an earlier question was not answered.
      for (const purpose of ["asked", "confirm"])
        await sealedTokens.revoke([purpose, what], tokenMs);
      throw new Failure({
        origin: "caller",
        kind: "declined",
        message: `Nothing was sent. The user declined: ${planned.deed ?? planned.summary}`,
      });
  }
}

/** The token protects against mistakes of a model. It does not prove that a user agreed. */
function tokenReply({ sealedTokens }: ToConfirm, planned: Planned<unknown>, what: unknown): Reply {
  const { token, expiresAt } = sealedTokens.seal(["confirm", what], "", tokenMs);
  return {
    status: "confirmation_required",
    would: planned.markedSummary ?? planned.summary,
    confirm_token: token,
    expires_at: expiresAt.toISOString(),
    preview: planned.preview,
    next: "Nothing was sent. If the user wants it, make the same call with this confirm_token.",
  };
}

const whyTokenRefused: Readonly<Record<Exclude<OpenedToken, { ok: true }>["why"], string>> = {
  not_ours:
    "This confirm_token was not made by this server, or was altered. Nothing was sent. To get a new token, call without this one.",
  other_call:
    "This confirm_token does not match: it was made for other arguments, or a record has changed since. Nothing was sent. To see the current state, call without it.",
  expired:
    "This confirm_token is older than five minutes. Nothing was sent. To get a new token, call without this one.",
  used: "This confirm_token was used already, or the user has declined since. Nothing was sent. To get a new token, call without this one.",
};
const changedMeanwhile =
  "A record or the call changed while the user was deciding. Nothing was sent. Make the same call again.";
const answerRefused =
  "The user's answer is not valid: it was already used, it came after more than five minutes, or it was altered. Nothing was sent. Make the same call again.";

/** What the user agrees to: the arguments as they came and as they were resolved, and the versions of the records. */
async function boundTo({ tool, own, context }: ToConfirm, { bound }: Planned<unknown>) {
  const over = tool.scope === "account" ? undefined : await context.connection();
  return [tool.name, over, own, bound];
}
