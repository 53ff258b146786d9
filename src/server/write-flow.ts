import type { InputRequiredResult } from "@modelcontextprotocol/server";
import type { Earlier, Repeats } from "../account/idempotency.ts";
import type { Seals, Opened as Unsealed } from "../account/sealed-token.ts";
import { cleanText } from "../shared/clean-text.ts";
import { badArguments, Failure } from "../shared/failure.ts";
import { type Confirm, mayNeedConfirmation, needsConfirmation } from "../tool/confirm.ts";
import type { Planned } from "../tool/define.ts";
import { type Committer, commit } from "./commit.ts";
import type { Answer, Person } from "./elicitation.ts";

/** A confirm token, and what a client carries between two calls, is good for so long (design §9). */
const tokenMs = 5 * 60_000;
/** A page may lie open for longer, and what was made for it must not be made twice. */
const finishMs = 60 * 60_000;

type Reply = Record<string, unknown>;

/** What a write needs besides its tool. */
export interface Write extends Committer {
  args: Reply;
  person: Person;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  seals: Seals;
  repeats: Repeats;
  /** Prepares the plan; once more where a name may be new in Bigin. */
  prepare(): Promise<Planned<unknown>>;
}

/**
 * The way of a write: plan, dry run, confirmation, then the commit, once, with its line in the audit log and its entry
 * in the journal. Nothing is sent before the commit; on 2026-07-28 the question to a person is returned, and the call
 * that is made again plans anew and must fit what the person saw.
 */
export async function write(asked: Write): Promise<Reply | InputRequiredResult> {
  const { args, repeats, audit } = asked;
  const key = textOf(args["idempotency_key"]);
  const scope = key === undefined ? "" : await scopeOf(asked);
  const earlier = () =>
    key === undefined ? undefined : repeats.earlier(scope, key, repeatable(args));
  const known = earlier();
  if (known && args["dry_run"] !== true) return repeated(await known);
  const state = finishState(asked);
  if (state !== undefined) return resume(asked, state);
  const planned = await asked.prepare();
  if (args["dry_run"] === true)
    return { status: "dry_run", would: planned.told ?? planned.summary, ...planned.preview };
  await audit?.ready();
  const gate = await confirmation(asked, planned);
  if (typeof gate !== "function") return gate;
  // A call with the same key, and perhaps the same token, may have come through meanwhile.
  const twin = earlier();
  if (twin !== undefined) return repeated(await twin);
  gate();
  if (key === undefined) return finished(asked, await commit(asked, planned, undefined));
  const work = (before: Earlier | undefined, wrote: (id: string) => void) =>
    commit(asked, planned, before, wrote);
  return repeats.run(scope, key, repeatable(args), work, isInDoubt);
}

/** Lets one write through, once; throws when what was given for it is worth nothing. */
type Gate = () => void;

/** The gate of the write, or what is answered instead. */
async function confirmation(
  asked: Write,
  planned: Planned<unknown>,
): Promise<Reply | InputRequiredResult | Gate> {
  const { tool, args, person, seals } = asked;
  if (!needsConfirmation(tool.effect, planned.records, asked.confirm)) return () => undefined;
  const what = await boundTo(asked, planned);
  const given = textOf(args["confirm_token"]);
  if (given !== undefined)
    return () => {
      const opened = seals.spend(given, ["confirm", what]);
      if (!opened.ok) throw badArguments(whyTokenRefused[opened.why]);
    };
  if (!person.canBeAsked("form")) return tokenReply(asked, planned, what);
  const came = person.answered();
  if (came) return judged(asked, planned, what, came);
  const { token: state } = seals.seal(["asked", what], "", tokenMs);
  const answer = await person.ask({ message: cleanText(planned.summary) }, state);
  if (typeof answer !== "string") return answer;
  // The person took a while: what they agreed to must still be so.
  const now = answer === "accept" ? await boundTo(asked, await asked.prepare()) : what;
  return judged(asked, planned, now, { answer, state });
}

function judged(
  asked: Write,
  planned: Planned<unknown>,
  what: unknown,
  { answer, state }: { answer: Answer; state: string },
): Reply | Gate {
  const { seals } = asked;
  switch (answer) {
    case "accept":
      return () => {
        const opened = seals.spend(state, ["asked", what]);
        if (!opened.ok)
          throw badArguments(opened.why === "other_call" ? changedMeanwhile : answerRefused);
      };
    case "none":
      seals.spend(state, ["asked", what]);
      return tokenReply(asked, planned, what);
    case "decline":
      // Also of a token that was given because an earlier question stayed unanswered.
      for (const purpose of ["asked", "confirm"]) seals.revoke([purpose, what], tokenMs);
      throw new Failure({
        origin: "caller",
        kind: "declined",
        message: `the person declined: ${planned.told ?? planned.summary} Nothing was sent.`,
      });
  }
}

/** The token makes a model look twice; it is not a person's consent. */
function tokenReply({ seals }: Write, planned: Planned<unknown>, what: unknown): Reply {
  const { token, expiresAt } = seals.seal(["confirm", what], "", tokenMs);
  return {
    status: "confirmation_required",
    would: planned.told ?? planned.summary,
    confirm_token: token,
    expires_at: expiresAt.toISOString(),
    preview: planned.preview,
    next: "Nothing was sent. If the user wants it, make the same call with this confirm_token.",
  };
}

const whyTokenRefused: Readonly<Record<Exclude<Unsealed, { ok: true }>["why"], string>> = {
  not_ours:
    "This confirm_token is not one of this server's, or was altered. Nothing was sent: call without it for a new one.",
  other_call:
    "This confirm_token does not fit: the arguments are others than it was made for, or a record has changed since. Nothing was sent: call without it to see how things are.",
  expired:
    "This confirm_token is older than five minutes. Nothing was sent: call without it for a new one.",
  used: "This confirm_token was used already, or the person declined since. Nothing was sent: call without it for a new one.",
};
const changedMeanwhile =
  "A record, or the call, was changed while the person was asked. Nothing was sent: make the same call again.";
const answerRefused =
  "The person's answer belongs to no open question: it was used already, came after more than five minutes, or was altered. Nothing was sent: make the same call again.";

/** What is agreed to: the arguments as they came and as they were resolved, and the versions of the records. */
async function boundTo({ tool, args, context }: Write, { bound }: Planned<unknown>) {
  const { connection_id: named, ...rest } = plain(args);
  const over = tool.toolset === "connections" ? named : await context.connection();
  return [tool.name, over, rest, bound];
}

/** Asks the person to open a page, where the write needs one and the client can show it. */
async function finished(asked: Write, reply: Reply): Promise<Reply | InputRequiredResult> {
  const { tool, person, seals, context } = asked;
  const page = tool.finish?.page(reply);
  if (!tool.finish || !page || !person.canBeAsked("url")) return reply;
  const { token } = seals.seal(["finish", tool.name], page.state, finishMs);
  const answer = await person.ask({ message: page.message, url: page.url }, token);
  if (typeof answer !== "string") return answer;
  try {
    return await tool.finish.resume(page.state, answer === "accept", context);
  } catch (error) {
    // What was written must not be hidden by a later look that fails.
    if (error instanceof Failure || context.signal.aborted) return reply;
    throw error;
  }
}

interface FinishState {
  opened: boolean;
  payload: string;
}

/**
 * What the call that is made again after `finished` brings along; undefined for every other call. A state that is not
 * such a one is left to the confirmation, and refused where there is none, so that nothing is written for it.
 */
function finishState({ tool, person, seals, confirm }: Write): FinishState | undefined {
  const came = tool.finish && person.answered();
  if (!came) return undefined;
  const opened = seals.open(came.state, ["finish", tool.name]);
  if (opened.ok) return { opened: came.answer === "accept", payload: opened.payload };
  if (mayNeedConfirmation(tool.effect, confirm)) return undefined;
  throw badArguments(
    "This answer belongs to no open question of this server. Look what there is already before calling anew.",
  );
}

/** What was written stands in the state, and is not written twice. */
async function resume(
  { tool, context }: Write,
  { payload, opened }: FinishState,
): Promise<Reply | InputRequiredResult> {
  if (!tool.finish) throw new Error(`${tool.name} has nothing to finish`);
  return tool.finish.resume(payload, opened, context);
}

/** Whether a first try may have done something that neither its reply nor its error knows of. */
function isInDoubt(outcome: unknown): boolean {
  if (outcome instanceof Failure) return outcome.facts.mayHaveHappened === true;
  if (outcome instanceof Error) return true;
  // The count, because of many rows the reply shows only some.
  return isObject(outcome) && Number(outcome["unknown"] ?? 0) > 0;
}

function isObject(value: unknown): value is Reply {
  return typeof value === "object" && value !== null;
}

function repeated(reply: Reply): Reply {
  return { ...reply, repeated: "this idempotency_key was used before; this is the first result" };
}

/** The connection itself, however it was chosen: sessions of one account may have others by default. */
async function scopeOf({ tool, context }: Write): Promise<string> {
  return `${tool.name} ${tool.toolset === "connections" ? "" : await context.connection()}`;
}

/** The arguments that make a call what it is. */
function plain(args: Reply): Reply {
  const { dry_run: _dry, confirm_token: _token, idempotency_key: _key, ...rest } = args;
  return rest;
}

/** The same, without the connection, which stands in the key. */
function repeatable(args: Reply): Reply {
  const { connection_id: _connection, ...rest } = plain(args);
  return rest;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
