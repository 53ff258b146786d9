import type { InputRequiredResult } from "@modelcontextprotocol/server";
import type { Answer, Person } from "./asking.ts";
import type { Audit } from "./audit.ts";
import { badArguments, Failure } from "./failure.ts";
import type { Confirm } from "./tool/confirm.ts";
import { needsConfirmation } from "./tool/confirm.ts";
import type { Planned, ToolContext, Writer } from "./tool/define.ts";
import type { Earlier, Repeats } from "./tool/repeats.ts";
import type { Seals, Opened as Unsealed } from "./tool/seal.ts";

/** A confirm token, and what a client carries between two calls, is good for so long (design §9). */
const tokenMs = 5 * 60_000;

type Reply = Record<string, unknown>;

/** What a write needs besides its tool. */
export interface Write {
  tool: Writer;
  args: Reply;
  context: ToolContext;
  person: Person;
  /** Which writes need a confirmation. */
  confirm: Confirm;
  seals: Seals;
  repeats: Repeats;
  audit: Audit | undefined;
  /** Who the audit log names. */
  caller: Readonly<Record<string, unknown>>;
  /** Prepares the plan; once more where a name may be new in Bigin. */
  prepare(): Promise<Planned<unknown>>;
}

/**
 * The way of a write: plan, dry run, confirmation, then the commit, once, with its line in the audit log and its entry
 * in the journal. Nothing is sent before the commit; on 2026-07-28 the question to a person is returned, and the call
 * that is made again plans anew and must fit what the person saw.
 */
export async function write(asked: Write): Promise<Reply | InputRequiredResult> {
  const { tool, args, person, repeats } = asked;
  const key = textOf(args["idempotency_key"]);
  const scoped = key === undefined ? undefined : await keyOf(asked, key);
  const known = scoped === undefined ? undefined : repeats.earlier(scoped, plain(args));
  if (known && args["dry_run"] !== true) return repeated(await known);
  const resumed = tool.finish && person.answered();
  if (resumed) return resume(asked, resumed);
  const planned = await asked.prepare();
  if (args["dry_run"] === true)
    return { status: "dry_run", would: planned.summary, ...planned.preview };
  const refusal = await confirmation(asked, planned);
  if (refusal) return refusal;
  if (scoped === undefined) return finished(asked, await commit(asked, planned, undefined));
  return repeats.run(scoped, plain(args), (earlier) => commit(asked, planned, earlier), isInDoubt);
}

/** Undefined when the write may go on; else what is answered instead. */
async function confirmation(
  asked: Write,
  planned: Planned<unknown>,
): Promise<Reply | InputRequiredResult | undefined> {
  const { tool, args, person, seals } = asked;
  if (!needsConfirmation(tool.effect, planned.records, asked.confirm)) return undefined;
  const binding = await bindingOf(asked, planned);
  const given = textOf(args["confirm_token"]);
  if (given !== undefined) {
    const opened = seals.spend(given, binding);
    if (!opened.ok) throw badArguments(whyRefused[opened.why]);
    return undefined;
  }
  if (!person.canBeAsked("form")) return tokenReply(asked, planned, binding);
  const came = person.answered();
  if (came) return judged(came.answer, seals.spend(came.state, binding), asked, planned, binding);
  const { token } = seals.seal(binding, "asked", tokenMs);
  const answer = await person.ask({ message: planned.summary }, token);
  if (typeof answer !== "string") return answer;
  // The person took a while: what they agreed to must still be so.
  const again = answer === "accept" ? await bindingOf(asked, await asked.prepare()) : binding;
  return judged(answer, seals.spend(token, again), asked, planned, binding);
}

function judged(
  answer: Answer,
  opened: Unsealed,
  asked: Write,
  planned: Planned<unknown>,
  binding: unknown,
): Reply | undefined {
  if (answer === "decline")
    throw new Failure({
      origin: "caller",
      kind: "declined",
      message: `the person declined: ${planned.summary} Nothing was sent.`,
    });
  if (answer === "none") return tokenReply(asked, planned, binding);
  if (opened.ok) return undefined;
  throw badArguments(
    opened.why === "other_call"
      ? "A record was changed while the person was asked. Nothing was sent: make the same call again."
      : whyRefused[opened.why],
  );
}

/** The token makes a model look twice; it is not a person's consent. */
function tokenReply({ seals }: Write, planned: Planned<unknown>, binding: unknown): Reply {
  const { token, expiresAt } = seals.seal(binding, "confirm", tokenMs);
  return {
    status: "confirmation_required",
    would: planned.summary,
    confirm_token: token,
    expires_at: expiresAt.toISOString(),
    preview: planned.preview,
    next: "Nothing was sent. If the user wants it, make the same call with this confirm_token.",
  };
}

const whyRefused: Readonly<Record<Exclude<Unsealed, { ok: true }>["why"], string>> = {
  not_ours:
    "This confirm_token is not one of this server's, or was altered. Nothing was sent: call without it for a new one.",
  other_call:
    "This confirm_token does not fit: the arguments are others than it was made for, or a record has changed since. Nothing was sent: call without it to see how things are.",
  expired:
    "This confirm_token is older than five minutes. Nothing was sent: call without it for a new one.",
  used: "This confirm_token was used already. Nothing was sent: call without it for a new one.",
};

async function bindingOf({ tool, context }: Write, { bound }: Planned<unknown>): Promise<unknown> {
  return [tool.name, tool.toolset === "connections" ? "" : await context.connection(), bound];
}

async function commit(
  { tool, context, audit, caller }: Write,
  planned: Planned<unknown>,
  earlier: Earlier | undefined,
): Promise<Reply> {
  await audit?.ready();
  const connection = tool.toolset === "connections" ? undefined : await context.connection();
  const about = { ...caller, connection, tool: tool.name };
  const line = (rest: Readonly<Record<string, unknown>>) =>
    audit?.append({ time: new Date().toISOString(), ...about, ...rest });
  try {
    const { reply, written, audit: told } = await tool.commit(planned.plan, context, { earlier });
    const entry =
      written && connection
        ? context.journal.add({ connection, tool: tool.name, ...written })
        : undefined;
    await line({ ...told, ...(entry && { write_id: entry.id }) });
    return entry ? { ...reply, write_id: entry.id } : reply;
  } catch (error) {
    if (!(error instanceof Failure) || error.facts.kind === "audit_failed") throw error;
    const { kind, message, mayHaveHappened } = error.facts;
    const outcome = mayHaveHappened ? "unknown" : "failed";
    await line({ planned: planned.summary, outcome, failure: kind, message });
    throw error;
  }
}

/** Asks the person to open a page, where the write needs one and the client can show it. */
async function finished(asked: Write, reply: Reply): Promise<Reply | InputRequiredResult> {
  const { tool, person, seals, context } = asked;
  const page = tool.finish?.page(reply);
  if (!tool.finish || !page || !person.canBeAsked("url")) return reply;
  const { token } = seals.seal([tool.name, "finish"], page.state, tokenMs);
  const answer = await person.ask({ message: page.message, url: page.url }, token);
  if (typeof answer !== "string") return answer;
  return tool.finish.resume(page.state, answer === "accept", context);
}

/** The call that is made again after the question: what was written stands in the state, and is not written twice. */
async function resume(
  asked: Write,
  { answer, state }: { answer: Answer; state: string },
): Promise<Reply | InputRequiredResult> {
  const { tool, seals, context } = asked;
  const opened = seals.open(state, [tool.name, "finish"]);
  if (!tool.finish || !opened.ok)
    throw badArguments("This requestState is not one of this server's, or is too old: call anew.");
  return tool.finish.resume(opened.payload, answer === "accept", context);
}

/** Whether a first try may have done something that neither its reply nor its error knows of. */
function isInDoubt(outcome: unknown): boolean {
  if (outcome instanceof Failure) return outcome.facts.mayHaveHappened === true;
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
async function keyOf({ tool, context }: Write, key: string): Promise<string> {
  return JSON.stringify([tool.name, await context.connection(), key]);
}

/** The arguments that make a call what it is. */
function plain(args: Reply): Reply {
  const {
    dry_run: _dry,
    confirm_token: _token,
    idempotency_key: _key,
    connection_id: _connection,
    ...rest
  } = args;
  return rest;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
