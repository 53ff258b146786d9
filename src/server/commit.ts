import type { Earlier } from "../account/idempotency.ts";
import type { Audit } from "../logging/audit-log.ts";
import { asFailure } from "../reply/errors.ts";
import { Failure } from "../shared/failure.ts";
import type { Planned, ToolContext, Writer } from "../tool/define.ts";

type Reply = Record<string, unknown>;

export interface Committer {
  tool: Writer;
  context: ToolContext;
  audit: Audit | undefined;
  /** Who the audit log names. */
  caller: Readonly<Record<string, unknown>>;
}

/**
 * Carries a planned write out, with its entry in the journal and its line in the audit log. `wrote` hears the entry's id;
 * `earlier` is what is known of a first try of the same call.
 */
export async function commit(
  { tool, context, audit, caller }: Committer,
  planned: Planned<unknown>,
  earlier: Earlier | undefined,
  wrote?: (id: string) => void,
): Promise<Reply> {
  await audit?.ready();
  const connection = tool.toolset === "connections" ? undefined : await context.connection();
  const line = (rest: Readonly<Record<string, unknown>>) =>
    audit?.append({
      ...{ time: new Date().toISOString(), ...caller, connection, tool: tool.name },
      ...rest,
    });
  const committed = await carriedOut(tool.commit(planned.plan, context, { earlier }), (outcome) =>
    line({ planned: planned.summary, about: planned.bound, ...outcome }),
  );
  const { reply, written, failure } = committed;
  const entry =
    written && connection
      ? context.journal.add({ connection, tool: tool.name, ...written })
      : undefined;
  if (entry) wrote?.(entry.id);
  const unlogged = await problemOf(() =>
    line({ ...committed.audit, ...(entry && { write_id: entry.id }) }),
  );
  if (failure) throw entry ? withOldValues(failure, entry.id) : failure;
  return {
    ...reply,
    ...(entry && { write_id: entry.id }),
    ...(unlogged && { not_logged: unlogged }),
  };
}

/** What was written is told though the log did not take its line; the next write is stopped by that. */
async function problemOf(line: () => Promise<void> | undefined): Promise<string | undefined> {
  try {
    await line();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}

/** A change in doubt can be taken back if it happened. */
function withOldValues({ facts }: Failure, writeId: string): Failure {
  const undo = `The old values are kept: bigin_undo_write {"write_id":"${writeId}"} puts them back if it was carried out.`;
  return new Failure({ ...facts, message: `${facts.message} ${undo}` });
}

/** A commit that throws has its line too: what it sent before, if anything, nobody knows. */
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
