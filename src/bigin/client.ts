import type { MatonHttp } from "../maton/http.ts";
import { once } from "../shared/cache.ts";
import { type Access, checkAccess } from "./api/access.ts";
import { createBiginHttp, type Signals, withinMs } from "./api/http.ts";
import { createMetadata } from "./api/metadata.ts";
import { createNoteWrites } from "./api/notes.ts";
import {
  createRecordReads,
  createRecordWrites,
  type RecordReads,
  type RecordWrites,
} from "./api/records.ts";
import type { RowResponse } from "./api/rows.ts";
import { createUsers, type Users } from "./api/users.ts";
import { createRecall, type Knowledge } from "./knowledge.ts";
import { sideRequestMs } from "./limits.ts";
import { createModules, type Modules } from "./schema/modules.ts";
import type { RecentWrites } from "./search/recently-written.ts";
import { createUnderstanding, type Understanding } from "./understanding.ts";
import { planUndo, type Undoing, type UndoPlan } from "./undo/plan.ts";
import { type Undone, undo } from "./undo/undo.ts";
import { type CarriedOut, type CarryingOut, carryOut } from "./write/carry-out.ts";
import type { Sending } from "./write/chunks.ts";
import type { WritePlan } from "./write/plan.ts";
import { createPlanning, type Planning } from "./write/planning.ts";

/** Everything a tool call can do in Bigin, over one connection. The call's signals end its requests. */
export interface Bigin {
  records: RecordReads;
  modules: Modules;
  users: Users;
  understand: Understanding;
  /** Writes take two steps. Planning changes nothing in Bigin; carrying out a plan returns an outcome for every row. */
  write: Planning & {
    carryOut(plan: WritePlan, how: CarryingOut): Promise<CarriedOut>;
    planUndo(undoing: Omit<Undoing, "schema" | "contactSchema">): Promise<UndoPlan>;
    undo(plan: UndoPlan, sending: Sending): Promise<Undone>;
  };
  /** What this connection may read, for each module and group of endpoints. Results are cached. */
  access(modules: readonly string[]): Promise<[string, Access][]>;
}

export interface BiginParts {
  maton: MatonHttp;
  /** Returns the id of the connection. Called when a request is sent. */
  connection: () => Promise<string>;
  /** What is cached about the account's organisations. */
  knowledge: Knowledge;
  /** The records that the account wrote within the last minute. */
  recent: RecentWrites;
  signals: Signals;
}

/** Creates Bigin for one tool call. It sends nothing and chooses no connection before a method is called. */
export function createBigin(parts: BiginParts): Bigin {
  const http = createBiginHttp(parts.maton, parts.connection, parts.signals);
  const { knowledge, recent, connection: scope } = parts;
  const recall = createRecall(scope, parts.signals.read);
  // Each part is created on first use, because most calls need only a few.
  const sideHttp = once(() => {
    const maton = withinMs(parts.maton, sideRequestMs);
    return createBiginHttp(maton, parts.connection, parts.signals);
  });
  const metadata = once(() => createMetadata(sideHttp()));
  const users = once(() => createUsers(sideHttp()));
  const count: RecordReads["count"] = (...of) => createRecordReads(sideHttp()).count(...of);
  const reads = { ...createRecordReads(http), count };
  const understand = createUnderstanding({
    metadata,
    users,
    reads,
    knowledge,
    recall,
    scope,
    recent,
  });
  const modules = createModules({ metadata, schema: understand.schema, knowledge, recall });
  const write = once(() => {
    // An undo writes old values back exactly as Bigin sent them, and values are compared character by character.
    const exactReads = createRecordReads({ send: http.sendUntouched });
    const notes = createNoteWrites(http, reads, modules.resolve);
    const writes = remembered(parts, createRecordWrites(http), notes);
    return {
      ...createPlanning({ reads: exactReads, modules, understand }),
      async carryOut(plan, how) {
        const carried = await carryOut(plan, how, { reads: exactReads, writes });
        // Now a record shows the names, so the schema is made anew.
        if (carried.otherLinks) knowledge.schemas.forget(`${await scope()} ${plan.module}`);
        // The search index still has the contacts that were deleted with a company.
        const gone = carried.results.flatMap(({ along }) => along?.contacts ?? []);
        const ids = gone.map((contact) => contact.id);
        if (ids.length > 0) await recent.note(await scope(), "Contacts", ids);
        return carried;
      },
      planUndo: async (undoing) => {
        const hasContacts = undoing.rows.some((row) => (row.along?.contacts.length ?? 0) > 0);
        const schema = await understand.schema(undoing.module);
        const contactSchema = hasContacts ? await understand.schema("Contacts") : undefined;
        return planUndo({ ...undoing, schema, contactSchema }, exactReads, modules);
      },
      undo: (plan, sending) => undo(plan, sending, { reads: exactReads, writes, modules }),
    } satisfies Bigin["write"];
  });
  return {
    records: reads,
    modules,
    understand,
    get users() {
      return users();
    },
    get write() {
      return write();
    },
    access: (names) =>
      checkAccess(http, names, (what, probe) => recall(knowledge.access, what, probe)),
  };
}

/**
 * Wraps writes to remember the ids they wrote, so that searches find them although the search index lags. Notes have
 * their own endpoints.
 */
function remembered(
  { recent, connection }: BiginParts,
  records: RecordWrites,
  notes: RecordWrites,
): RecordWrites {
  const writesTo = (module: string) => (module === "Notes" ? notes : records);
  const noted = async (module: string, responses: RowResponse[]) => {
    const ids = responses.flatMap((response) => (response.ok ? [response.id] : []));
    await recent.note(await connection(), module, ids);
    return responses;
  };
  return {
    insert: async (module, ...rest) =>
      noted(module, await writesTo(module).insert(module, ...rest)),
    update: async (module, ...rest) =>
      noted(module, await writesTo(module).update(module, ...rest)),
    upsert: async (module, ...rest) =>
      noted(module, await writesTo(module).upsert(module, ...rest)),
    delete: async (module, ...rest) =>
      noted(module, await writesTo(module).delete(module, ...rest)),
  };
}
