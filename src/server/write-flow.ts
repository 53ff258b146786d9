import type { InputRequiredResult } from "@modelcontextprotocol/server";
import type { EarlierAttempt, Idempotency, KeyedCall } from "../account/idempotency.ts";
import { badArguments, Failure } from "../shared/failure.ts";
import { mayNeedConfirmation } from "../tool/confirm.ts";
import { commit } from "./commit.ts";
import { confirm, type ToConfirm } from "./confirmation.ts";

/**
 * How long a user may take to finish a write in the browser, in milliseconds. After that the call cannot be resumed.
 */
const finishMs = 60 * 60_000;

type Reply = Record<string, unknown>;

/** A writing tool's call. */
export interface Write extends ToConfirm {
  idempotency: Idempotency;
}

/**
 * Runs a write: plan, dry run, confirmation, then one commit, with its line in the audit log and its entry in the
 * journal. Nothing is sent before the commit. In revision 2026-07-28 the question to the user is returned, and the
 * retried call plans again. Its plan must be the one that the user saw.
 */
export async function runWrite(write: Write): Promise<Reply | InputRequiredResult> {
  const { shared, idempotency, audit } = write;
  const keyed = await keyedCall(write);
  const earlier = async () => keyed && idempotency.earlier(keyed);
  const known = shared.dry_run ? undefined : await earlier();
  if (known) return repeated(known);
  const state = await finishState(write);
  if (state !== undefined) return resume(write, state);
  const planned = await write.prepare();
  if (shared.dry_run)
    return {
      status: "dry_run",
      would: planned.markedSummary ?? planned.summary,
      ...planned.preview,
    };
  await audit?.ready();
  const gate = await confirm(write, planned);
  if (typeof gate !== "function") return gate;
  // A call with the same key, and perhaps the same token, may have been carried out meanwhile.
  const twin = await earlier();
  if (twin) return repeated(twin);
  if (!keyed) {
    await gate();
    return finished(write, await commit(write, planned, undefined));
  }
  // Concurrent calls with one key share one gate too, because their token is valid only once.
  const work = async (before: EarlierAttempt | undefined, wrote: (id: string) => Promise<void>) => {
    await gate();
    return commit(write, planned, before, wrote);
  };
  return idempotency.run(keyed, work, isInDoubt);
}

/**
 * The idempotency key of a call with its scope; undefined without a key. The scope has the connection, because sessions
 * of one account may use different ones.
 */
async function keyedCall({ tool, own, shared, context }: Write): Promise<KeyedCall | undefined> {
  const key = shared.idempotency_key;
  if (key === undefined) return undefined;
  const over = tool.scope === "account" ? "" : await context.connection();
  return { scope: `${tool.name} ${over}`, key, args: own };
}

/** Asks the user to open a page if the write needs one and the client can show it. */
async function finished(write: Write, reply: Reply): Promise<Reply | InputRequiredResult> {
  const { tool, user, sealedTokens, context } = write;
  const page = tool.finish?.page(reply);
  if (!tool.finish || !page || !user.canBeAsked("url")) return reply;
  const { token } = sealedTokens.seal(["finish", tool.name], page.state, finishMs);
  const answer = await user.ask({ message: page.message, url: page.url }, token);
  if (typeof answer !== "string") return answer;
  try {
    return await tool.finish.resume(page.state, answer === "accept", context);
  } catch (error) {
    // A read that fails must not hide what was written.
    if (error instanceof Failure || context.signal.aborted) return reply;
    throw error;
  }
}

interface FinishState {
  opened: boolean;
  payload: string;
}

/**
 * The state of a call that is retried after the user opened the page; undefined for every other call. Any other state
 * is left to the confirmation, and refused if there is none, so that nothing is written for it.
 */
async function finishState(write: Write): Promise<FinishState | undefined> {
  const { tool, user, sealedTokens } = write;
  const came = tool.finish && user.answered();
  if (!came) return undefined;
  const opened = await sealedTokens.open(came.state, ["finish", tool.name]);
  if (opened.ok) return { opened: came.answer === "accept", payload: opened.payload };
  if (mayNeedConfirmation(tool.effect, write.confirm)) return undefined;
  throw badArguments(
    "This answer belongs to no open question of this server. Look at what exists already before you call again.",
  );
}

/** The state says what was written, so that it is not written twice. */
async function resume(
  { tool, context }: Write,
  { payload, opened }: FinishState,
): Promise<Reply | InputRequiredResult> {
  if (!tool.finish) throw new Error(`${tool.name} has nothing to finish`);
  return tool.finish.resume(payload, opened, context);
}

/** Whether an attempt may have written something that its reply or error does not report. */
function isInDoubt(outcome: unknown): boolean {
  if (outcome instanceof Failure) return outcome.facts.mayHaveHappened === true;
  if (outcome instanceof Error) return true;
  // Uses the count, because a long reply does not show every row.
  return isObject(outcome) && Number(outcome["unknown"] ?? 0) > 0;
}

function isObject(value: unknown): value is Reply {
  return typeof value === "object" && value !== null;
}

function repeated(reply: Reply): Reply {
  return { ...reply, repeated: "this idempotency_key was used before; this is the first result" };
}
