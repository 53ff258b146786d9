import type { MatonHttp } from "../maton/http.ts";
import { once } from "../shared/cache.ts";
import { type Access, checkAccess } from "./api/access.ts";
import { createBiginHttp, type Signals } from "./api/http.ts";
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
import { createModules, type Modules } from "./schema/modules.ts";
import type { RecentWrites } from "./search/recently-written.ts";
import { createUnderstanding, type Understanding } from "./understanding.ts";
import { type CarriedOut, type CarryingOut, carryOut } from "./write/carry-out.ts";
import type { Sending } from "./write/chunks.ts";
import type { WritePlan } from "./write/plan.ts";
import { planUndo, type Undoing, type UndoPlan } from "./write/plan-undo.ts";
import { createPlanning, type Planning } from "./write/planning.ts";
import { type Undone, undo } from "./write/undo.ts";

/** Everything a tool call can do in Bigin, over one connection and ended by its signals. */
export interface Bigin {
  records: RecordReads;
  modules: Modules;
  users: Users;
  understand: Understanding;
  /** Writes in two steps: a plan sends nothing; carrying it out says what happened to every row. */
  write: Planning & {
    carryOut(plan: WritePlan, how: CarryingOut): Promise<CarriedOut>;
    planUndo(undoing: Omit<Undoing, "schema">): Promise<UndoPlan>;
    undo(plan: UndoPlan, sending: Sending): Promise<Undone>;
  };
  /** What this connection may read, by module and group of endpoints; remembered. */
  access(modules: readonly string[]): Promise<[string, Access][]>;
}

export interface BiginParts {
  maton: MatonHttp;
  /** The id of the connection; called when something is sent. */
  connection: () => Promise<string>;
  /** What the account has learnt of its organisations. */
  knowledge: Knowledge;
  /** What the account wrote a moment ago. */
  recent: RecentWrites;
  signals: Signals;
}

export function createBigin(parts: BiginParts): Bigin {
  const http = createBiginHttp(parts.maton, parts.connection, parts.signals);
  const { knowledge, recent, connection: scope } = parts;
  const recall = createRecall(scope, parts.signals.read);
  // Parts are made when a call first needs them: most calls need few.
  const metadata = once(() => createMetadata(http));
  const users = once(() => createUsers(http));
  const reads = createRecordReads(http);
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
    // Old values are written back as they came, and compared with what was sent character by character.
    const exactReads = createRecordReads({ send: http.sendUntouched });
    const notes = createNoteWrites(http, reads, modules.resolve);
    const writes = remembered(parts, createRecordWrites(http), notes);
    return {
      ...createPlanning({ reads: exactReads, modules, understand }),
      carryOut: (plan, how) => carryOut(plan, how, { reads: exactReads, writes }),
      planUndo: async (undoing) =>
        planUndo({ ...undoing, schema: await understand.schema(undoing.module) }, exactReads),
      undo: (plan, sending) => undo(plan, sending, { reads: exactReads, writes }),
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

/** Writes whose ids are remembered for searches, because the search index lags behind. Notes have their own endpoints. */
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
