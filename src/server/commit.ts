import type { EarlierAttempt } from "../account/idempotency.ts";
import type { AuditLog } from "../logging/audit-log.ts";
import { asFailure } from "../reply/errors.ts";
import { Failure } from "../shared/failure.ts";
import type { Planned, ToolContext, Writer } from "../tool/define.ts";

type Reply = Record<string, unknown>;

/** What a commit needs besides its plan. */
export interface Committer {
  tool: Writer;
  context: ToolContext;
  audit: AuditLog | undefined;
  /** The caller, as the audit log names it. */
  caller: Readonly<Record<string, unknown>>;
}

/**
 * Executes a planned write, with its entry in the journal and its line in the audit log. `wrote` is called with the
 * entry's id; `earlier` is what is known about an earlier attempt of the same call.
 */
export async function commit(
  { tool, context, audit, caller }: Committer,
  planned: Planned<unknown>,
  earlier: EarlierAttempt | undefined,
  wrote?: (id: string) => Promise<void>,
): Promise<Reply> {
  await audit?.ready();
  const connection = tool.scope === "account" ? undefined : await context.connection();
  const line = (rest: Readonly<Record<string, unknown>>) =>
    audit?.append({
      time: new Date().toISOString(),
      ...caller,
      connection,
      tool: tool.name,
      ...rest,
    });
  const committed = await carriedOut(tool.commit(planned.plan, context, { earlier }), (outcome) =>
    line({ planned: planned.summary, about: planned.bound, ...outcome }),
  );
  const { reply, written, failure } = committed;
  const entry =
    written && connection
      ? await context.journal.add({ connection, tool: tool.name, ...written })
      : undefined;
  if (entry) await wrote?.(entry.id);
  const writeId = entry && { write_id: entry.id };
  const unlogged = await problemOf(() => line({ ...committed.audit, ...writeId }));
  if (failure) throw entry ? withOldValues(failure, entry.id) : failure;
  return { ...reply, ...writeId, ...(unlogged && { not_logged: unlogged }) };
}

/** Report the write even if its audit line failed; the next write will be refused. */
async function problemOf(line: () => Promise<void> | undefined): Promise<string | undefined> {
  try {
    await line();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}

/** Adds to the failure of a change with an unknown outcome how to undo it. */
function withOldValues({ facts }: Failure, writeId: string): Failure {
  const undo = `The old values are kept: bigin_undo_write {"write_id":"${writeId}"} restores them if it was carried out.`;
  return new Failure({ ...facts, message: `${facts.message} ${undo}` });
}

/** Also logs a commit that throws, because it may have sent something before. */
async function carriedOut<T>(
  commit: Promise<T>,
  line: (outcome: Readonly<Record<string, unknown>>) => Promise<void> | undefined,
): Promise<T> {
  try {
    return await commit;
  } catch (error) {
    const { kind, message, mayHaveHappened } = asFailure(error).facts;
    const outcome = mayHaveHappened || !(error instanceof Failure) ? "unknown" : "failed";
    await line({ outcome, failure: kind, message });
    throw error;
  }
}
