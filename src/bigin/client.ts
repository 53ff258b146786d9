import type { MatonHttp } from "../maton/http.ts";
import { type Access, checkAccess } from "./api/access.ts";
import { createBiginHttp, type Signals } from "./api/http.ts";
import { createMetadata } from "./api/metadata.ts";
import { createNoteWriting } from "./api/notes.ts";
import { createReading, createWriting, type Reading, type Writing } from "./api/records.ts";
import type { RowOutcome } from "./api/rows.ts";
import { createUsers, type Users } from "./api/users.ts";
import { createRecall, type Knowledge } from "./knowledge.ts";
import type { RecentWrites } from "./recent-writes.ts";
import { createModules, type Modules } from "./schema/modules.ts";
import { createUnderstanding, type Understanding } from "./understanding.ts";
import { type CarriedOut, type CarryingOut, carryOut } from "./write/carry-out.ts";
import type { Sending } from "./write/chunks.ts";
import type { WritePlan } from "./write/plan.ts";
import { planUndo, type Undoing, type UndoPlan } from "./write/plan-undo.ts";
import { createPlanning, type Planning } from "./write/planning.ts";
import { type Undone, undo } from "./write/undo.ts";

/** Everything of Bigin one tool call may use, over one connection, cancelled by one signal. */
export interface Bigin {
  records: Reading & Writing;
  modules: Modules;
  users: Users;
  understand: Understanding;
  /** Writes in two steps: a plan sends nothing, and carrying it out says what became of every row. */
  write: Planning & {
    carryOut(plan: WritePlan, how: CarryingOut): Promise<CarriedOut>;
    planUndo(undoing: Omit<Undoing, "schema">): Promise<UndoPlan>;
    undo(plan: UndoPlan, sending: Sending): Promise<Undone>;
  };
  /** What this connection may do, per module and endpoint group; remembered. */
  access(modules: readonly string[]): Promise<[string, Access][]>;
}

export interface BiginParts {
  maton: MatonHttp;
  /** The connection's id; asked only when something is sent. */
  connection: () => Promise<string>;
  /** What the account has learnt of its organisations, and its latest writes. */
  knowledge: Knowledge;
  recent: RecentWrites;
  signals: Signals;
}

export function createBigin(parts: BiginParts): Bigin {
  const http = createBiginHttp(parts.maton, parts.connection, parts.signals);
  const { knowledge, recent, connection: scope } = parts;
  const recall = createRecall(scope, parts.signals.read);
  const metadata = createMetadata(http);
  const users = createUsers(http);
  const reading = createReading(http);
  const understand = createUnderstanding({
    metadata,
    users,
    reading,
    knowledge,
    recall,
    scope,
    recent,
  });
  const modules = createModules({ metadata, schema: understand.schema, knowledge, recall });
  const plain = createWriting(http);
  const notes = createNoteWriting(http, reading, modules.resolve);
  // Old values go back as they came, and what was sent is found again sign by sign.
  const exact = createReading({ send: http.sendUntouched });
  const writing = remembering(plain, notes, parts);
  return {
    records: { ...reading, ...writing },
    modules,
    users,
    understand,
    write: {
      ...createPlanning({ reading: exact, modules, understand }),
      carryOut: (plan, how) => carryOut(plan, how, { reading: exact, writing }),
      planUndo: async (undoing) =>
        planUndo({ ...undoing, schema: await understand.schema(undoing.module) }, exact),
      undo: (plan, sending) => undo(plan, sending, { reading: exact, writing }),
    },
    access: (names) => checkAccess(http, names, (what, ask) => recall(knowledge.access, what, ask)),
  };
}

/** Writing that leaves a trace for searches, whose index lags behind it. Notes go their own way. */
function remembering(plain: Writing, notes: Writing, { recent, connection }: BiginParts): Writing {
  const writing = (module: string) => (module === "Notes" ? notes : plain);
  const noted = async (module: string, outcomes: RowOutcome[]) => {
    const ids = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.id] : []));
    await recent.note(await connection(), module, ids);
    return outcomes;
  };
  return {
    insert: async (module, ...rest) => noted(module, await writing(module).insert(module, ...rest)),
    update: async (module, ...rest) => noted(module, await writing(module).update(module, ...rest)),
    upsert: async (module, ...rest) => noted(module, await writing(module).upsert(module, ...rest)),
    delete: async (module, ...rest) => noted(module, await writing(module).delete(module, ...rest)),
  };
}
